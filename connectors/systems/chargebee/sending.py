"""
Requests to Chargebee, each at most once: look, make, compare.

Within 30 minutes Chargebee itself repeats its first answer for our key; the look before that finds
what was made earlier. Lists are never late, so what a command names is looked for there.
"""

from __future__ import annotations

from typing import Final

from connectors import billing
from connectors.billing import (
    CreditNoteCreate,
    CreditNoteVoid,
    InvoiceItemCreate,
    SubscriptionCreate,
    Wanted,
)
from connectors.caller import pairs
from connectors.commands import Unfit
from connectors.contract import Command, Outcome, PayloadUnreadable, Receipt, Settings
from connectors.problem import Problem
from connectors.systems.chargebee import holding, payloads, wire
from connectors.systems.chargebee.answers import Chargebee
from connectors.systems.chargebee.wire import Json

SYSTEM: Final = "Chargebee"
_OPEN: Final = ("posted", "payment_due", "not_paid")


async def send(site: Chargebee, settings: Settings, command: Command) -> Receipt:
    """Never raises for what Chargebee or the network can do."""
    try:
        asked = payloads.wanted(command.kind, command.payload)
        if isinstance(asked, CreditNoteVoid):
            return await _void(site, command.key, asked)
        return await _send(site, settings, command.key, asked)
    except Unfit as unfit:
        return unfit.receipt()
    except Problem as problem:
        return problem.receipt()


async def _send(site: Chargebee, settings: Settings, key: str, asked: Wanted) -> Receipt:
    try:
        held = await holding.of(site, asked, key)
    except PayloadUnreadable as error:
        raise Problem(Outcome.TRANSIENT, "garbled", str(error)) from error
    known = billing.known(SYSTEM, held, payloads.content(asked))
    if known is not None:
        return known
    if isinstance(asked, SubscriptionCreate):
        return await _subscribe(site, settings, key, asked)
    if isinstance(asked, InvoiceItemCreate):
        return await _charge(site, settings, key, asked)
    return await _credit(site, settings, key, asked)


async def _subscribe(
    site: Chargebee, settings: Settings, key: str, asked: SubscriptionCreate
) -> Receipt:
    customer = asked.customer.id or await _customer(site, settings, asked)
    form = payloads.subscription_form(asked, key=key)
    path = f"/customers/{customer}/subscription_for_items"
    try:
        told, replayed = await site.post(path, form, key=key)
    except Problem as problem:
        if problem.code == "duplicate_entry":
            # Made by a call of the same moment; the next look finds it.
            raise Problem(Outcome.TRANSIENT, problem.code, problem.reason) from problem
        raise
    made = wire.part(told.get("subscription"))
    held = sorted(
        [wire.text(item.get("item_price_id")), item.get("quantity")]
        for item in wire.items(made.get("subscription_items"))
    )
    differs = "" if held == asked.sides else "with other items"
    return billing.made(SYSTEM, wire.text(made.get("id")), differs=differs, repeated=replayed)


async def _customer(site: Chargebee, settings: Settings, asked: SubscriptionCreate) -> str:
    """A customer under an id that is its identity elsewhere; made when there is none."""
    identity, form = payloads.customer_form(asked.customer, settings.parameters)
    if await site.maybe(f"/customers/{identity}") is not None:
        return identity
    entities = pairs(str(settings.parameters.get("business_entities") or ""))
    mine = [one for one, code in entities.items() if code == asked.legal_entity]
    try:
        await site.post(
            "/customers", [*form, *(("business_entity_id", one) for one in mine[:1])], key=identity
        )
    except Problem as problem:
        if problem.code != "duplicate_entry":
            # Whatever became of the customer, no subscription exists.
            unsure = problem.outcome is Outcome.IN_DOUBT
            outcome = Outcome.TRANSIENT if unsure else problem.outcome
            raise Problem(
                outcome,
                problem.code,
                problem.reason,
                status=problem.status,
                excerpt=problem.excerpt,
                retry_after=problem.retry_after,
            ) from problem
    return identity


async def _charge(
    site: Chargebee, settings: Settings, key: str, asked: InvoiceItemCreate
) -> Receipt:
    form = payloads.charge_form(asked, key=key, zone=settings.zone)
    told, replayed = await site.post("/unbilled_charges", form, key=key)
    made = next(iter(wire.items(told.get("unbilled_charges"))), {})
    differs = "" if made.get("amount") == asked.amount else "over another amount"
    return billing.made(SYSTEM, wire.text(made.get("id")), differs=differs, repeated=replayed)


async def _credit(
    site: Chargebee, settings: Settings, key: str, asked: CreditNoteCreate
) -> Receipt:
    form = payloads.note_form(asked, key=key, parameters=settings.parameters)
    found = wire.part((await site.get(f"/invoices/{asked.invoice_id}")).get("invoice"))
    if wire.text(found.get("price_type")) == "tax_inclusive":
        raise Unfit(
            "tax_inclusive",
            "The invoice's prices include their tax, and a credit before tax cannot be issued to "
            "the cent: issue it in Chargebee.",
        )
    status = wire.text(found.get("status")) or "unknown"
    if (status in _OPEN) != (asked.settles == "invoice") or status in ("voided", "pending"):
        raise Unfit(
            "invoice_state",
            f"The invoice is {status.replace('_', ' ')} in Chargebee, so a credit note for it "
            f"cannot go to “{asked.settles}”.",
        )
    told, replayed = await site.post("/credit_notes", form, key=key)
    made = wire.part(told.get("credit_note"))
    try:
        held = holding.note(made).content_sha256
    except PayloadUnreadable as error:
        raise Problem(Outcome.IN_DOUBT, "garbled", str(error)) from error
    same = held == billing.digest_of(payloads.content(asked))
    identity = wire.text(made.get("id"))
    differs = "" if same else "over other lines"
    return billing.made(SYSTEM, identity, number=identity, differs=differs, repeated=replayed)


async def _void(site: Chargebee, key: str, asked: CreditNoteVoid) -> Receipt:
    """Nothing new is made: the note itself says whether it is void, and asking twice is no harm."""
    path = f"/credit_notes/{asked.credit_note_id}"
    told = await site.maybe(path)
    if told is None:
        reason = f"Chargebee knows no credit note {asked.credit_note_id}."
        return Receipt(Outcome.REFUSED, code="refused", reason=reason)
    if _is_void(told):
        return Receipt(
            Outcome.ALREADY_DONE,
            external_id=asked.credit_note_id,
            external_number=asked.credit_note_id,
        )
    try:
        made, _ = await site.post(f"{path}/void", [("comment", "Taken back.")], key=key)
    except Problem as problem:
        if problem.outcome is Outcome.IN_DOUBT:
            # Whatever became of it, the next look at the note says so.
            raise Problem(Outcome.TRANSIENT, problem.code, problem.reason) from problem
        raise
    if not _is_void(made):
        return Receipt(Outcome.TRANSIENT, code="not_taken", reason="The note is not void yet.")
    return billing.made(SYSTEM, asked.credit_note_id, number=asked.credit_note_id)


def _is_void(told: Json) -> bool:
    return wire.text(wire.part(told.get("credit_note")).get("status")) == "voided"
