"""
What a billing system is asked to do, as the flows hand it over, read once for all connectors that
do it, and what is said of a request whatever the system. Pure values.

Amounts are ISO minor units; days are days in the entity's zone. What makes two requests the same is
their content; its hash is left in the billing system, and so never changes for a request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import Field

from connectors import commands
from connectors.caller import pairs
from connectors.commands import Unfit
from connectors.contract import Found, Outcome, Receipt
from revops.contracts.base import Currency, Day, Exact, Id, MaybeId, Part, ServicePeriod, Text
from revops.kernel import strict_json
from revops.kernel.keys import sha256

SUBSCRIPTION: Final = "billing.subscription.create"
INVOICE_ITEM: Final = "billing.invoice_item.create"
CREDIT_NOTE: Final = "billing.credit_note.create"
CREDIT_NOTE_VOID: Final = "billing.credit_note.void"

# Under these our key and the content's hash are noted where a system lets us note something.
KEY: Final = "revops_key"
CONTENT: Final = "revops_content"

Form = list[tuple[str, Any]]


class CustomerOf(Part):
    """
    Whose it is: ``id`` in the billing system, or, when nobody knows it yet, the customer that is
    known elsewhere under one of ``other_ids`` (``<system>_id`` → id); made when there is none.
    """

    id: MaybeId = ""
    name: Text = ""
    email: Text = ""
    other_ids: Mapping[str, Id] = Field(default_factory=dict)


class SubscribedItem(Part):
    price: Id
    quantity: int = Field(default=1, ge=0)


class SubscriptionCreate(Part):
    """
    ``billing.subscription.create``. With ``days_until_due`` the invoices are sent to be paid within
    so many days, else the customer's payment method is charged.
    """

    customer: CustomerOf
    items: tuple[SubscribedItem, ...] = Field(min_length=1)
    contract_ref: MaybeId = ""
    days_until_due: int | None = Field(default=None, ge=0)
    legal_entity: Text = ""

    @property
    def sides(self) -> list[list[Any]]:
        """Prices with their quantities, in one order."""
        return sorted([item.price, item.quantity] for item in self.items)

    @property
    def content(self) -> Sequence[Any]:
        return ["subscription", self.sides, self.contract_ref, self.legal_entity]


class InvoiceItemCreate(Part):
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

    def span(self, zone: str) -> tuple[int, int] | None:
        """Its period, from midnight to midnight, in seconds since 1970; the end is not in it."""
        if self.period is None:
            return None
        last = self.period.end + timedelta(days=1)
        return _midnight(self.period.start, zone), _midnight(last, zone)


class CreditedLine(Part):
    """``amount`` is net; the billing system adds the tax of the invoice's line."""

    invoice_line_id: Id
    amount: int = Field(gt=0)


class CreditNoteCreate(Part):
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

    @property
    def sides(self) -> list[list[Any]]:
        """The invoice's lines with what is credited of them, in one order."""
        return sorted([line.invoice_line_id, line.amount] for line in self.lines)


class CreditNoteVoid(Part):
    """``billing.credit_note.void``: the note as if it had never been."""

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
    if isinstance(found, SubscriptionCreate) and not (
        found.customer.id or found.customer.other_ids
    ):
        raise Unfit("customer_missing", "The subscription names no customer.")
    assert isinstance(found, Wanted | CreditNoteVoid)
    return found


def digest(
    payload: Mapping[str, Any],
    *,
    wanted: Callable[[str, Mapping[str, Any]], Wanted | CreditNoteVoid],
    content: Callable[[Wanted], Sequence[Any]],
) -> str:
    """What a system should hold for a payload; "" for one that cannot be sent, or makes nothing."""
    try:
        asked = wanted(_kind(payload), payload)
    except Unfit:
        return ""
    return "" if isinstance(asked, CreditNoteVoid) else digest_of(content(asked))


def digest_of(content: Sequence[Any]) -> str:
    return sha256(strict_json.dumps(list(content)))


def known(system: str, held: Sequence[Found], content: Sequence[Any]) -> Receipt | None:
    """What is said of a request that the system holds already; None when it holds nothing of it."""
    if not held:
        return None
    if len(held) > 1:
        names = ", ".join(one.external_id for one in held)
        return Receipt(
            Outcome.REFUSED, code="duplicate", reason=f"{system} holds it twice: {names}."
        )
    (one,) = held
    if one.content_sha256 != digest_of(content):
        return Receipt(
            Outcome.REFUSED,
            code="conflict",
            reason=f"{system} holds {one.external_id} under this key, with other content.",
            external_id=one.external_id,
        )
    return Receipt(
        Outcome.ALREADY_DONE, external_id=one.external_id, external_number=one.external_number
    )


def made(
    system: str, identity: str, *, number: str = "", differs: str = "", repeated: bool = False
) -> Receipt:
    """
    What is said of a request that the system says it did. ``differs``: how what it made differs
    from what was asked for; ``repeated``: its answer is that of an earlier call.
    """
    if not identity:
        reason = f"{system} did not name what it made."
        return Receipt(Outcome.IN_DOUBT, code="garbled", reason=reason)
    if differs:
        reason = f"{system} made {identity}, but {differs}."
        return Receipt(Outcome.REFUSED, code="conflict", reason=reason, external_id=identity)
    return Receipt(
        Outcome.ALREADY_DONE if repeated else Outcome.OK,
        external_id=identity,
        external_number=number,
        http_status=200,
    )


def noted_ids(customer: CustomerOf, customer_ids: str) -> list[tuple[str, str]]:
    """
    Other systems' ids under the keys by which this connection reads them back: ``customer_ids`` is
    its parameter ``key=system``.
    """
    read = {f"{system}_id": key for key, system in reversed(pairs(customer_ids).items())}
    return sorted((read.get(name, name), value) for name, value in customer.other_ids.items())


def _kind(payload: Mapping[str, Any]) -> str:
    """The kind of a payload, by what only that kind has."""
    if "credit_note_id" in payload:
        return CREDIT_NOTE_VOID
    if "customer" in payload:
        return SUBSCRIPTION
    return CREDIT_NOTE if "credit_type" in payload else INVOICE_ITEM


def _midnight(day: date, zone: str) -> int:
    return int(datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).timestamp())
