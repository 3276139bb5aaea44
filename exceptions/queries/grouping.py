"""By which facts a cause can be split, with what it can be merged, and what people grouped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from exceptions.grouping import COLUMNS, label_of, stated
from exceptions.models import Cause, Regrouping
from revops.store import sql

_MOST: Final = 50
# More values than this are ids of single documents, by which nobody splits.
_WIDEST: Final = 40

_VALUES: Final = """
SELECT told.fact, told.value, count(*) AS cases
FROM exceptions_case held
LEFT JOIN mappings_legalentity entity ON entity.id = held.legal_entity_id
CROSS JOIN LATERAL (
    SELECT 'entity' AS fact, coalesce(entity.code, '') AS value
    UNION ALL SELECT 'period', held.period_code
    UNION ALL SELECT 'system', held.connection_slug
    UNION ALL SELECT 'fact:' || (said ->> 0), said ->> 1
        FROM jsonb_array_elements(held.facts) AS said
) AS told
WHERE held.cause_key = %s AND NOT (held.state = 'resolved')
GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
"""
_LIKE: Final = """
SELECT other.key, other.sentence, sum(tally.cases)::bigint AS cases
FROM exceptions_cause own
JOIN exceptions_cause other ON other.kind = own.kind AND other.key <> own.key
JOIN exceptions_tally tally ON tally.cause_key = other.key
WHERE own.key = %s
GROUP BY 1, 2 HAVING sum(tally.cases) > 0 ORDER BY 3 DESC, 1 LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact in which cases of a cause differ; ``values`` are (value, cases), the most first."""

    fact: str
    values: Sequence[tuple[str, int]]

    @property
    def label(self) -> str:
        return label_of(self.fact)


def facts_of(cause_key: str) -> list[Fact]:
    """Those by which the cause can be split. One query."""
    found: dict[str, list[tuple[str, int]]] = {}
    for row in sql.rows(_VALUES, (cause_key,)):
        found.setdefault(row.fact, []).append((row.value or "", row.cases))
    order = [*COLUMNS, *sorted(fact for fact in found if fact not in COLUMNS)]
    return [
        Fact(fact if fact in COLUMNS else stated(label_of(fact)), found[fact])
        for fact in order
        if fact in found and 1 < len(found[fact]) <= _WIDEST
    ]


def causes_like(cause_key: str) -> list[tuple[str, str, int]]:
    """(key, sentence, cases) of open causes of the same kind, the largest first. One query."""
    return [(row.key, row.sentence, row.cases) for row in sql.rows(_LIKE, (cause_key, _MOST))]


@dataclass(frozen=True, slots=True)
class Grouped:
    """What somebody did with a cause. ``leads`` are the causes (key, sentence) it went to."""

    regrouping: Regrouping
    sentence: str
    leads: Sequence[tuple[str, str]]


_PARTS: Final = """
SELECT DISTINCT held.cause_key AS key, held.cause AS sentence FROM exceptions_case held
WHERE held.root_key = %s AND NOT (held.state = 'resolved') ORDER BY 2 LIMIT %s
"""


def grouped(cause_key: str) -> list[Grouped]:
    """What stands about a cause: where it went, or what came to it. One query, and two if any."""
    standing = Regrouping.objects.filter(ended_at=None).select_related("by").order_by("pk")
    every = list(standing.filter(Q(from_key=cause_key) | Q(to_key=cause_key)))
    if not every:
        return []
    out = [one for one in every if one.from_key == cause_key]
    came = [one for one in every if one.from_key != cause_key]
    said = dict(
        Cause.objects.filter(key__in=[one.from_key for one in came] + [o.to_key for o in out])
        .values_list("key", "sentence")
    )  # fmt: skip
    found = []
    for one in out:
        if one.fact:
            parts = [(row.key, row.sentence) for row in sql.rows(_PARTS, (cause_key, _MOST))]
            found.append(Grouped(one, f"Split by {label_of(one.fact).lower()}", parts))
        else:
            found.append(
                Grouped(one, "Merged into another cause", [(one.to_key, said.get(one.to_key, ""))])
            )
    for one in came:
        words = f"“{said.get(one.from_key, one.from_key)}” was merged into it"
        found.append(Grouped(one, words, ()))
    return found
