"""
Under which cause a case stands: the one that the line gave it, unless people merged that one with
another or split it by a fact. Intake asks here, and so does whoever groups causes anew.

The cause that the line gave (the root) stays with the case, so that what people grouped can be
taken back, and a case of the root that comes later finds its way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from revops.kernel.keys import sha256
from revops.store import sql

# Facts that every case has, by the name of their column; others are those that it states.
COLUMNS: Final[Mapping[str, tuple[str, str]]] = {
    "entity": ("legal_entity_id", "Legal entity"),
    "period": ("period_code", "Period"),
    "system": ("connection_slug", "System"),
}
_STATED: Final = "fact:"
_NONE: Final = "not known"
_ROUNDS: Final = 8
_CAUSE_KEY: Final = 16

_STANDING: Final = """
SELECT held.from_key, held.fact, held.to_key, coalesce(target.sentence, '') AS sentence
FROM exceptions_regrouping held LEFT JOIN exceptions_cause target ON target.key = held.to_key
WHERE held.ended_at IS NULL AND held.from_key = ANY(%s)
"""
_ENTITIES: Final = "SELECT id, code FROM mappings_legalentity WHERE id = ANY(%s)"


@dataclass(slots=True)
class Place:
    """A case in its cause: ``root`` is the line's own; ``row`` has the columns that facts need."""

    root: str
    key: str
    sentence: str
    row: Mapping[str, Any]


def places(rows: Iterable[Mapping[str, Any]]) -> list[Place]:
    """
    Where cases stand now. Each row has ``cause_key`` and ``cause`` as the line gives them,
    ``legal_entity_id``, ``period_code``, ``connection_slug`` and ``facts``. One query where nobody
    grouped anything, a few where somebody did.
    """
    found = [Place(row["cause_key"], row["cause_key"], row["cause"], row) for row in rows]
    moving = found
    for _ in range(_ROUNDS):
        keys = list({one.key for one in moving})
        rules = {rule.from_key: rule for rule in sql.rows(_STANDING, (keys,))} if keys else {}
        if not rules:
            break
        moving = [one for one in moving if one.key in rules]
        split = [one for one in moving if rules[one.key].fact == "entity"]
        codes = _codes(split)
        for one in moving:
            rule = rules[one.key]
            if not rule.fact:
                one.key, one.sentence = rule.to_key, rule.sentence or one.sentence
                continue
            value = value_of(one.row, rule.fact)
            one.key = part_of(one.key, rule.fact, value)
            shown = codes.get(value, value) if rule.fact == "entity" else value
            one.sentence = f"{one.sentence}: {shown or _NONE}"
    return found


def part_of(key: str, fact: str, value: str) -> str:
    """The cause of the cases of a split one that have this value."""
    return sha256(f"{key}|{fact}|{value}")[:_CAUSE_KEY]


def value_of(row: Mapping[str, Any], fact: str) -> str:
    """What a case says of a fact; “” where it says nothing."""
    if fact in COLUMNS:
        value = row[COLUMNS[fact][0]]
        return "" if value is None else str(value)
    wanted = fact.removeprefix(_STATED)
    stated = row["facts"]
    if isinstance(stated, str):
        stated = json.loads(stated)
    return next((str(value) for label, value in stated if label == wanted), "")


def stated(label: str) -> str:
    """The name of a fact that cases state under a label."""
    return f"{_STATED}{label}"[:80]


def label_of(fact: str) -> str:
    """A fact as people read it."""
    return COLUMNS[fact][1] if fact in COLUMNS else fact.removeprefix(_STATED)


def _codes(split: Sequence[Place]) -> dict[str, str]:
    ids = {one.row["legal_entity_id"] for one in split} - {None}
    if not ids:
        return {}
    return {str(row.id): str(row.code) for row in sql.rows(_ENTITIES, (sorted(ids),))}
