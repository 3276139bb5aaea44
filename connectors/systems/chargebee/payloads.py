"""
How Chargebee is asked for what ``connectors.billing`` reads, and what makes two requests the same.

A subscription and a customer get an id that we choose, a subscription beside it ``meta_data``.
Charges and credit notes have neither: their lines end with a mark (``lines.Mark``) that names what
they are for and whose they are, and comes back with the invoice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors import billing
from connectors.billing import (
    CONTENT,
    KEY,
    CreditNoteCreate,
    CreditNoteVoid,
    CustomerOf,
    Form,
    InvoiceItemCreate,
    SubscriptionCreate,
    Wanted,
)
from connectors.caller import pairs
from connectors.commands import Unfit
from connectors.systems.chargebee.heard import DEFAULTS
from connectors.systems.chargebee.lines import Mark
from revops.kernel import strict_json
from revops.kernel.keys import sha256

# https://apidocs.chargebee.com/docs/api: descriptions of charges and of credited lines.
_LONGEST: Final = 250


def wanted(kind: str, payload: Mapping[str, Any]) -> Wanted | CreditNoteVoid:
    """What a command asks for, where Chargebee can do it. Raises Unfit."""
    found = billing.wanted(kind, payload)
    if isinstance(found, InvoiceItemCreate):
        _fit_charge(found)
    if isinstance(found, CreditNoteCreate) and found.settles == "refund":
        raise Unfit(
            "refund_by_hand",
            "Chargebee issues the note itself when an invoice is refunded: refund it there.",
        )
    return found


def _fit_charge(asked: InvoiceItemCreate) -> None:
    if not asked.subscription_id:
        raise Unfit(
            "no_subscription", "Chargebee bills a charge with a subscription; it names none."
        )
    if asked.amount <= 0:
        raise Unfit("amount_unfit", "Chargebee takes no charge of nothing or less.")


def digest(payload: Mapping[str, Any]) -> str:
    return billing.digest(payload, wanted=wanted, content=content)


def content(asked: Wanted) -> Sequence[Any]:
    if isinstance(asked, SubscriptionCreate):
        return asked.content
    if isinstance(asked, InvoiceItemCreate):
        return charged(asked.subscription_id, asked.currency, asked.amount, asked.usage_ref)
    return credited(asked.invoice_id, asked.currency, asked.sides)


def charged(subscription: str, currency: str, amount: int, usage_ref: str) -> Sequence[Any]:
    """The content of a charge, wherever it is read."""
    return ["charge", subscription, currency, amount, usage_ref]


def credited(invoice: str, currency: str, sides: Sequence[Sequence[Any]]) -> Sequence[Any]:
    """The content of a credit note; ``sides``: lines of the invoice with what is credited."""
    return ["credit note", invoice, currency, sorted(sides)]


def short(key: str) -> str:
    """Our key as it stands in a mark."""
    return sha256(key)[:16]


def subscription_form(asked: SubscriptionCreate, *, key: str) -> Form:
    found: Form = [("id", key)]
    for place, item in enumerate(asked.items):
        found += [
            (f"subscription_items[item_price_id][{place}]", item.price),
            (f"subscription_items[quantity][{place}]", item.quantity),
        ]
    if asked.days_until_due is not None:
        found += [("auto_collection", "off"), ("net_term_days", asked.days_until_due)]
    noted = {
        KEY: key,
        CONTENT: billing.digest_of(asked.content),
        "contract_id": asked.contract_ref,
        "legal_entity": asked.legal_entity,
    }
    return [*found, ("meta_data", strict_json.dumps({k: v for k, v in noted.items() if v}))]


def charge_form(asked: InvoiceItemCreate, *, key: str, zone: str) -> Form:
    text = Mark(asked.usage_ref, short(key), asked.sku).on(asked.description, longest=_LONGEST)
    found: Form = [
        ("subscription_id", asked.subscription_id),
        ("currency_code", asked.currency),
        ("charges[amount][0]", asked.amount),
        ("charges[description][0]", text),
    ]
    span = asked.span(zone)
    if span is not None:
        found += [("charges[date_from][0]", span[0]), ("charges[date_to][0]", span[1])]
    return found


def note_form(asked: CreditNoteCreate, *, key: str, parameters: Mapping[str, Any]) -> Form:
    """Raises Unfit when the connection has no reason for this type of credit."""
    said = str(parameters.get("credit_types") or DEFAULTS["credit_types"])
    kinds = pairs(said).items()
    reason = next((code for code, kind in kinds if kind == asked.credit_type), "")
    if not reason:
        raise Unfit(
            "reason_missing",
            f"The connection names no reason of Chargebee's for credits of “{asked.credit_type}”.",
        )
    found: Form = [
        ("reference_invoice_id", asked.invoice_id),
        ("type", "adjustment" if asked.settles == "invoice" else "refundable"),
        ("create_reason_code", reason),
        ("comment", f"Made by the console for {asked.credit_request_id or 'a credit'}."),
    ]
    text = Mark(asked.credit_request_id, short(key)).on(asked.memo, longest=_LONGEST)
    for place, line in enumerate(asked.lines):
        found += [
            (f"line_items[reference_line_item_id][{place}]", line.invoice_line_id),
            (f"line_items[amount][{place}]", line.amount),
            (f"line_items[description][{place}]", text),
        ]
    return found


def customer_form(customer: CustomerOf, parameters: Mapping[str, Any]) -> tuple[str, Form]:
    """The id that this customer gets, which is its identity elsewhere, and what it is made of."""
    said = str(parameters.get("customer_ids") or DEFAULTS["customer_ids"])
    noted = dict(billing.noted_ids(customer, said))
    identity = f"rc1-{sha256(strict_json.dumps(sorted(noted.items())))[:32]}"
    found = [("company", customer.name), ("email", customer.email)]
    return identity, [
        ("id", identity),
        *(pair for pair in found if pair[1]),
        ("meta_data", strict_json.dumps(noted)),
    ]
