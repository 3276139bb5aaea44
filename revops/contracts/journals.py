"""What the console tells others about its own books."""

from __future__ import annotations

from typing import ClassVar

from revops.contracts.base import Count, Currency, Day, EventData, Id, Minor, Text


class _JournalOutcome(EventData):
    subject: ClassVar[str] = "journal"

    journal_id: Id
    legal_entity: Text
    document_type: Text
    business_key: Text
    revision: Count
    currency: Currency
    amount: Minor
    accounting_date: Day
    target: Text

    @property
    def subject_id(self) -> str:
        return self.journal_id


class JournalPosted(_JournalOutcome):
    """The ERP holds the entry under ``external_id`` (shown to people as ``external_number``)."""

    contract: ClassVar[str] = "journal.posted/1"

    external_id: Id
    external_number: Text = ""


class JournalRejected(_JournalOutcome):
    """The ERP refused the entry; a case is open."""

    contract: ClassVar[str] = "journal.rejected/1"

    reason: Text


class JournalReversed(_JournalOutcome):
    """A new entry undoes an earlier one."""

    contract: ClassVar[str] = "journal.reversed/1"

    reverses_id: Id
