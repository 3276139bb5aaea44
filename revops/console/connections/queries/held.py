"""What is held for a person at a connection: its unresolved cases, and sums of money."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from exceptions import kinds
from revops.kernel.money import Money
from revops.store import sql

_CASES: Final = """
SELECT connection_slug AS slug, currency, count(*) AS cases,
    count(*) FILTER (WHERE held) AS held,
    coalesce(sum(at_stake) FILTER (WHERE held), 0)::bigint AS held_amount,
    bool_or(kind = 'webhooks_missing') AS webhooks_missing
FROM (
    SELECT connection_slug, currency, kind, at_stake,
        command_id IS NOT NULL AND state = 'open' AS held
    FROM exceptions_case WHERE state <> 'resolved' AND connection_slug = ANY(%s)
) AS unresolved
GROUP BY connection_slug, currency
"""


_KINDS: Final = """
SELECT kind, count(*) AS cases FROM exceptions_case
WHERE state <> 'resolved' AND connection_slug = %s GROUP BY kind ORDER BY cases DESC, kind
"""


@dataclass(frozen=True, slots=True)
class Playbook:
    """A page of what to do, for so many cases."""

    slug: str
    label: str
    cases: int


@dataclass(slots=True)
class Cases:
    """
    Unresolved cases that name the connection. ``held`` of them are postings that wait for a
    person, so they are in no backlog; ``held_money`` is theirs, minor units by currency.
    """

    count: int = 0
    held: int = 0
    held_money: dict[str, int] = field(default_factory=dict)
    webhooks_missing: bool = False

    @property
    def amounts(self) -> list[Money]:
        return amounts(self.held_money.items())


def cases_of(slugs: Sequence[str]) -> dict[str, Cases]:
    """By slug; a connection without an unresolved case is absent. One query."""
    found: dict[str, Cases] = {}
    for row in sql.rows(_CASES, (list(slugs),)):
        cases = found.setdefault(row.slug, Cases())
        cases.count += row.cases
        cases.held += row.held
        if row.currency and row.held:
            cases.held_money[row.currency] = row.held_amount
        cases.webhooks_missing = cases.webhooks_missing or row.webhooks_missing
    return found


def playbooks_of(slug: str) -> list[Playbook]:
    """What to do about the unresolved cases of a connection, most cases first. One query."""
    found: dict[str, Playbook] = {}
    for row in sql.rows(_KINDS, (slug,)):
        kind = kinds.described(row.kind)
        if kind.playbook:
            known = found.get(kind.playbook)
            count = row.cases + (known.cases if known else 0)
            found[kind.playbook] = Playbook(
                kind.playbook, known.label if known else kind.label, count
            )
    return list(found.values())


def amounts(items: Iterable[tuple[str, int]]) -> list[Money]:
    """Minor units summed within each currency and never across, the largest first."""
    sums: dict[str, int] = {}
    for currency, minor in items:
        if currency:
            sums[currency] = sums.get(currency, 0) + minor
    ranked = sorted(sums.items(), key=lambda item: (-abs(item[1]), item[0]))
    return [Money(minor, currency) for currency, minor in ranked]
