"""
The hops of a thread in the order of its story, with what is missing shown as missing.

Each record is followed by the deliveries that told of it, its journals, and each journal by its
posting. At most eight queries, whatever the length.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from revops.kernel.money import Money
from revops.lineage.queries import postings, rows, words
from revops.lineage.queries.hops import LABELS, Hop, Thread
from revops.lineage.queries.reach import MOST, RECORDS, Node, reach, start_of


def thread(kind: str, id: int, *, brief: bool = False) -> Thread | None:
    """
    The thread that a record, event, journal or command belongs to; None when there is none.

    ``brief`` leaves out deliveries, attempts and other systems' ids: five queries, for a strip.
    Raises LookupError for a kind that no thread is entered by.
    """
    if kind not in LABELS:
        raise LookupError(f"No thread is entered by “{kind}”.")
    start = start_of(kind, id)
    if not start:
        return None
    nodes = reach([node for node in start if node[0] in RECORDS])
    alone = [node for node in start if node[0] not in RECORDS]
    made = _Telling(nodes[:MOST], alone, brief=brief).hops()
    if not made:
        return None
    return Thread(kind=kind, id=id, hops=made, left_out=max(0, len(nodes) - MOST))


class _Telling:
    """Everything read, by what it belongs to."""

    def __init__(self, nodes: Sequence[Node], alone: Sequence[Node], *, brief: bool) -> None:
        journal_ids = [id for kind, id in alone if kind == "journal"]
        self.records = {(row.kind, row.id): row for row in rows.records(nodes)}
        self.journals: dict[Node | None, list[Any]] = defaultdict(list)
        found = rows.journals(nodes, alone=journal_ids, most=MOST)
        for row in found:
            about = (row.record_kind, row.record_id)
            self.journals[about if about in self.records else None].append(row)
        entry_ids = [row.id for row in found]
        self.commands: dict[int, list[Any]] = defaultdict(list)
        commands = rows.commands(entry_ids)
        for row in commands:
            self.commands[row.subject_id].append(row)
        self.events: dict[Node, list[Any]] = defaultdict(list)
        self.tries: dict[int, list[Any]] = defaultdict(list)
        self.references: dict[Node, list[Any]] = defaultdict(list)
        event_ids = [id for kind, id in alone if kind == "event"]
        if not brief or event_ids:
            for row in rows.events(nodes, alone=event_ids):
                self.events[row.kind, row.record_id].append(row)
        if not brief:
            for row in rows.tries([row.id for row in commands]):
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
        ordered = sorted(
            self.records.values(), key=lambda row: (RECORDS.index(row.kind), row.created_at, row.id)
        )
        for row in ordered:
            made.extend(self._record(row))
        for about, told in self.events.items():
            if about[0] == "event":
                made.extend(words.event(row) for row in told if row.id not in self._linked)
        for entry in self.journals[None]:
            made.extend(self._journal(entry, None))
        return made

    def _record(self, row: Any) -> list[Hop]:
        about = (row.kind, row.id)
        told = self.events[about]
        at = min((event.occurred_at for event in told), default=row.created_at)
        parent = self._parent(row)
        amount = Money(row.amount, row.currency) if row.amount is not None else None
        failed = row.kind == "payment" and row.state == "failed"
        hop = words.record(
            row,
            at=at,
            began=min(parent.created_at, at) if parent is not None else None,
            amount=amount,
            difference=None if failed else _less(amount, parent),
            references=self.references[about],
        )
        made = [hop]
        if not self.brief:
            made.extend(words.event(event, about=about) for event in told)
        entries = self.journals[about]
        for entry in entries:
            made.extend(self._journal(entry, row))
        if not entries and (absent := words.absent_journal(row, told, amount)):
            made.append(absent)
        return made

    def _parent(self, row: Any) -> Any | None:
        kind = {
            "subscription": "customer",
            "invoice": "customer",
            "payment": "invoice",
            "refund": "payment",
        }.get(row.kind)
        return self.records.get((kind, row.parent)) if kind and row.parent else None

    def _journal(self, entry: Any, record: Any | None) -> list[Hop]:
        commands = self.commands[entry.id]
        about = (record.kind, record.id) if record is not None else None
        told = self.events[about] if about else []
        amount = Money(entry.amount, entry.currency)
        follows = record if record is not None and entry.document_type == record.kind else None
        began = min((event.received_at for event in told), default=None)
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
