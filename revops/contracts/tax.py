"""What the tax engine says, and what goes to the authorities."""

from __future__ import annotations

from typing import ClassVar

from revops.contracts.base import (
    Currency,
    Day,
    EventData,
    Exact,
    Flag,
    Id,
    Minor,
    Part,
    Taken,
    Text,
)


class JurisdictionTax(Part):
    code: Id
    jurisdiction: Text = ""
    taxable: Minor
    rate_percent: Exact
    amount: Minor


class TaxCalculated(EventData):
    """What the tax engine holds for an invoice, to compare with what was billed. No journal."""

    contract: ClassVar[str] = "tax.calculated/1"
    subject: ClassVar[str] = "tax"

    document_id: Id
    invoice_ref: Id
    currency: Currency
    total: Minor
    taxes: tuple[JurisdictionTax, ...] = ()
    committed: Flag = False
    calculated_on: Day
    legal_entity: Text = ""

    @property
    def subject_id(self) -> str:
        return self.document_id

    @property
    def related(self) -> tuple[tuple[str, str], ...]:
        return (("invoice", self.invoice_ref),)


class TaxRemitted(EventData):
    """Collected tax was paid to its authority (accounting.md J9b)."""

    contract: ClassVar[str] = "tax.remitted/1"
    subject: ClassVar[str] = "remittance"

    remittance_id: Id
    code: Id
    currency: Currency
    amount: Taken
    remitted_on: Day
    period: Text = ""
    legal_entity: Text = ""

    @property
    def subject_id(self) -> str:
        return self.remittance_id
