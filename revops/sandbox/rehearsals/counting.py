"""
The independent count: what billing lists as issued beside what the ERPs list as posted.

No table of the console decides anything. A document of billing and a posting of an ERP belong
together by the key that the ERP was given, and that key follows from what the document is
(``revops.kernel.keys``): connection, kind and billing's own id.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from connectors.contract import SnapshotRow
from revops.kernel.keys import idempotency_key
from revops.kernel.money import Money, total
from revops.sandbox import chart

LANE: Final = "primary"
# A document that was booked again has a later revision; more are not looked for.
_REVISIONS: Final = (1, 2, 3)
# What customers owe by an invoice stands here, in every ERP of the demo.
_OWED: Final = frozenset(code for role, code in chart.ROLES if role == "receivable")


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
    """A document as billing lists it; ``source`` is the slug of its connection."""

    source: str
    kind: str
    id: str
    number: str
    money: Money
    at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """
    A posting as an ERP lists it; ``erp`` is the slug of its connection. ``kind`` is what its text
    says, “” for any other. ``accounts``: debits less credits by currency and account, in the
    books' ``currency`` and in the document's where that is another one.
    """

    erp: str
    key: str
    kind: str
    number: str
    currency: str
    accounts: Mapping[str, Mapping[str, int]]

    def over(self, kind: str) -> Money:
        """What a document of that kind is over: what is owed by an invoice, debits of others."""
        currency = next((one for one in self.accounts if one != self.currency), self.currency)
        sums = self.accounts.get(currency, {})
        if kind == "invoice":
            owed = sum(amount for code, amount in sums.items() if code in _OWED)
            return Money(abs(owed), currency)
        return Money(sum(amount for amount in sums.values() if amount > 0), currency)


@dataclass(slots=True)
class Line:
    """Documents of a billing system, of one kind and currency: how many and how much, by each."""

    source: str
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
    ``missing`` is in billing's list alone, ``unknown`` in an ERP's; ``other`` has another amount
    there, ``twice`` is there more than once, or in two ERPs. ``kept``: by ERP, how many documents
    of billing it holds; ``wrong`` how many of its postings do not agree.
    """

    lines: Sequence[Line]
    missing: list[Issued] = field(default_factory=list)
    other: list[tuple[Issued, Held]] = field(default_factory=list)
    twice: list[Issued] = field(default_factory=list)
    unknown: list[Held] = field(default_factory=list)
    kept: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)


def issued(answer: Mapping[str, Any], *, source: str) -> list[Issued]:
    """Billing's list, from its sandbox's ``documents``."""
    return [
        Issued(
            source, row["kind"], row["id"], row["number"],
            Money(abs(row["amount"]), row["currency"]), datetime.fromtimestamp(row["at"], tz=UTC),
        )
        for row in answer["documents"]
    ]  # fmt: skip


def held(rows: Iterable[SnapshotRow], *, erp: str) -> list[Held]:
    """What is posted, from an ERP's list of journals."""
    return [
        Held(erp, row.key, _kind(row.reference), row.number, row.currency, row.accounts)
        for row in rows if row.state == "posted"
    ]  # fmt: skip


def compare(
    documents: Sequence[Issued],
    postings: Sequence[Held],
    *,
    entities: Iterable[str],
    meant: Mapping[str, str] | None = None,
) -> Count:
    """
    ``entities`` are the codes of whoever keeps books. ``meant``: by key, as which kind of document
    a posting was sent, for ERPs whose texts are too short to say it.
    """
    codes = sorted(set(entities))
    by_key: dict[str, list[Held]] = defaultdict(list)
    for posting in postings:
        by_key[posting.key].append(posting)
    lines: dict[tuple[str, str, str], Line] = {}
    count = Count(())
    known: set[str] = set()
    for document in documents:
        keys = keys_of(document, entities=codes)
        known.update(keys)
        line = _line(lines, document.source, document.kind, document.money.currency)
        line.issued.append(document)
        found = [by_key[key] for key in keys if key in by_key]
        line.held += [
            one for same in found for one in same
            if one.over(document.kind).currency == line.currency
        ]  # fmt: skip
        if not found:
            count.missing.append(document)
            line.wrong += 1
            continue
        standing = found[-1][0]
        count.kept[standing.erp] += 1
        if any(len(same) > 1 for same in found):
            count.twice.append(document)
        elif standing.over(document.kind) != document.money:
            count.other.append((document, standing))
        else:
            continue
        line.wrong += 1
        count.wrong[standing.erp] += 1
    for posting in postings:
        kind = posting.kind or (meant or {}).get(posting.key, "")
        if not kind or posting.key in known:
            continue
        line = _line(lines, "", kind, posting.over(kind).currency)
        line.held.append(posting)
        line.wrong += 1
        count.unknown.append(replace(posting, kind=kind))
        count.wrong[posting.erp] += 1
    order = [sort.kind for sort in SORTS]
    count.lines = sorted(
        lines.values(), key=lambda one: (one.source, order.index(one.kind), one.currency)
    )
    return count


def keys_of(document: Issued, *, entities: Sequence[str]) -> list[str]:
    """Every key under which an ERP may hold it, earlier revisions first."""
    sort = next(one for one in SORTS if one.kind == document.kind)
    return [
        idempotency_key(
            lane=LANE, legal_entity=code, document_type=sort.document_type,
            business_key=f"{document.source}:{document.id}", revision=revision,
        )
        for revision in _REVISIONS
        for code in entities
    ]  # fmt: skip


def _line(lines: dict[tuple[str, str, str], Line], source: str, kind: str, currency: str) -> Line:
    label = next(one.label for one in SORTS if one.kind == kind)
    return lines.setdefault((source, kind, currency), Line(source, kind, label, currency))


def _kind(text: str) -> str:
    """
    ``JE-12 Invoice 0042-0001, Alder Analytics`` is an invoice; ``JE-13 Credit 7 applied to …`` is
    what became of a credit.
    """
    word, number, *_ = [*text.split()[1:3], "", ""]
    return next((one.kind for one in SORTS if one.word == word and number.endswith(",")), "")
