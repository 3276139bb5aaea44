"""
The fields of the customer as one follow their owners.

Set-wise, after the batch's customers and claims are written: one query for the parties, two for
what everybody says, one statement to write what changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from revops.canonical.operations import drifts, history
from revops.canonical.operations.drifts import Outcome, Settled
from revops.canonical.operations.history import Line
from revops.canonical.operations.matrix import Matrix, matrix
from revops.canonical.operations.ownership import SILENT, Said, rule_on, same
from revops.canonical.operations.tables import Tables
from revops.canonical.operations.writing import shown
from revops.kernel import strict_json
from revops.store import sql

# Field of the matrix → column of the party → (part of the claim, type); "" is the whole claim.
FIELDS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "name": {"name": ("", "text")},
    "domain": {"domain": ("", "text")},
    "tax_id": {"tax_id": ("", "text")},
    "country": {"country": ("", "text")},
    "region": {"region": ("", "text")},
    "currency": {"currency": ("", "text")},
    "parent": {"parent_id": ("", "bigint")},
    "health": {
        "health_score": ("score", "numeric"),
        "health_band": ("band", "text"),
        "health_on": ("on", "date"),
        "health_reason": ("reason", "text"),
    },
    "renewal": {
        "renews_on": ("renews_on", "date"),
        "renewal_currency": ("currency", "text"),
        "renewal_amount": ("amount", "bigint"),
        "renewal_probability": ("probability", "numeric"),
        "renewal_risk": ("risk", "text"),
        "forecast_on": ("on", "date"),
    },
    "milestone": {"milestone": ("milestone", "text"), "milestone_on": ("on", "date")},
}
_COLUMNS: Final = {
    column: kind for columns in FIELDS.values() for column, (_, kind) in columns.items()
}


def settle(tables: Tables, at: datetime) -> tuple[Outcome, list[Line]]:
    """Settle the parties of the customers that this batch touched; drifts in money, and history."""
    customers, parties = tables.claims.customers, tables.parties_touched
    if not customers and not parties:
        return Outcome(), []
    return settle_parties(
        [row.id for row in sql.rows(_TOUCHED, (list(customers), list(parties)))],
        tables.matrix,
        at,
        tables=tables,
    )


def settle_parties(
    party_ids: Iterable[int], rules: Matrix, at: datetime, *, tables: Tables | None = None
) -> tuple[Outcome, list[Line]]:
    """
    Make each field of these parties what its owner says. Also for a changed matrix, and after a
    merge or its undoing; then without ``tables``. The caller holds the transaction and writes the
    history that this gives back.
    """
    parties = sql.rows(_PARTIES, (sorted(set(party_ids)),))
    if not parties:
        return Outcome(), []
    said, entities = _said([row.id for row in parties], tables)
    found: list[Settled] = []
    changes: list[Line] = []
    changed: list[list[Any]] = []
    made = tables.parties_made if tables else set()
    for row in parties:
        entity_id = entities[row.id].pop() if len(entities[row.id]) == 1 else None
        values = {column: getattr(row, column) for column in _COLUMNS}
        before = dict(values)
        for field, columns in FIELDS.items():
            standing = _standing(columns, values)
            rule = rules.rule("customer", field, entity_id)
            ruling = rule_on(field, said[row.id, field], rule, standing)
            found.append(Settled(row.id, field, entity_id, ruling, standing))
            if ruling.value == standing or (ruling.by is None and standing in SILENT):
                continue
            values |= _taken(columns, ruling.value)
            if row.id not in made and not same(field, ruling.value, standing):
                event_id = ruling.by.event_id if ruling.by else None
                changes.append(
                    (
                        "party",
                        row.id,
                        field,
                        standing or "null",
                        ruling.value or "null",
                        event_id,
                        0,
                    )
                )
        if values != before:
            changed.append([row.id, *values.values()])
    if changed:
        sql.run(_WRITE, [at, *(list(column) for column in zip(*changed, strict=True))])
    return drifts.settle("party", found, at), changes


def resettle(party_ids: Iterable[int], at: datetime, *, by: str = "") -> Outcome:
    """
    Settle parties again after a merge, its undoing, or a new matrix; ``by`` names the person. The
    caller holds the transaction, and reports the differences in money that this gives back.
    """
    outcome, changes = settle_parties(party_ids, matrix(), at)
    history.write(changes, at, by=by)
    return outcome


def foresee(survivor_id: int, absorbed_id: int) -> dict[str, tuple[str, str]]:
    """
    What a merge would change of the survivor: field → (now, then), as JSON texts, empty for
    nothing. By the same ruling that the merge itself uses; nothing is written.
    """
    row = sql.one(_READ, ([survivor_id],))
    if row is None:
        return {}
    said, entities = _said([survivor_id, absorbed_id], None)
    both = entities[survivor_id] | entities[absorbed_id]
    entity_id = both.pop() if len(both) == 1 else None
    rules = matrix()
    changes: dict[str, tuple[str, str]] = {}
    for field, columns in FIELDS.items():
        standing = _standing(columns, {column: getattr(row, column) for column in _COLUMNS})
        words = [
            one
            for one in (*said[survivor_id, field], *said[absorbed_id, field])
            if field != "parent" or one.value not in (str(survivor_id), str(absorbed_id))
        ]
        then = rule_on(field, words, rules.rule("customer", field, entity_id), standing).value
        if not same(field, then, standing):
            changes[field] = (standing, then)
    return changes


def give_back(party_id: int, owner_id: int, *, since: datetime, at: datetime, by: str) -> None:
    """
    After a merge is undone: empty the fields of ``party_id`` that only the accounts of ``owner_id``
    speak of, and that became what they say after ``since``. Nobody's word is left behind.
    """
    row = sql.one(_READ, ([party_id],))
    if row is None:
        return
    said, entities = _said([party_id, owner_id], None)
    entity_id = entities[party_id].pop() if len(entities[party_id]) == 1 else None
    rules = matrix()
    became = {(one.field, one.after) for one in sql.rows(_BECAME, (party_id, since)) if one.after}
    values = {column: getattr(row, column) for column in _COLUMNS}
    lines: list[Line] = []
    for field, columns in FIELDS.items():
        standing = _standing(columns, values)
        rule = rules.rule("customer", field, entity_id)
        own = [one for one in said[party_id, field] if one.value not in SILENT]
        if own or standing in SILENT or (rule is not None and rule.owner_id is None):
            continue
        theirs = any(same(field, one.value, standing) for one in said[owner_id, field])
        if theirs and any(name == field and same(field, value, standing) for name, value in became):
            values |= _taken(columns, "")
            lines.append(("party", party_id, field, standing, "null", None, 0))
    if lines:
        sql.run(_WRITE, [at, [party_id], *([values[column]] for column in _COLUMNS)])
        history.write(lines, at, by=by)


def _said(
    parties: list[int], tables: Tables | None
) -> tuple[dict[tuple[int, str], list[Said]], dict[int, set[int | None]]]:
    """What every account of these parties says, by party and field; and whose books they are in."""
    said: dict[tuple[int, str], list[Said]] = defaultdict(list)
    entities: dict[int, set[int | None]] = defaultdict(set)
    for row in (*sql.rows(_SAID, (parties,)), *sql.rows(_PARENTS, (parties,))):
        entities[row.party_id].add(row.legal_entity_id)
        own = tables is not None and row.connection_id == tables.connection_id
        news = tables.claims.news("customer", row.id, row.field) if tables and own else ""
        one = Said(
            row.connection_id, row.source_id, strict_json.dumps(strict_json.loads(row.value)),
            row.since, row.at, row.event_id, int(row.merged), news,
        )  # fmt: skip
        said[row.party_id, row.field].append(one)
    return said, entities


def _standing(columns: Mapping[str, tuple[str, str]], values: Mapping[str, Any]) -> str:
    """What the party holds, written as a claim would be."""
    parts = {part: values[column] for column, (part, _) in columns.items()}
    if "" in parts:
        return shown(parts[""]) if parts[""] is not None else ""
    if all(value in (None, "") for value in parts.values()):
        return ""
    return strict_json.dumps(
        {part: strict_json.loads(shown(value)) for part, value in parts.items()}
    )


def _taken(columns: Mapping[str, tuple[str, str]], value: str) -> dict[str, Any]:
    said = strict_json.loads(value) if value else None
    return {
        column: _typed(said if not part else (said or {}).get(part), kind)
        for column, (part, kind) in columns.items()
    }


def _typed(value: Any, kind: str) -> Any:
    if kind == "text":
        return value or ""
    if value is None:
        return None
    if kind == "date":
        return date.fromisoformat(value)
    return Decimal(value) if kind == "numeric" else int(value)


_TOUCHED = """
SELECT party_id AS id FROM canonical_customer WHERE id = ANY(%s) UNION SELECT unnest(%s::bigint[])
"""
_READ = (
    f"SELECT id, {', '.join(_COLUMNS)} FROM canonical_party "  # noqa: S608  own literals
    "WHERE id = ANY(%s) ORDER BY id"
)
_PARTIES = f"{_READ} FOR NO KEY UPDATE"
_BECAME = """
SELECT field, after::text AS after FROM canonical_recordchange
WHERE record_kind = 'party' AND record_id = %s AND at >= %s
"""
# The parent is said by the place in a system's own hierarchy; whose party that is may change.
_SAID = """
SELECT customer.party_id, customer.id, customer.legal_entity_id, customer.source_id,
    customer.merged_into_id IS NOT NULL AS merged, claim.connection_id, claim.field,
    claim.value::text AS value, claim.since, claim.at, claim.event_id
FROM canonical_customer customer
JOIN canonical_claim claim ON claim.record_kind = 'customer' AND claim.record_id = customer.id
WHERE customer.party_id = ANY(%s)
"""
_PARENTS = """
SELECT customer.party_id, customer.id, customer.legal_entity_id, customer.source_id,
    customer.merged_into_id IS NOT NULL AS merged, customer.connection_id, 'parent' AS field,
    parent.party_id::text AS value, coalesce(min(claim.since), customer.created_at) AS since,
    coalesce(customer.told_at, customer.created_at) AS at, max(claim.event_id) AS event_id
FROM canonical_customer customer
JOIN canonical_customer parent ON parent.id = customer.parent_id
    AND parent.party_id <> customer.party_id
LEFT JOIN canonical_claim claim ON claim.record_kind = 'customer'
    AND claim.record_id = customer.id
WHERE customer.party_id = ANY(%s) GROUP BY customer.id, parent.party_id
"""
_WRITE = (
    "UPDATE canonical_party AS old SET updated_at = %s, "  # noqa: S608  own literals
    + ", ".join(f"{column} = new.{column}" for column in _COLUMNS)
    + " FROM unnest(%b::bigint[], "
    + ", ".join(f"%b::{kind}[]" for kind in _COLUMNS.values())
    + f") AS new (id, {', '.join(_COLUMNS)}) WHERE old.id = new.id"
)
