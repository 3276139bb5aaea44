"""One journal entry: its lines with account names, what undoes it, and the event behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from revops.events.models import BusinessEvent
from revops.kernel.money import Money
from revops.ledger.models import JournalEntry, JournalLine, Recognition, RevenueSchedule
from revops.mappings.models import LedgerAccount, MappingVersion

# A schedule's id, the source line that it spreads, and its two accounts.
Begun = tuple[int, str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Line:
    """
    A journal line with its account's name; one of ``debit`` and ``credit`` is set. ``schedules``
    are those that it began, or that it recognises revenue of.
    """

    position: int
    account: str
    name: str
    debit: Money | None
    credit: Money | None
    functional: Money
    memo: str
    source_line: str
    service: str
    schedules: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    entry: JournalEntry
    lines: Sequence[Line]
    event: BusinessEvent | None
    version: MappingVersion | None
    reversals: Sequence[JournalEntry]

    @property
    def total(self) -> Money:
        return Money(self.entry.amount, self.entry.currency)

    @property
    def foreign(self) -> bool:
        """Whether the functional amounts differ in currency, so that a column shows them."""
        return self.entry.currency != self.entry.functional_currency


def entry(id: int) -> Entry | None:
    """Seven queries at most; None when there is no such entry."""
    found = (
        JournalEntry.objects.select_related(
            "legal_entity", "period", "business_event__inbound__connection", "reverses"
        )
        .filter(pk=id)
        .first()
    )
    if found is None:
        return None
    return Entry(
        entry=found,
        lines=lines(found, schedules=_schedules(found)),
        event=found.business_event,
        version=MappingVersion.objects.filter(pk=found.mapping_version).first(),
        reversals=list(found.reversals.order_by("pk")),
    )


def lines(found: JournalEntry, *, schedules: Sequence[Begun] = ()) -> list[Line]:
    """The lines of an entry in their order: two queries."""
    rows = list(JournalLine.objects.filter(entry=found).order_by("position"))
    codes = {row.account for row in rows}
    names = dict(LedgerAccount.objects.filter(code__in=codes).values_list("code", "name"))
    return [
        Line(
            position=row.position,
            account=row.account,
            name=names.get(row.account, "not in the chart of accounts"),
            debit=Money(row.amount, found.currency) if row.amount > 0 else None,
            credit=Money(-row.amount, found.currency) if row.amount < 0 else None,
            functional=Money(row.functional, found.functional_currency),
            memo=row.memo,
            source_line=row.source_line,
            service=(
                f"{row.service_start} to {row.service_end}"
                if row.service_start and row.service_end
                else ""
            ),
            schedules=sorted(
                id
                for id, line_id, accounts in schedules
                if row.account in accounts and row.source_line in ("", line_id)
            ),
        )
        for row in rows
    ]


def _schedules(found: JournalEntry) -> list[Begun]:
    """The schedules that the entry began, and those of which it recognises a share."""
    begun = RevenueSchedule.objects.filter(entry=found)
    shares = Recognition.objects.filter(entry=found).values("schedule")
    return [
        (row.pk, row.line_id, (row.deferral_account, row.revenue_account))
        for rows in (begun, RevenueSchedule.objects.filter(pk__in=shares))
        for row in rows
    ]
