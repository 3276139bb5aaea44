"""
How Stripe is asked for what ``connectors.billing`` reads, and what makes two requests the same.

Every object that we make carries our key in its metadata (``revops_key``), so that it can be found
when Stripe has long forgotten the ``Idempotency-Key``, and a hash of what was asked for
(``revops_content``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors import billing
from connectors.billing import (
    CONTENT,
    KEY,
    CreditNoteCreate,
    Form,
    InvoiceItemCreate,
    SubscriptionCreate,
    Wanted,
)
from connectors.commands import Unfit
from connectors.contract import PayloadUnreadable
from connectors.systems.stripe import wire
from connectors.systems.stripe.lines import SKU, USAGE_REF

PATHS: Final[Mapping[type[Wanted], str]] = {
    SubscriptionCreate: "/v1/subscriptions",
    InvoiceItemCreate: "/v1/invoiceitems",
    CreditNoteCreate: "/v1/credit_notes",
}


def digest(payload: Mapping[str, Any]) -> str:
    return billing.digest(payload, wanted=billing.wanted, content=content)


def content(asked: Wanted) -> Sequence[Any]:
    if isinstance(asked, SubscriptionCreate):
        return asked.content
    if isinstance(asked, InvoiceItemCreate):
        return ["invoice item", asked.customer_id, asked.currency, asked.amount, asked.usage_ref]
    return ["credit note", asked.invoice_id, asked.currency, asked.sides, asked.settles]


def form_of(asked: Wanted, *, key: str, zone: str) -> Form:
    """The whole form, with key and content in the metadata. Raises Unfit."""
    try:
        if isinstance(asked, SubscriptionCreate):
            found = _subscription(asked)
        elif isinstance(asked, InvoiceItemCreate):
            found = _item(asked, zone)
        else:
            found = _note(asked)
    except PayloadUnreadable as error:
        raise Unfit("amount_unfit", str(error)) from error
    return found + _metadata(**{KEY: key, CONTENT: billing.digest_of(content(asked))})


def _subscription(asked: SubscriptionCreate) -> Form:
    found: Form = [("customer", asked.customer.id)]
    for place, item in enumerate(asked.items):
        found += [
            (f"items[{place}][price]", item.price),
            (f"items[{place}][quantity]", item.quantity),
        ]
    if asked.days_until_due is not None:
        found += [("collection_method", "send_invoice"), ("days_until_due", asked.days_until_due)]
    return found + _metadata(contract_id=asked.contract_ref, legal_entity=asked.legal_entity)


def _item(asked: InvoiceItemCreate, zone: str) -> Form:
    found: Form = [
        ("customer", asked.customer_id),
        ("currency", asked.currency.lower()),
        ("amount", wire.outward(asked.amount, asked.currency)),
    ]
    if asked.subscription_id:
        found.append(("subscription", asked.subscription_id))
    if asked.description:
        found.append(("description", asked.description))
    span = asked.span(zone)
    if span is not None:
        found += [("period[start]", span[0]), ("period[end]", span[1])]
    found += [(f"tax_rates[{place}]", rate) for place, rate in enumerate(asked.tax_rates)]
    quantity = "" if asked.quantity is None else format(asked.quantity, "f")
    return found + _metadata(**{USAGE_REF: asked.usage_ref, SKU: asked.sku, "quantity": quantity})


def _note(asked: CreditNoteCreate) -> Form:
    found: Form = [("invoice", asked.invoice_id)]
    for place, line in enumerate(asked.lines):
        found += [
            (f"lines[{place}][type]", "invoice_line_item"),
            (f"lines[{place}][invoice_line_item]", line.invoice_line_id),
            (f"lines[{place}][amount]", wire.outward(line.amount, asked.currency)),
        ]
    if asked.memo:
        found.append(("memo", asked.memo))
    return found + _metadata(
        credit_type=asked.credit_type,
        credit_request_id=asked.credit_request_id,
        effective_on=asked.effective_on.isoformat() if asked.effective_on else "",
    )


def _metadata(**given: str) -> Form:
    return [(f"metadata[{key}]", value) for key, value in given.items() if value]
