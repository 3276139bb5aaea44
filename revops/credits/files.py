"""Credits and leakage as rows of files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from revops.credits import life
from revops.credits.models import ServiceCredit
from revops.credits.queries.leakage import Delay, Sums
from revops.credits.queries.listing import listed, word_of
from revops.kernel.money import Money
from revops.kernel.privacy import PII
from revops.web.csv_files import Column, instant_cell, money_cells
from revops.web.exports import MOST_ROWS

_CHUNK: Final = 500
COLUMNS: Final = (
    "request", "state", Column("customer", PII), "invoice", "case", "kind", "reason", "currency",
    "before_tax", Column("asked_by", PII), "legal_entity", "created_at", "sent_at", "decided_at",
    Column("decided_by", PII), "issued_at", "posted_at", "ended_at", "credit_note", "waits_for",
)  # fmt: skip
LEAKAGE_COLUMNS: Final = ("what", "currency", "amount", "requests", "half_take_less_s", "longest_s")


def rows_of(credits: Sequence[ServiceCredit]) -> Iterator[Sequence[str]]:
    """At most MOST_ROWS, read some hundred at a time."""
    for start in range(0, min(len(credits), MOST_ROWS), _CHUNK):
        for one in listed(credits[start : start + _CHUNK]):
            row = one.credit
            amount = Money(row.amount, row.currency) if row.amount is not None else None
            yield [
                row.number, word_of(row),
                row.customer.party.name if row.customer else row.sought,
                row.invoice.number if row.invoice else "", row.ticket,
                life.TYPES[row.credit_type][0], row.reason_words, *money_cells(amount),
                row.asked_by.name if row.asked_by else str(row.rule),
                row.legal_entity.code if row.legal_entity else "",
                *(instant_cell(at) for at in (row.created_at, row.sent_at, row.decided_at)),
                row.decided_by,
                *(instant_cell(at) for at in (row.issued_at, row.posted_at, row.ended_at)),
                (row.memo.number or row.memo.source_id) if row.memo else "",
                one.progress.waits_for,
            ]  # fmt: skip


def rows_of_leakage(sums: Sequence[Sums], delays: Sequence[Delay]) -> Iterator[Sequence[str]]:
    """Every figure of the report: amounts by currency, then the stages."""
    for one in sums:
        for word, amount in (
            *((part[0], part[1]) for part in one.parts), ("Waiting for approval", one.waiting),
            ("Approved, not issued", one.leaking), ("Refused or withdrawn", one.refused),
            ("Reversed", one.reversed),
        ):  # fmt: skip
            yield [word, *money_cells(amount), "", "", ""]
    for stage in delays:
        took = (str(stage.middle), str(stage.longest)) if stage.number else ("", "")
        yield [stage.title, "", "", str(stage.number), *took]
