"""
Rules beyond the key, in their order, and matches that stand, over the rows that are left.

A rule takes only what it can take without a doubt: when a row could be joined in two ways, it is
left over and suggested to a person. What a rule joins is kept as a match, so that it can be counted
and taken apart; what people joined comes before every rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from revops.reconciliation.engine.rows import Which
from revops.reconciliation.engine.sides import Scope
from revops.reconciliation.models import Rule
from revops.reconciliation.models.rules import Shape, Strength
from revops.store import sql

_HOLD: Final = """
UPDATE rec_rest AS row SET match_id = item.match_id
FROM reconciliation_matchitem AS item
WHERE item.pair_id = %(pair)s AND item.standing AND item.side = row.side
    AND item.item_key = row.item_key
"""

# Rows that read differently than they did, or are not there any more; and promises that are over.
_BROKEN: Final = """
SELECT item.match_id, bool_or(row.item_key IS NULL) AS gone
FROM reconciliation_matchitem AS item
JOIN reconciliation_match AS match ON match.id = item.match_id
LEFT JOIN rec_rest AS row ON row.side = item.side AND row.item_key = item.item_key
WHERE item.pair_id = %(pair)s AND item.standing AND match.legal_entity_id = %(entity)s
    AND item.dated BETWEEN %(starts)s AND %(ends)s
    AND (row.item_key IS NULL OR row.amount <> item.amount OR row.dated <> item.dated
        OR row.currency <> match.currency)
GROUP BY item.match_id ORDER BY item.match_id
"""

_OVERDUE: Final = """
SELECT id FROM reconciliation_match
WHERE pair_id = %(pair)s AND legal_entity_id = %(entity)s AND period_code = %(period)s
    AND released_at IS NULL AND reason = 'timing' AND expected_by < %(today)s
ORDER BY id
"""

_COLUMNS: Final = frozenset(
    {"key", "number", "reference", "group_key", "party", "amount", "currency", "dated"}
)
_WORDS: Final = frozenset({"key", "number", "reference", "group_key", "party"})


@dataclass(frozen=True, slots=True)
class Joined:
    """Rows of both sides that a rule joins: ids with amount and day."""

    rule_id: int
    currency: str
    left: Sequence[tuple[str, int, date]]
    right: Sequence[tuple[str, int, date]]

    @property
    def left_amount(self) -> int:
        return sum(amount for _, amount, _ in self.left)

    @property
    def right_amount(self) -> int:
        return sum(amount for _, amount, _ in self.right)


def hold(scope: Scope) -> None:
    """Mark the rows that standing matches hold: they are not looked at any further."""
    sql.once(sql.literal(_HOLD, {"pair": scope.pair_id}))


def broken(scope: Scope) -> dict[int, str]:
    """Standing matches a row of which changed or is gone, with why; by id."""
    values = {
        "pair": scope.pair_id, "entity": scope.entity_id, "starts": scope.starts,
        "ends": scope.ends,
    }  # fmt: skip
    return {
        row.match_id: "A row of it is gone." if row.gone else "A row of it changed."
        for row in sql.once(sql.literal(_BROKEN, values))
    }


def overdue(scope: Scope, today: date) -> list[int]:
    """Matches whose difference should have cleared before today."""
    values = {
        "pair": scope.pair_id, "entity": scope.entity_id, "period": scope.period_code,
        "today": today,
    }  # fmt: skip
    return [row.id for row in sql.once(sql.literal(_OVERDUE, values))]


def by_rules(rules: Iterable[Rule], entity_id: int) -> Iterator[Joined]:
    """What each automatic rule joins of the rows that no earlier one took; takes them away."""
    for rule in rules:
        if rule.strength != Strength.AUTOMATIC:
            continue
        if rule.legal_entity_id not in (None, entity_id):
            continue
        for found in sql.once(_statement(rule)):
            yield _joined(rule, found)


def take(joined: Sequence[tuple[int, Joined]]) -> None:
    """The rows belong to these matches now: (match id, rows)."""
    rows = [
        (which, key, match_id)
        for match_id, one in joined
        for which, items in (("left", one.left), ("right", one.right))
        for key, _, _ in items
    ]
    if rows:
        sides, keys, ids = (list(column) for column in zip(*rows, strict=True))
        sql.run(
            "UPDATE rec_rest AS row SET match_id = taken.match_id FROM "
            "unnest(%s::text[], %s::text[], %s::bigint[]) AS taken (side, item_key, match_id) "
            "WHERE row.side = taken.side AND row.item_key = taken.item_key",
            (sides, keys, ids),
        )


def _joined(rule: Rule, found: Any) -> Joined:
    def items(which: str) -> list[tuple[str, int, date]]:
        told = zip(
            getattr(found, f"{which}_ids"), getattr(found, f"{which}_amounts"),
            getattr(found, f"{which}_days"), strict=True,
        )  # fmt: skip
        return list(told)

    return Joined(rule.pk, found.currency, items("left"), items("right"))


def _statement(rule: Rule) -> str:
    left, right = "one", "one"
    if rule.shape == Shape.ONE_TO_MANY:
        right = "many"
    elif rule.shape == Shape.MANY_TO_ONE:
        left = "many"
    keys = [name for name in rule.keys if name in _COLUMNS]
    met = [f"l.{name} = r.{name}" for name in ("currency", *keys) if name in ("currency", *keys)]
    if rule.reference_in_text:
        met.append(_NAMED)
    met.append(f"abs(l.amount - r.amount) <= {_tolerance(rule)}")
    if rule.days_within is not None:
        days = int(rule.days_within)
        met.append(f"greatest(abs(l.first - r.latest), abs(r.first - l.latest)) <= {days}")
    # A row that could be joined in two ways is left to a person.
    return (
        f"WITH l AS ({_rows('left', left, keys, rule)}), r AS ({_rows('right', right, keys, rule)}), "  # noqa: S608, E501  our own literals, a statement in a line
        f"met AS (SELECT l.currency, l.ids AS left_ids, l.amounts AS left_amounts, "
        f"l.days AS left_days, r.ids AS right_ids, r.amounts AS right_amounts, "
        f"r.days AS right_days, count(*) OVER (PARTITION BY l.ids) AS lefts, "
        f"count(*) OVER (PARTITION BY r.ids) AS rights "
        f"FROM l JOIN r ON {' AND '.join(met)}) "
        f"SELECT * FROM met WHERE lefts = 1 AND rights = 1 ORDER BY left_ids, right_ids"
    )


_NAMED: Final = """(
    (length(r.number) >= 4 AND position(lower(r.number) IN lower(l.reference)) > 0)
    OR (length(l.number) >= 4 AND position(lower(l.number) IN lower(r.reference)) > 0))"""


def _rows(which: Which, how: str, keys: Sequence[str], rule: Rule) -> str:
    """Rows of a side, or what several that share the rule's words add up to."""
    where = f"side = '{which}' AND match_id IS NULL"
    # What the key has met already differs in something: that is for people, not for another rule.
    where += " AND alone" if rule.shape == Shape.ONE_TO_ONE else ""
    where += "".join(f" AND {name} <> ''" for name in keys if name in _WORDS)
    if rule.currency:
        where += sql.literal(" AND currency = %(currency)s", {"currency": rule.currency})
    shared = [name for name in keys if name in _WORDS or name == "dated"]
    if how == "one":
        return (
            "SELECT currency, key, number, reference, group_key, party, dated, amount, "  # noqa: S608  our own literals
            "dated AS first, dated AS latest, ARRAY[item_key] AS ids, ARRAY[amount] AS amounts, "
            f"ARRAY[dated] AS days FROM rec_rest WHERE {where}"
        )
    empty = [
        name for name in ("key", "number", "reference", "group_key", "party") if name not in shared
    ]
    blank = "".join(f", '' AS {name}" for name in empty)
    told = "".join(f", {name}" for name in shared)
    day = "" if "dated" in shared else ", max(dated) AS dated"
    return (
        f"SELECT currency{told}{blank}{day}, sum(amount)::bigint AS amount, "  # noqa: S608  our own literals
        "min(dated) AS first, max(dated) AS latest, array_agg(item_key ORDER BY item_key) AS ids, "
        "array_agg(amount ORDER BY item_key) AS amounts, "
        "array_agg(dated ORDER BY item_key) AS days "
        f"FROM rec_rest WHERE {where} GROUP BY currency{told}"
    )


def _tolerance(rule: Rule) -> str:
    within, share = int(rule.amount_within), int(rule.per_mille)
    part = f"abs(l.amount) * {share} / 1000"
    if within and share:
        return f"least({within}, {part})"
    return part if share else str(within)
