"""
What should come next: the hop that a record in this state leads to, and by when. Pure.

An invoice leads to a payment or a failure, a payment to a payout, a won opportunity to a contract
or a subscription, and so on. Before its day a step is only not due; after it, it is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

Node = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Next:
    """
    A ``kind`` in one of ``states`` leads to one of ``to``, within ``days`` of its ``since`` day
    (``dated`` or ``due_on``). ``why`` goes on from "Expected by <day>: ". ``patience`` are the days
    beyond it after which its absence is a case: a weekend, or as long as a bank takes to collect.
    """

    kind: str
    states: frozenset[str]
    to: tuple[str, ...]
    since: str
    days: int
    why: str
    patience: int = 2


@dataclass(frozen=True, slots=True)
class Absent:
    """A step that is not there: after which record, which kind, by which day."""

    after: Node
    kind: str
    by: date
    why: str
    late: bool


NEXT: Final = (
    Next("opportunity", frozenset(("won",)), ("contract", "subscription", "quote"), "dated", 14,
         "the opportunity is won, and no contract or subscription came of it."),
    Next("contract", frozenset(("active",)), ("subscription",), "dated", 3,
         "the contract has begun, and billing has no subscription for it."),
    Next("subscription", frozenset(("active",)), ("invoice",), "dated", 3,
         "the subscription runs, and nothing has been invoiced."),
    Next("invoice", frozenset(("issued", "overdue")), ("payment", "credit"), "due_on", 1,
         "the invoice is due, and no payment or failure is known.", patience=9),
    Next("payment", frozenset(("applied",)), ("payout", "refund", "dispute"), "dated", 14,
         "the processor has taken the money, and no payout holds it."),
)  # fmt: skip


def absent(
    records: Iterable[Any], *, children: Mapping[Node, frozenset[str]], today: date
) -> list[Absent]:
    """
    What each record waits for. A record has ``kind``, ``id``, ``state``, ``dated``, ``due_on`` and
    ``amount``; ``children`` says which kinds came from it. Records without a day wait for nothing,
    and neither do those of zero.
    """
    found = []
    for row in records:
        node = (row.kind, row.id)
        for rule in NEXT:
            if rule.kind != row.kind or row.state not in rule.states:
                continue
            since: date | None = getattr(row, rule.since) or row.dated
            if since is None or row.amount == 0 or children.get(node, frozenset()) & {*rule.to}:
                continue
            by = since + timedelta(days=rule.days)
            found.append(Absent(node, rule.to[0], by, rule.why, late=today > by))
    return found
