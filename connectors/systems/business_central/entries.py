"""General ledger entries, put together to the documents that they were posted with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.caller import any_of, lots
from connectors.contract import HeldLine
from connectors.systems.business_central import names, wire
from connectors.systems.business_central.books import Books
from connectors.systems.business_central.forms import net
from connectors.systems.business_central.wire import Central, Row

PREFIX: Final = "entry:"
PAYMENT: Final = "Payment"
INVOICE: Final = "Invoice"
CREDIT_MEMO: Final = ("Credit Memo", "Credit_x0020_Memo")


@dataclass(frozen=True, slots=True)
class Posted:
    """
    One document in the books. ``first`` is the number of its first entry, ``key`` ours where its
    entries carry one.
    """

    first: int
    number: str
    day: str
    type: str
    text: str
    key: str
    lines: tuple[HeldLine, ...]

    def external_id(self, books: Books) -> str:
        """Entries are numbered anew in each company."""
        return f"{PREFIX}{books.entity}:{self.first}"

    def content(self, books: Books) -> str:
        return net(self.day, books.currency, ((line.account, line.amount) for line in self.lines))


async def by_numbers(central: Central, books: Books, numbers: Sequence[str]) -> list[Posted]:
    """In the order in which they were posted. Raises Problem."""
    rows: list[Row] = []
    for lot in lots(numbers, wire.AT_ONCE):
        rows += await central.rows(
            f"{books.path}/generalLedgerEntries",
            filter=any_of("documentNumber", lot),
            orderby="entryNumber",
        )
    rows.sort(key=number_of)
    return documents(rows, books)


def documents(rows: Iterable[Row], books: Books) -> list[Posted]:
    """
    Entries that follow one another with one number and day are one document, as posting writes
    them; but where they are the same entries twice or more, that often posted.
    """
    found: list[Posted] = []
    run: list[Row] = []
    for row in rows:
        if run and _same(run[-1], row):
            run.append(row)
            continue
        found += _split(run, books)
        run = [row]
    return found + _split(run, books)


def number_of(row: Row) -> int:
    number = row.get("entryNumber")
    if type(number) is not int:
        raise wire.unclear("entryNumber")
    return number


def same_document(one: Row, other: Row) -> bool:
    """Whether two entries may belong to one document."""
    fields = ("documentNumber", "postingDate", "documentType")
    return all(one.get(name) == other.get(name) for name in fields)


def _same(one: Row, other: Row) -> bool:
    return same_document(one, other) and number_of(other) == number_of(one) + 1


def _split(run: Sequence[Row], books: Books) -> list[Posted]:
    if not run:
        return []
    lines = [_line(row, books) for row in run]
    size = len(lines)
    if run[0].get("documentType") != PAYMENT:
        for length in range(2, len(lines) // 2 + 1):
            part = lines[:length]
            whole = len(lines) % length == 0 and part * (len(lines) // length) == lines
            if whole and not sum(line.amount for line in part):
                size = length
                break
    return [
        _posted(run[start : start + size], lines[start : start + size])
        for start in range(0, len(lines), size)
    ]


def _posted(run: Sequence[Row], lines: Sequence[HeldLine]) -> Posted:
    number, text = wire.text(run[0], "documentNumber"), wire.text(run[0], "description")
    key = names.key_of_entry(number, text)
    return Posted(
        first=number_of(run[0]),
        number=number,
        day=wire.text(run[0], "postingDate"),
        type=str(run[0].get("documentType") or "").strip(),
        text=text.rpartition(" ")[0] if key else text,
        key=key,
        lines=tuple(line for line in lines if line.amount),
    )


def _line(row: Row, books: Books) -> HeldLine:
    debit, credit = (
        wire.minor(row.get(side), books.digits) for side in ("debitAmount", "creditAmount")
    )
    return HeldLine(wire.text(row, "accountNumber"), debit - credit)
