"""
What AvaTax can be asked to record, as the flows hand it over, and what makes two requests the same.

Billing has taxed the document already. Each line says what it charged (``taxOverride`` of the type
``TaxAmount``), so that the return holds what customers paid; AvaTax calculates all the same, and
tells what it would have charged (``taxCalculated``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from pydantic import Field

from connectors import commands
from connectors.commands import PayloadRefused
from connectors.systems.avalara import wire
from connectors.systems.avalara.wire import Json
from revops.contracts.base import Currency, Day, Exact, Id, MaybeId, Part, Text
from revops.contracts.customers import Address
from revops.kernel import strict_json
from revops.kernel.keys import sha256

COMMIT: Final = "tax.commit"
VOID: Final = "tax.void"
_REASON: Final = "Taxed by billing"
_RETURNED: Final = "Taxed as the original"
# Limits of AvaTax's fields.
_SHORT: Final = 50
_LONG: Final = 255


class Charged(Part):
    """A line as billed: ``amount`` before tax and ``tax`` in minor units, both positive."""

    line_id: Id
    sku: MaybeId = ""
    description: Text = ""
    quantity: Exact | None = None
    amount: int
    tax: int


class Commit(Part):
    """
    An invoice or a credit note that is in the books. ``original_on`` is the day of the invoice that
    a credit note lowers: its tax was calculated by that day's rules.
    """

    document: Literal["invoice", "credit"]
    legal_entity: Id
    document_id: Id
    number: Text = ""
    dated: Day
    original_on: Day | None = None
    customer_id: Id
    tax_id: Text = ""
    currency: Currency
    address: Address
    lines: tuple[Charged, ...] = Field(min_length=1)

    @property
    def type(self) -> str:
        return "SalesInvoice" if self.document == "invoice" else "ReturnInvoice"

    @property
    def sign(self) -> int:
        """What is given back stands in AvaTax with a minus."""
        return 1 if self.document == "invoice" else -1

    def content(self) -> Sequence[Any]:
        held = [[line.line_id[:_SHORT], self.sign * line.amount, self.sign * line.tax]
                for line in self.lines]  # fmt: skip
        return [self.type, self.dated.isoformat(), self.customer_id[:_SHORT], self.currency,
                self.document_id[:_SHORT], sorted(held)]  # fmt: skip


class Void(Part):
    """``code`` is what a ``tax.commit`` was answered with."""

    document: Literal["invoice", "credit"]
    legal_entity: Id
    code: Id

    @property
    def type(self) -> str:
        return "SalesInvoice" if self.document == "invoice" else "ReturnInvoice"


_MODELS: Final[Mapping[str, type[Part]]] = {COMMIT: Commit, VOID: Void}


def wanted(kind: str, payload: Mapping[str, Any]) -> Commit | Void:
    """Raises PayloadRefused."""
    found = commands.read(kind, payload, _MODELS, otherwise="The request cannot be read")
    assert isinstance(found, Commit | Void)
    return found


def digest(payload: Mapping[str, Any]) -> str:
    """What AvaTax should hold for a payload; "" for one that records nothing."""
    if "code" in payload:
        return ""
    try:
        asked = wanted(COMMIT, payload)
    except PayloadRefused:
        return ""
    assert isinstance(asked, Commit)
    return digest_of(asked.content())


def digest_of(content: Sequence[Any]) -> str:
    return sha256(strict_json.dumps(list(content)))


def held(row: Json) -> str:
    """The same of a transaction with its lines. Raises PayloadUnreadable."""
    code = wire.currency(row.get("currencyCode"))
    lines = sorted(
        [
            wire.text(line.get("ref1")),
            wire.minor(line.get("lineAmount"), code, field="lines.lineAmount"),
            wire.minor(line.get("tax"), code, field="lines.tax"),
        ]
        for line in wire.items(row.get("lines"))
    )
    day = wire.day(row.get("date"), field="date").isoformat()
    customer, reference = wire.text(row.get("customerCode")), wire.text(row.get("referenceCode"))
    return digest_of([wire.text(row.get("type")), day, customer, code, reference, lines])


def model(asked: Commit, *, key: str, company: str, tax_codes: Mapping[str, str]) -> Json:
    """The transaction that is to be created, not committed yet."""
    credit = asked.document == "credit"
    found: dict[str, Any] = {
        "code": key,
        "type": asked.type,
        "companyCode": company,
        "date": asked.dated.isoformat(),
        "customerCode": asked.customer_id[:_SHORT],
        "currencyCode": asked.currency,
        "referenceCode": asked.document_id[:_SHORT],
        "description": f"{'Credit note' if credit else 'Invoice'} {asked.number}".strip()[:_LONG],
        "commit": False,
        "addresses": {"singleLocation": _address(asked.address)},
        "lines": [
            _line(asked, line, place, tax_codes) for place, line in enumerate(asked.lines, 1)
        ],
    }
    if asked.tax_id:
        found["businessIdentificationNo"] = asked.tax_id[:25]
    if credit and asked.original_on is not None:
        day = asked.original_on.isoformat()
        found["taxOverride"] = {"type": "TaxDate", "taxDate": day, "reason": _RETURNED}
    return found


def _line(asked: Commit, line: Charged, place: int, tax_codes: Mapping[str, str]) -> Json:
    found: dict[str, Any] = {
        "number": str(place),
        "quantity": 1 if line.quantity is None else line.quantity,
        "amount": wire.major(asked.sign * line.amount, asked.currency),
        "itemCode": line.sku[:_SHORT],
        "description": line.description[:_LONG],
        "ref1": line.line_id[:_SHORT],
        "taxOverride": {
            "type": "TaxAmount",
            "taxAmount": wire.major(asked.sign * line.tax, asked.currency),
            "reason": _REASON,
        },
    }
    code = tax_codes.get(line.sku) or tax_codes.get("*")
    return found | ({"taxCode": code} if code else {})


def _address(address: Address) -> Json:
    said = {
        "line1": address.line1[:_SHORT],
        "line2": address.line2[:100],
        "city": address.city[:_SHORT],
        "region": address.region[:3] if len(address.region) <= 3 else address.region,
        "country": address.country or "",
        "postalCode": address.postal_code[:11],
    }
    return {name: value for name, value in said.items() if value}
