"""
What Chargebee can be asked to do, as the flows hand it over, and what makes two requests the same.

A subscription and a customer get an id that we choose, a subscription beside it ``meta_data``.
Charges and credit notes have neither: their lines end with a mark (``lines.Mark``) that names what
they are for and whose they are, and comes back with the invoice. Amounts are ISO minor units; days
are days in the entity's zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import Field

from connectors import commands
from connectors.systems.chargebee.heard import DEFAULTS, pairs
from connectors.systems.chargebee.lines import Mark
from revops.contracts.base import Currency, Day, Exact, Id, MaybeId, Part, ServicePeriod, Text
from revops.kernel import strict_json
from revops.kernel.keys import sha256

SUBSCRIPTION: Final = "billing.subscription.create"
INVOICE_ITEM: Final = "billing.invoice_item.create"
CREDIT_NOTE: Final = "billing.credit_note.create"
CREDIT_NOTE_VOID: Final = "billing.credit_note.void"

KEY: Final = "revops_key"
CONTENT: Final = "revops_content"
# https://apidocs.chargebee.com/docs/api: descriptions of charges and of credited lines.
_LONGEST: Final = 250

Form = list[tuple[str, Any]]


class Unfit(Exception):
    """A payload that must not be sent; ``reason`` is for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class CustomerOf(Part):
    """``id`` in Chargebee, or what a new customer is made of; ``other_ids``: system_id → id."""

    id: MaybeId = ""
    name: Text = ""
    email: Text = ""
    other_ids: Mapping[str, Id] = Field(default_factory=dict)


class SubscribedItem(Part):
    price: Id
    quantity: int = Field(default=1, ge=0)


class SubscriptionCreate(Part):
    """With ``days_until_due`` invoices are to be paid within so many days, else charged at once."""

    customer: CustomerOf
    items: tuple[SubscribedItem, ...] = Field(min_length=1)
    contract_ref: MaybeId = ""
    days_until_due: int | None = Field(default=None, ge=0)
    legal_entity: Text = ""

    def content(self) -> Sequence[Any]:
        items = sorted([item.price, item.quantity] for item in self.items)
        return ["subscription", items, self.contract_ref, self.legal_entity]


class InvoiceItemCreate(Part):
    """A line for the subscription's next invoice. ``usage_ref`` is the rated line that it bills."""

    customer_id: Id
    subscription_id: MaybeId = ""
    currency: Currency
    amount: int
    quantity: Exact | None = None
    description: Text = ""
    sku: MaybeId = ""
    usage_ref: MaybeId = ""
    period: ServicePeriod | None = None
    tax_rates: tuple[Id, ...] = ()

    def content(self) -> Sequence[Any]:
        return ["charge", self.subscription_id, self.currency, self.amount, self.usage_ref]


class CreditedLine(Part):
    """``amount`` is net; Chargebee adds the tax of the invoice's line."""

    invoice_line_id: Id
    amount: int = Field(gt=0)


class CreditNoteCreate(Part):
    """``settles`` as in ``credit.issued``."""

    invoice_id: Id
    currency: Currency
    lines: tuple[CreditedLine, ...] = Field(min_length=1)
    credit_type: Id
    settles: str = Field(pattern="^(invoice|balance|refund)$")
    credit_request_id: MaybeId = ""
    effective_on: Day | None = None
    memo: Text = ""

    def content(self) -> Sequence[Any]:
        held = sorted([line.invoice_line_id, line.amount] for line in self.lines)
        return ["credit note", self.invoice_id, self.currency, held]


class CreditNoteVoid(Part):
    """The note as if it had never been."""

    credit_note_id: Id
    credit_request_id: MaybeId = ""


Wanted = SubscriptionCreate | InvoiceItemCreate | CreditNoteCreate
_MODELS: Final[Mapping[str, type[Part]]] = {
    SUBSCRIPTION: SubscriptionCreate,
    INVOICE_ITEM: InvoiceItemCreate,
    CREDIT_NOTE: CreditNoteCreate,
    CREDIT_NOTE_VOID: CreditNoteVoid,
}


def wanted(kind: str, payload: Mapping[str, Any]) -> Wanted | CreditNoteVoid:
    """What a command asks for. Raises Unfit."""
    try:
        found = commands.read(kind, payload, _MODELS, otherwise="The request cannot be read")
    except commands.PayloadRefused as error:
        raise Unfit("refused", str(error)) from error
    if isinstance(found, InvoiceItemCreate):
        _fit_charge(found)
    if isinstance(found, CreditNoteCreate) and found.settles == "refund":
        raise Unfit(
            "refund_by_hand",
            "Chargebee issues the note itself when an invoice is refunded: refund it there.",
        )
    assert isinstance(found, Wanted | CreditNoteVoid)
    return found


def _fit_charge(asked: InvoiceItemCreate) -> None:
    if not asked.subscription_id:
        raise Unfit(
            "no_subscription", "Chargebee bills a charge with a subscription; it names none."
        )
    if asked.amount <= 0:
        raise Unfit("amount_unfit", "Chargebee takes no charge of nothing or less.")


def digest(payload: Mapping[str, Any]) -> str:
    """What Chargebee should hold for a payload; "" for one that makes nothing."""
    if "credit_note_id" in payload:
        return ""
    kind = CREDIT_NOTE if "credit_type" in payload else INVOICE_ITEM
    try:
        asked = wanted(SUBSCRIPTION if "customer" in payload else kind, payload)
    except Unfit:
        return ""
    assert not isinstance(asked, CreditNoteVoid)
    return digest_of(asked.content())


def digest_of(content: Sequence[Any]) -> str:
    return sha256(strict_json.dumps(list(content)))


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
        CONTENT: digest_of(asked.content()),
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
    if asked.period is not None:
        last = asked.period.end + timedelta(days=1)
        found += [
            ("charges[date_from][0]", _midnight(asked.period.start, zone)),
            ("charges[date_to][0]", _midnight(last, zone)),
        ]
    return found


def note_form(asked: CreditNoteCreate, *, key: str, parameters: Mapping[str, Any]) -> Form:
    """Raises Unfit when the connection has no reason for this type of credit."""
    said = str(parameters.get("credit_types") or DEFAULTS["credit_types"])
    reason = next((code for code, kind in pairs(said).items() if kind == asked.credit_type), "")
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


def customer_form(wanted_of: CustomerOf, keys: Mapping[str, str]) -> tuple[str, Form]:
    """
    The id that this customer gets, which is its identity elsewhere, and what it is made of.
    ``keys``: the key under which this connection reads each system's id back.
    """
    noted = {keys.get(name, name): value for name, value in sorted(wanted_of.other_ids.items())}
    identity = f"rc1-{sha256(strict_json.dumps(sorted(noted.items())))[:32]}"
    found = [("company", wanted_of.name), ("email", wanted_of.email)]
    return identity, [
        ("id", identity),
        *(pair for pair in found if pair[1]),
        ("meta_data", strict_json.dumps(noted)),
    ]


def _midnight(day: date, zone: str) -> int:
    return int(datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).timestamp())
