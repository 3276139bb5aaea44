"""
Requests to Stripe, each at most once: look, make, compare.

Within 24 hours Stripe itself repeats its first answer for our key; the look before that finds what
was made earlier, by the key in its metadata. Lists are never late, so a command that names its
customer or invoice is looked for there and not by search.
"""

from __future__ import annotations

from typing import Any, Final

from connectors import billing
from connectors.billing import (
    CreditNoteCreate,
    CreditNoteVoid,
    CustomerOf,
    Form,
    InvoiceItemCreate,
    SubscriptionCreate,
    Wanted,
)
from connectors.commands import Unfit
from connectors.contract import CallFailed, Command, Outcome, Receipt, Settings
from connectors.http import Client, NotSent
from connectors.problem import Problem
from connectors.systems.stripe import credit_notes, holding, listing, payloads, posts, voiding, wire
from connectors.systems.stripe.heard import Heard
from connectors.systems.stripe.posts import Answered
from connectors.systems.stripe.wire import Json
from revops.kernel.keys import sha256

SYSTEM: Final = "Stripe"


async def send(client: Client, settings: Settings, command: Command) -> Receipt:
    """Never raises for what Stripe or the network can do."""
    try:
        asked = billing.wanted(command.kind, command.payload)
        if isinstance(asked, CreditNoteVoid):
            return await voiding.void(client, settings, command.key, asked)
        return await _send(client, settings, command.key, asked)
    except Unfit as unfit:
        return unfit.receipt()
    except Problem as problem:
        return problem.receipt()
    except CallFailed as failed:
        # Only reads come here, and none after the write.
        unsent = isinstance(failed.__cause__, NotSent)
        return Receipt(
            Outcome.NOT_SENT if unsent else failed.outcome,
            code="not_sent" if unsent else "not_read",
            reason=failed.reason,
            retry_after=failed.retry_after,
        )


async def _send(client: Client, settings: Settings, key: str, asked: Wanted) -> Receipt:
    if isinstance(asked, SubscriptionCreate) and not asked.customer.id:
        found = CustomerOf(id=await _customer(client, settings, asked.customer))
        asked = asked.model_copy(update={"customer": found})
    held = [holding.held(row) for row in await holding.of(client, settings, asked, key)]
    known = billing.known(SYSTEM, held, payloads.content(asked))
    if known is not None:
        return known
    form = payloads.form_of(asked, key=key, zone=settings.zone)
    if isinstance(asked, CreditNoteCreate):
        form += await _rest_of_note(client, settings, asked, form)
    return await _make(client, settings, key, asked, form)


async def _make(client: Client, settings: Settings, key: str, asked: Wanted, form: Form) -> Receipt:
    path = payloads.PATHS[type(asked)]
    try:
        made, replayed = await posts.post(client, settings, path, form, key=key)
    except Answered as problem:
        if not problem.replayed or problem.outcome is not Outcome.IN_DOUBT:
            raise
        # Stripe repeats an earlier failure of its own. That call has ended, and the look before
        # this one found nothing of it: ask anew, again under a key that is always the same.
        made, replayed = await posts.post(client, settings, path, form, key=f"{key}-anew")
    return billing.made(
        SYSTEM,
        wire.ref(made),
        number=wire.text(made.get("number")),
        differs=_differs(made, asked),
        repeated=replayed,
    )


def _differs(made: Json, asked: Wanted) -> str:
    """How what Stripe says that it made differs from what was asked for; empty when it does not."""
    if isinstance(asked, SubscriptionCreate):
        held = sorted(
            [wire.ref(item.get("price")), item.get("quantity")]
            for item in wire.items(made.get("items"))
        )
        return "" if held == asked.sides else "with other items"
    if isinstance(asked, InvoiceItemCreate):
        amount = wire.outward(asked.amount, asked.currency)
        same = made.get("amount") == amount and wire.ref(made.get("customer")) == asked.customer_id
        return "" if same else "over another amount or for another customer"
    return "" if wire.ref(made.get("invoice")) == asked.invoice_id else "for another invoice"


async def _rest_of_note(
    client: Client, settings: Settings, asked: CreditNoteCreate, form: Form
) -> Form:
    """
    Of a paid invoice Stripe wants to hear where the money goes, with its tax; a preview says how
    much that is. Raises Unfit when the invoice is not in the state that the request thinks.
    """
    plain = [(name, value) for name, value in form if not name.startswith("metadata[")]
    invoice = await listing.get(client, settings, f"/v1/invoices/{asked.invoice_id}")
    is_open = invoice.get("status") == "open"
    if is_open != (asked.settles == "invoice"):
        state = wire.text(invoice.get("status")) or "unknown"
        raise Unfit(
            "invoice_state",
            f"The invoice is {state} in Stripe, so a credit note for it cannot go to "
            f"“{asked.settles}”.",
        )
    if is_open:
        return []
    note = await listing.get(client, settings, "/v1/credit_notes/preview", plain)
    total = note.get("total")
    if type(total) is not int or credit_notes.ignored(note):
        raise Unfit("amount_unfit", "Stripe previews no amount for this credit note.")
    name = "refund_amount" if asked.settles == "refund" else "credit_amount"
    return [(name, total)]


async def _customer(client: Client, settings: Settings, wanted: CustomerOf) -> str:
    """
    Stripe's customer with one of these ids in its metadata; made when there is none.

    Search is late; the ``Idempotency-Key``, which is the identity itself, makes up for it: a second
    creation within 24 hours gives the first customer. Raises Problem, CallFailed or Unfit.
    """
    heard = Heard({}, {}, 0, settings.zone, settings.parameters)
    noted = billing.noted_ids(wanted, str(heard.said("customer_ids")))
    clauses = [holding.clause(key, value) for key, value in noted]
    found = {wire.ref(row) for row in await holding.search(client, settings, "customers", clauses)}
    if len(found) > 1:
        names = ", ".join(sorted(found))
        raise Unfit("customer_ambiguous", f"Several customers in Stripe have this id: {names}.")
    if found:
        return found.pop()
    form: list[tuple[str, Any]] = [("name", wanted.name), ("email", wanted.email)]
    form = [pair for pair in form if pair[1]]
    form += [(f"metadata[{key}]", value) for key, value in noted]
    identity = sha256("\n".join(clauses))
    try:
        made, _ = await posts.post(
            client, settings, "/v1/customers", form, key=f"customer-{identity}"
        )
    except Problem as problem:
        if problem.code == "conflict":
            # Made under another name a moment ago: search will find it.
            raise Problem(
                Outcome.TRANSIENT, "customer_new", "Stripe is still learning of this customer."
            ) from problem
        if problem.outcome is Outcome.IN_DOUBT:
            # Whatever became of the customer, no subscription exists.
            raise Problem(Outcome.TRANSIENT, problem.code, problem.reason) from problem
        raise
    return wire.ref(made)
