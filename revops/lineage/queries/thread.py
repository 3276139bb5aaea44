"""
The hops of a thread in the order of its story, with what is missing shown as missing.

Each record is followed by the deliveries that told of it, its journals, each journal by its
posting, and by what other systems were told about it. At most ten queries, whatever the length.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from revops.kernel import clock
from revops.kernel.money import Money
from revops.lineage.expected import Absent, absent
from revops.lineage.kinds import KINDS, RECORDS
from revops.lineage.queries import postings, rows, words
from revops.lineage.queries.hops import LABELS, Hop, Thread
from revops.lineage.queries.reach import MOST, Node, reach, start_of
from revops.lineage.queries.told import told

# Amounts that must agree with those of what they came from.
_AGREES_WITH: Final = {
    "quote": "opportunity",
    "contract": "opportunity",
    "payment": "invoice",
    "dispute": "payment",
    "refund": "payment",
}
_ALWAYS: Final = datetime(9999, 1, 1, tzinfo=UTC)


def thread(
    kind: str, id: int, *, brief: bool = False, as_of: datetime | None = None
) -> Thread | None:
    """
    The thread that a record, event, journal or command belongs to; None when there is none.

    ``brief`` leaves out deliveries, what systems were told, attempts and other systems' ids, for a
    strip. ``as_of`` tells
    it as the console knew it at that moment. Raises LookupError for a kind that no thread is
    entered by.
    """
    if kind not in LABELS:
        raise LookupError(f"No thread is entered by “{kind}”.")
    start = start_of(kind, id)
    if not start:
        return None
    reached = reach([node for node in start if node[0] in KINDS])
    made = _Telling(reached[:MOST], start, brief=brief, as_of=as_of).hops()
    if not made:
        return None
    return Thread(kind=kind, id=id, hops=made, left_out=max(0, len(reached) - MOST), as_of=as_of)


class _Telling:
    """Everything read, by what it belongs to."""

    def __init__(
        self,
        reached: Sequence[tuple[Node, bool]],
        start: Sequence[Node],
        *,
        brief: bool,
        as_of: datetime | None,
    ) -> None:
        nodes = [node for node, _ in reached]
        alone = [node for node in start if node[0] not in KINDS]
        self._whole = {node for node, whole in reached if whole}
        until = as_of or _ALWAYS
        self.now = as_of or clock.now()
        journal_ids = [id for kind, id in alone if kind == "journal"]
        self.records = {(row.kind, row.id): row for row in rows.records(nodes, as_of=until)}
        if as_of is not None:
            for node, state in rows.states(nodes, as_of=until).items():
                if node in self.records:
                    self.records[node] = self.records[node]._replace(state=state)
        self.after = self._origins(nodes)
        self.journals: dict[Node | None, list[Any]] = defaultdict(list)
        found = rows.journals(nodes, alone=journal_ids, most=MOST, as_of=until)
        paid = {
            f"{row.slug}:{row.source_id}" for row in self.records.values() if row.kind == "payment"
        }
        for row in found:
            about = (row.record_kind, row.record_id)
            beside = row.document_type == "fee" and row.business_key not in paid
            if beside and about not in start and row.id not in journal_ids:
                continue  # the fee of a payment that shares nothing with this thread but its payout
            self.journals[about if about in self.records else None].append(row)
        entry_ids = [row.id for row in found]
        # Postings by their journal, and what systems were told by the record that it is about.
        self.commands: dict[Node, list[Any]] = defaultdict(list)
        commands = rows.commands(entry_ids, () if brief else reached, as_of=until, most=MOST)
        for row in commands:
            about = (row.subject_kind, row.subject_id)
            self.commands[about].append(postings.as_it_was(row, as_of))
        self.events: dict[Node, list[Any]] = defaultdict(list)
        self.tries: dict[int, list[Any]] = defaultdict(list)
        self.references: dict[Node, list[Any]] = defaultdict(list)
        event_ids = [id for kind, id in alone if kind == "event"]
        if not brief or event_ids:
            for row in rows.events(nodes, alone=event_ids, as_of=until):
                self.events[row.kind, row.record_id].append(words.as_it_was(row, as_of))
        if not brief:
            for row in rows.tries([row.id for row in commands], as_of=until):
                self.tries[row.command_id].append(row)
            named = [*nodes, *(("journal", id) for id in entry_ids)]
            for row in rows.references(named):
                self.references[row.kind, row.record_id].append(row)
        self.brief = brief
        self._linked = {
            row.id for about, told in self.events.items() if about[0] != "event" for row in told
        }

    def hops(self) -> list[Hop]:
        made: list[Hop] = []
        missing: dict[Node, list[Absent]] = defaultdict(list)
        for gap in self._absent():
            missing[gap.after].append(gap)
        ordered = sorted(
            self.records.values(), key=lambda row: (RECORDS.index(row.kind), row.created_at, row.id)
        )
        for row in ordered:
            made.extend(self._record(row))
            made.extend(words.awaited(row, gap) for gap in missing[row.kind, row.id])
        for about, heard in self.events.items():
            if about[0] == "event":
                made.extend(words.event(row) for row in heard if row.id not in self._linked)
            elif about not in self.records:
                # Looking back to before the record: what told of it had come already.
                made.extend(words.event(row) for row in heard)
        for entry in self.journals[None]:
            made.extend(self._journal(entry, None))
        return made

    def _origins(self, nodes: Sequence[Node]) -> dict[Node, list[Node]]:
        """What each record came from, of those that the thread holds: the nearest alone."""
        linked: dict[Node, list[Node]] = defaultdict(list)
        for first, node in rows.linked(nodes):
            if first in self.records and first != node:
                linked[node].append(first)
        found = {}
        for node, row in self.records.items():
            named = [(kind, int(id)) for kind, _, id in (p.partition(":") for p in row.parents)]
            known = [one for one in named if one in self.records and one != node]
            # Usage stands between a subscription and its invoice, and both are where it came from.
            rated = [one for one in known if one[0] == "rated_line"]
            others = [one for one in known if one[0] != "rated_line"]
            found[node] = list(dict.fromkeys([*rated, *others[:1], *linked[node]]))
        return found

    def _absent(self) -> list[Absent]:
        """Only for records whose descendants the thread holds."""
        children: dict[Node, set[str]] = defaultdict(set)
        for node, row in self.records.items():
            for kind, _, id in (parent.partition(":") for parent in row.parents):
                children[kind, int(id)].add(node[0])
            for first in self.after[node]:
                children[first].add(node[0])
        return absent(
            [row for node, row in self.records.items() if node in self._whole],
            children={node: frozenset(kinds) for node, kinds in children.items()},
            today=self.now.date(),
        )

    def _record(self, row: Any) -> list[Hop]:
        about = (row.kind, row.id)
        heard = self.events[about]
        at = min((event.occurred_at for event in heard), default=row.created_at)
        parent = next((self.records[node] for node in self.after[about]), None)
        amount = Money(row.amount, row.currency) if row.amount is not None else None
        failed = row.kind == "payment" and row.state == "failed"
        same = self._agrees_with(row)
        hop = words.record(
            row,
            at=at,
            began=min(parent.created_at, at) if parent is not None else None,
            amount=amount,
            difference=None if failed else _less(amount, same),
            references=self.references[about],
            after=tuple(f"{kind}-{id}" for kind, id in self.after[about]),
        )
        made = [hop]
        if not self.brief:
            made.extend(words.event(event, about=about) for event in heard)
        entries = self.journals[about]
        for entry in entries:
            made.extend(self._journal(entry, row))
        made.extend(told(one, tries=self.tries[one.id]) for one in self.commands[about])
        if not entries and (gap := words.absent_journal(row, heard, amount)):
            made.append(gap)
        return made

    def _agrees_with(self, row: Any) -> Any | None:
        wanted = _AGREES_WITH.get(row.kind)
        for kind, _, id in (parent.partition(":") for parent in row.parents):
            if kind == wanted:
                return self.records.get((kind, int(id)))
        return None

    def _journal(self, entry: Any, record: Any | None) -> list[Hop]:
        commands = self.commands["journal", entry.id]
        about = (record.kind, record.id) if record is not None else None
        heard = self.events[about] if about else []
        amount = Money(entry.amount, entry.currency)
        follows = record if record is not None and entry.document_type == record.kind else None
        began = min((event.received_at for event in heard), default=None)
        made = [
            words.journal(
                entry,
                about=about,
                amount=amount,
                difference=_less(amount, follows),
                began=began if began and began <= entry.recorded_at else None,
                held=any(command.state == "exception" for command in commands),
                references=self.references["journal", entry.id],
            )
        ]
        made.extend(
            postings.posting(command, entry, about=about, tries=self.tries[command.id])
            for command in commands
        )
        if not commands:
            made.append(postings.unrouted(entry, about=about))
        return made


def _less(amount: Money | None, parent: Any | None) -> Money | None:
    """This amount less the one it follows from, where both are of one currency."""
    if amount is None or parent is None or parent.amount is None:
        return None
    if parent.currency != amount.currency:
        return None
    return amount - Money(parent.amount, parent.currency)
