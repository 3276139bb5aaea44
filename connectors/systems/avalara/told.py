"""
What AvaTax holds of an invoice, as an event. AvaTax calls nobody: a poll reads transactions that
were changed and makes a body of each, with the company that it belongs to.

``total`` is what the engine calculated (``totalTaxCalculated``), and not what was recorded as
charged: the comparison with the invoice shows what rates billing used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors import bodies
from connectors.caller import pairs
from connectors.contract import Envelope, PayloadUnreadable, Settings
from connectors.systems.avalara import listing, wire
from connectors.systems.avalara.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData
from revops.kernel import strict_json
from revops.kernel.keys import sha256

TYPE: Final = "transaction"
_NO_INVOICE: Final = "It gives back what an invoice charged; invoices are compared."
_KEPT: Final = (
    "id", "code", "date", "type", "status", "currencyCode", "referenceCode", "totalAmount",
    "totalTax", "totalTaxCalculated", "modifiedDate", "version", "locked",
)  # fmt: skip
_KEPT_OF_TAX: Final = (
    "country", "region", "jurisType", "jurisCode", "jurisName", "taxType", "taxName", "taxable",
    "rate", "tax", "taxCalculated",
)  # fmt: skip


def body(company: str, row: Json) -> bytes:
    """A transaction without what is nobody's business: addresses and customers."""
    told: dict[str, Any] = {name: row[name] for name in _KEPT if name in row}
    told["summary"] = [
        {name: one[name] for name in _KEPT_OF_TAX if name in one}
        for one in wire.items(row.get("summary"))
    ]
    return strict_json.dumps({"company": company, TYPE: told}).encode()


def envelope(found: bytes) -> Envelope:
    """Raises PayloadUnreadable."""
    raw = bodies.read(found)
    row = wire.part(wire.part(raw).get(TYPE))
    company, code = wire.text(wire.part(raw).get("company"), 60), wire.text(row.get("code"), 120)
    if not company or not code:
        raise PayloadUnreadable("The body holds no transaction with a code and a company.")
    changed = wire.instant(row.get("modifiedDate"), field="modifiedDate")
    digest = sha256(strict_json.dumps(raw))[:16]
    return Envelope(
        event_id=f"{company}:{code}:{digest}"[:120],
        type=TYPE,
        account="",
        object_type=TYPE,
        object_id=code,
        object_version=int(changed.timestamp() * 1000),
        occurred_at=changed,
        raw=raw,
        ignored="" if wire.text(row.get("type")) != listing.TYPES[1] else _NO_INVOICE,
        polled=True,
    )


def events(found: Envelope, settings: Settings) -> Sequence[EventData]:
    """Raises PayloadUnreadable or ContractBroken."""
    row = wire.part(found.raw.get(TYPE))
    code = wire.currency(row.get("currencyCode"))
    companies = pairs(settings.parameters.get("companies"))
    company = wire.text(found.raw.get("company"))
    entity = next((mine for mine, theirs in companies.items() if theirs == company), "")
    return [
        registry.read(
            "tax.calculated/1",
            {
                "document_id": wire.text(row.get("code")),
                # Where billing itself records in AvaTax, the code is the invoice's.
                "invoice_ref": wire.text(row.get("referenceCode")) or wire.text(row.get("code")),
                "currency": code,
                "total": wire.minor(
                    row.get("totalTaxCalculated"), code, field="totalTaxCalculated"
                ),
                "taxes": [_tax(one, code) for one in wire.items(row.get("summary"))],
                "committed": wire.text(row.get("status")) == listing.COMMITTED,
                "calculated_on": wire.day(row.get("date"), field="date"),
                "legal_entity": entity,
            },
        )
    ]


def _tax(one: Json, code: str) -> Mapping[str, Any]:
    where = wire.text(one.get("region")) or wire.text(one.get("country"))
    named = wire.text(one.get("jurisName"), 200)
    juris = wire.text(one.get("jurisCode")) or named
    return {
        "code": f"{where}-{juris}"[:120],
        "jurisdiction": named or where,
        "taxable": wire.rounded(one.get("taxable"), code, field="summary.taxable"),
        "rate_percent": wire.number(one.get("rate"), field="summary.rate") * 100,
        "amount": wire.rounded(one.get("taxCalculated"), code, field="summary.taxCalculated"),
    }
