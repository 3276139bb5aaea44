"""
The independent count: billing's own list beside the ERP's own list, read from the two sandboxes.

No table of the console takes part. A document of billing and a posting of the ERP belong together
by the key that the ERP was given, and that key follows from what the document is
(``revops.kernel.keys``): connection, kind and billing's own id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from revops.kernel.keys import idempotency_key
from revops.kernel.money import Money, total

LANE: Final = "primary"
# A document that was booked again has a later revision; more are not looked for.
_REVISIONS: Final = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Sort:
    """Documents of one kind: what billing calls it, we call it, and the ERP's text begins with."""

    kind: str
    label: str
    document_type: str
    word: str


SORTS: Final = (
    Sort("invoice", "Invoices", "invoice", "Invoice"),
    Sort("credit_note", "Credit notes", "credit", "Credit"),
    Sort("payment", "Payments", "payment", "Payment"),
    Sort("refund", "Refunds", "refund", "Refund"),
)


@dataclass(frozen=True, slots=True)
class Issued:
    """A document as billing lists it."""

    kind: str
    id: str
    number: str
    money: Money
    at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """
    A posting as the ERP lists it. ``kind`` is what its text says, “” for any other. ``owed`` is
    what its customer owes by it, ``debits`` are all of its debits.
    """

    key: str
    kind: str
    number: str
    owed: Money
    debits: Money

    def over(self, kind: str) -> Money:
        """What a document of that kind is over."""
        return self.owed if kind == "invoice" else self.debits


@dataclass(slots=True)
class Line:
    """Documents of one kind and currency: how many and how much, by each of the two."""

    kind: str
    label: str
    currency: str
    issued: list[Issued] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    wrong: int = 0

    @property
    def sums(self) -> tuple[Money, Money]:
        """What billing issued, and what the ERP holds."""
        return (
            total((one.money for one in self.issued), self.currency),
            total((one.over(self.kind) for one in self.held), self.currency),
        )


@dataclass(slots=True)
class Count:
    """
    ``missing`` is in billing's list alone, ``unknown`` in the ERP's; ``other`` has another amount
    there, ``twice`` is there more than once.
    """

    lines: Sequence[Line]
    missing: list[Issued] = field(default_factory=list)
    other: list[tuple[Issued, Held]] = field(default_factory=list)
    twice: list[Issued] = field(default_factory=list)
    unknown: list[Held] = field(default_factory=list)


def issued(answer: Mapping[str, Any]) -> list[Issued]:
    """Billing's list, from its sandbox's ``documents``."""
    return [
        Issued(
            row["kind"], row["id"], row["number"], Money(abs(row["amount"]), row["currency"]),
            datetime.fromtimestamp(row["at"], tz=UTC),
        )
        for row in answer["documents"]
    ]  # fmt: skip


def held(answer: Iterable[Mapping[str, Any]]) -> list[Held]:
    """The ERP's list of what is posted, from its sandbox's ``moves``."""
    return [
        Held(
            move["key"], _kind(move["text"]), move["number"],
            abs(_sum(move, owed=True)), abs(_sum(move, owed=False)),
        )
        for move in answer if move["state"] == "posted"
    ]  # fmt: skip


def compare(
    documents: Sequence[Issued], postings: Sequence[Held], *, entities: Iterable[str], source: str
) -> Count:
    """``entities`` are the codes of whoever keeps books, ``source`` is billing's connection."""
    codes = sorted(set(entities))
    by_key: dict[str, list[Held]] = defaultdict(list)
    for posting in postings:
        by_key[posting.key].append(posting)
    lines: dict[tuple[str, str], Line] = {}
    count = Count(())
    known: set[str] = set()
    for document in documents:
        keys = keys_of(document, entities=codes, source=source)
        known.update(keys)
        line = _line(lines, document.kind, document.money.currency)
        line.issued.append(document)
        found = [by_key[key] for key in keys if key in by_key]
        line.held += [
            one for same in found for one in same
            if one.over(document.kind).currency == line.currency
        ]  # fmt: skip
        if not found:
            count.missing.append(document)
        elif any(len(same) > 1 for same in found):
            count.twice.append(document)
        elif found[-1][0].over(document.kind) != document.money:
            count.other.append((document, found[-1][0]))
        else:
            continue
        line.wrong += 1
    for posting in postings:
        if not posting.kind or posting.key in known:
            continue
        line = _line(lines, posting.kind, posting.over(posting.kind).currency)
        line.held.append(posting)
        line.wrong += 1
        count.unknown.append(posting)
    order = [sort.kind for sort in SORTS]
    count.lines = sorted(lines.values(), key=lambda one: (order.index(one.kind), one.currency))
    return count


def keys_of(document: Issued, *, entities: Sequence[str], source: str) -> list[str]:
    """Every key under which the ERP may hold it, earlier revisions first."""
    sort = next(one for one in SORTS if one.kind == document.kind)
    return [
        idempotency_key(
            lane=LANE, legal_entity=code, document_type=sort.document_type,
            business_key=f"{source}:{document.id}", revision=revision,
        )
        for revision in _REVISIONS
        for code in entities
    ]  # fmt: skip


def _line(lines: dict[tuple[str, str], Line], kind: str, currency: str) -> Line:
    label = next(one.label for one in SORTS if one.kind == kind)
    return lines.setdefault((kind, currency), Line(kind, label, currency))


def _kind(text: str) -> str:
    """
    ``JE-12 Invoice 0042-0001, Alder Analytics`` is an invoice; ``JE-13 Credit 7 applied to …`` is
    what became of a credit.
    """
    word, number, *_ = [*text.split()[1:3], "", ""]
    return next((one.kind for one in SORTS if one.word == word and number.endswith(",")), "")


def _sum(move: Mapping[str, Any], *, owed: bool) -> Money:
    """
    Of the lines that name a customer, debits less credits; else of all lines, their debits. In the
    document's own currency where the books are kept in another one.
    """
    lines = [line for line in move["lines"] if line["party"] or not owed]
    seconds = [line["second"].split() for line in lines if line.get("second")]
    if seconds:
        currency = seconds[0][0]
        amounts = [Money.parse(text, currency) for _, text in seconds]
    else:
        currency = move["currency"]
        amounts = [
            Money.parse(line["debit"], currency) - Money.parse(line["credit"], currency)
            for line in lines
        ]
    if not owed:
        amounts = [amount for amount in amounts if amount > Money.zero(currency)]
    return total(amounts, currency)
