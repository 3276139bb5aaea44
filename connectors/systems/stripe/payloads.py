"""
What Stripe can be asked to do, as the flows hand it over, and what makes two requests the same.

Every object that we make carries our key in its metadata (``revops_key``), so that it can be found
when Stripe has long forgotten the ``Idempotency-Key``, and a hash of what was asked for
(``revops_content``). Amounts are ISO minor units; days are days in the entity's zone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.contract import PayloadUnreadable
from connectors.systems.stripe import wire
from connectors.systems.stripe.lines import SKU, USAGE_REF
from revops.contracts.base import Currency, Day, Exact, Id, MaybeId, ServicePeriod, Text
from revops.kernel import strict_json

KEY: Final = "revops_key"
CONTENT: Final = "revops_content"

Form = list[tuple[str, Any]]


class Unfit(Exception):
    """A payload that must not be sent; ``reason`` is for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CustomerOf(_Shape):
    """
    Whose it is: ``id`` in Stripe, or, when nobody knows it yet, the customer whose metadata holds
    one of ``other_ids`` (metadata key → id); made with them when there is none.
    """

    id: MaybeId = ""
    name: Text = ""
    email: Text = ""
    other_ids: Mapping[str, Id] = Field(default_factory=dict)


class SubscribedItem(_Shape):
    price: Id
    quantity: int = Field(default=1, ge=0)


class SubscriptionCreate(_Shape):
    """
    ``billing.subscription.create``. With ``days_until_due`` the invoices are sent to be paid within
    so many days, else the customer's payment method is charged.
    """

    customer: CustomerOf
    items: tuple[SubscribedItem, ...] = Field(min_length=1)
    contract_ref: MaybeId = ""
    days_until_due: int | None = Field(default=None, ge=0)
    legal_entity: Text = ""


class InvoiceItemCreate(_Shape):
    """
    ``billing.invoice_item.create``: a line for the customer's next invoice, or that of one
    subscription. ``usage_ref`` is the rated line that it bills; ``sku`` decides its account.
    """

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


class CreditedLine(_Shape):
    """``amount`` is net; Stripe adds the tax of the invoice's line."""

    invoice_line_id: Id
    amount: int = Field(gt=0)


class CreditNoteCreate(_Shape):
    """
    ``billing.credit_note.create``. ``settles`` as in ``credit.issued``: an open invoice is lowered;
    of a paid one the amount becomes the customer's balance or is refunded.
    """

    invoice_id: Id
    currency: Currency
    lines: tuple[CreditedLine, ...] = Field(min_length=1)
    credit_type: Id
    settles: str = Field(pattern="^(invoice|balance|refund)$")
    credit_request_id: MaybeId = ""
    effective_on: Day | None = None
    memo: Text = ""


class CreditNoteVoid(_Shape):
    """``billing.credit_note.void``: the note as if it had never been; see ``voiding.py``."""

    credit_note_id: Id
    credit_request_id: MaybeId = ""


@dataclass(frozen=True, slots=True)
class Subscription:
    asked: SubscriptionCreate
    customer: str = ""

    def form(self, zone: str) -> Form:
        asked = self.asked
        found: Form = [("customer", self.customer)]
        for place, item in enumerate(asked.items):
            found += [
                (f"items[{place}][price]", item.price),
                (f"items[{place}][quantity]", item.quantity),
            ]
        if asked.days_until_due is not None:
            found += [
                ("collection_method", "send_invoice"),
                ("days_until_due", asked.days_until_due),
            ]
        return found + _metadata(contract_id=asked.contract_ref, legal_entity=asked.legal_entity)

    def content(self) -> Sequence[Any]:
        asked = self.asked
        items = sorted([item.price, item.quantity] for item in asked.items)
        return ["subscription", items, asked.contract_ref, asked.legal_entity]


@dataclass(frozen=True, slots=True)
class InvoiceItem:
    asked: InvoiceItemCreate

    def form(self, zone: str) -> Form:
        asked = self.asked
        found: Form = [
            ("customer", asked.customer_id),
            ("currency", asked.currency.lower()),
            ("amount", wire.outward(asked.amount, asked.currency)),
        ]
        if asked.subscription_id:
            found.append(("subscription", asked.subscription_id))
        if asked.description:
            found.append(("description", asked.description))
        if asked.period is not None:
            last = asked.period.end + timedelta(days=1)
            found += [
                ("period[start]", _midnight(asked.period.start, zone)),
                ("period[end]", _midnight(last, zone)),
            ]
        found += [(f"tax_rates[{place}]", rate) for place, rate in enumerate(asked.tax_rates)]
        quantity = "" if asked.quantity is None else format(asked.quantity, "f")
        return found + _metadata(
            **{USAGE_REF: asked.usage_ref, SKU: asked.sku, "quantity": quantity}
        )

    def content(self) -> Sequence[Any]:
        asked = self.asked
        return ["invoice item", asked.customer_id, asked.currency, asked.amount, asked.usage_ref]


@dataclass(frozen=True, slots=True)
class CreditNote:
    asked: CreditNoteCreate

    def form(self, zone: str) -> Form:
        asked = self.asked
        found: Form = [("invoice", asked.invoice_id)]
        for place, line in enumerate(asked.lines):
            found += [
                (f"lines[{place}][type]", "invoice_line_item"),
                (f"lines[{place}][invoice_line_item]", line.invoice_line_id),
                (f"lines[{place}][amount]", wire.outward(line.amount, asked.currency)),
            ]
        if asked.memo:
            found.append(("memo", asked.memo))
        effective = asked.effective_on.isoformat() if asked.effective_on else ""
        return found + _metadata(
            credit_type=asked.credit_type,
            credit_request_id=asked.credit_request_id,
            effective_on=effective,
        )

    def content(self) -> Sequence[Any]:
        asked = self.asked
        lines = sorted([line.invoice_line_id, line.amount] for line in asked.lines)
        return ["credit note", asked.invoice_id, asked.currency, lines, asked.settles]


Wanted = Subscription | InvoiceItem | CreditNote
PATHS: Final[Mapping[type[Wanted], str]] = {
    Subscription: "/v1/subscriptions",
    InvoiceItem: "/v1/invoiceitems",
    CreditNote: "/v1/credit_notes",
}
SUBSCRIPTION: Final = "billing.subscription.create"
INVOICE_ITEM: Final = "billing.invoice_item.create"
CREDIT_NOTE: Final = "billing.credit_note.create"
CREDIT_NOTE_VOID: Final = "billing.credit_note.void"

_Model = TypeVar("_Model", bound=_Shape)


def wanted(kind: str, payload: Mapping[str, Any]) -> Wanted:
    """What a command asks for. Raises Unfit."""
    if kind == SUBSCRIPTION:
        asked = _read(SubscriptionCreate, payload)
        if not asked.customer.id and not asked.customer.other_ids:
            raise Unfit("customer_missing", "The subscription names no customer.")
        return Subscription(asked, customer=asked.customer.id)
    if kind == INVOICE_ITEM:
        return InvoiceItem(_read(InvoiceItemCreate, payload))
    if kind == CREDIT_NOTE:
        return CreditNote(_read(CreditNoteCreate, payload))
    raise Unfit("refused", "This is nothing that Stripe can be asked to do.")


def to_void(payload: Mapping[str, Any]) -> CreditNoteVoid:
    """Which note is to be voided. Raises Unfit."""
    return _read(CreditNoteVoid, payload)


def kind_of(payload: Mapping[str, Any]) -> str:
    """The kind of a payload, by what only that kind has."""
    if "customer" in payload:
        return SUBSCRIPTION
    return CREDIT_NOTE if "credit_type" in payload else INVOICE_ITEM


def digest(payload: Mapping[str, Any]) -> str:
    """What Stripe should hold for a payload; "" for one that cannot be sent, or makes nothing."""
    if "credit_note_id" in payload:
        return ""
    try:
        return digest_of(wanted(kind_of(payload), payload))
    except Unfit:
        return ""


def digest_of(asked: Wanted) -> str:
    return hashlib.sha256(strict_json.dumps(asked.content()).encode()).hexdigest()


def form_of(asked: Wanted, *, key: str, zone: str) -> Form:
    """The whole form, with key and content in the metadata. Raises Unfit."""
    try:
        found = asked.form(zone)
    except PayloadUnreadable as error:
        raise Unfit("amount_unfit", str(error)) from error
    return found + _metadata(**{KEY: key, CONTENT: digest_of(asked)})


def _read(shape: type[_Model], payload: Mapping[str, Any]) -> _Model:
    try:
        return shape.model_validate(dict(payload))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"]) or "the request"
        raise Unfit("refused", f"The request cannot be read: {place}: {first['msg']}.") from error


def _metadata(**given: str) -> Form:
    return [(f"metadata[{key}]", value) for key, value in given.items() if value]


def _midnight(day: date, zone: str) -> int:
    return int(datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).timestamp())
