"""
Which customers are one, as far as that is certain.

Two accounts are one customer when a system names the other system's id for it, when a system has
merged them itself, or when they have the same tax id in the same country. What is less certain is
proposed to a person (``identity/``); what a person has kept apart or parted again stays apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from revops.canonical.operations.rows import CustomerRow
from revops.canonical.operations.tables import Tables
from revops.kernel import strict_json
from revops.store import sql

Node = tuple[str, int]
Edge = tuple[Node, Node, dict[str, str]]

TELLING = frozenset({"address", "merged_into", "other_ids", "tax_id"})


def keys(data: Any) -> Iterable[str]:
    """What two batches must not decide about at once; the names for ``sql.lock_objects``."""
    for one in getattr(data, "other_ids", ()):
        yield f"customer:{one.id}"
    if getattr(data, "tax_id", ""):
        yield "tax:" + "".join(filter(str.isalnum, data.tax_id.upper()))[-8:]


def assign(tables: Tables, at: datetime) -> None:
    """
    Give each new customer its party, and make one of parties that this batch shows to be one.

    Before the rows are written; sets ``party_id`` of the rows.
    """
    new = tables.customer.new()
    asked = {row.id: row for row in (*new, *_evident(tables))}
    if not asked:
        return
    edges = _edges(tables, list(asked.values()))
    named = {node for left, right, _ in edges for node in (left, right)}
    known = sorted({node for kind, node in named if kind == "party"} | {
        row.party_id for row in asked.values() if row.party_id
    })  # fmt: skip
    barred = _barred(known) if known else set()
    roots: dict[Node, Node] = {}
    merged: list[tuple[int, int, dict[str, str]]] = []
    for left, right, evidence in edges:
        one, other = _root(roots, left), _root(roots, right)
        if one == other:
            continue
        # Parties come before rows that have none yet, and the older one survives.
        survivor, absorbed = sorted((one, other))
        if survivor[0] == absorbed[0] == "party":
            if any(pair in barred for pair in ((survivor[1], absorbed[1]), (left[1], right[1]))):
                continue
            merged.append((survivor[1], absorbed[1], evidence))
        roots[absorbed] = survivor
    fresh = [row for row in new if _root(roots, ("row", row.id)) == ("row", row.id)]
    made = dict(
        zip((row.id for row in fresh), sql.new_ids("canonical_party", len(fresh)), strict=True)
    )
    _PARTIES.insert([
        (party_id, tables.customer.by_id(row_id).name, *[""] * 10, at, at)
        for row_id, party_id in made.items()
    ])  # fmt: skip
    for row in asked.values():
        kind, node = _root(roots, ("row", row.id) if row.id in {one.id for one in new} else
                           ("party", row.party_id))  # fmt: skip
        row.party_id = made[node] if kind == "row" else node
    tables.parties_made.update(made.values())
    tables.parties_joined.update({row.party_id for row in asked.values()} - set(made.values()))
    _merge(merged, tables, at)


def _evident(tables: Tables) -> list[CustomerRow]:
    """Known customers of which something changed that says who they are."""
    return [
        tables.customer.by_id(record_id)
        for record_id in {
            change.record_id for change in tables.customer.history if change.field in TELLING
        }
    ]


def _root(roots: dict[Node, Node], node: Node) -> Node:
    while node in roots:
        node = roots[node]
    return node


def _edges(tables: Tables, asked: Sequence[CustomerRow]) -> list[Edge]:
    """Pairs that are one customer, with the evidence; in one order."""
    fresh = {row.id for row in tables.customer.new()}
    nodes = {
        row.id: ("row", row.id) if row.id in fresh else ("party", row.party_id) for row in asked
    }
    found: list[Edge] = []
    named = [
        (row.id, one["system"], one["id"])
        for row in asked
        for one in strict_json.loads(row.other_ids)
    ]
    rows = sql.rows(
        _MATCHES,
        {
            "ids": [row.id for row in asked],
            "own": tables.connection_id,
            "sources": [row.source_id for row in asked],
            "taxes": [row.tax_key for row in asked],
            "named": [row_id for row_id, _, _ in named],
            "systems": [system for _, system, _ in named],
            "others": [other for _, _, other in named],
        },
    )
    for row in rows:
        node = nodes[row.id]
        if node != ("party", row.party_id):
            evidence = {"kind": row.kind, "left": row.value, "right": row.other}
            found.append((("party", row.party_id), node, evidence))
    # Within the batch: the same tax id, and a merge that the system has made.
    taxed: dict[str, Node] = {}
    for row in sorted(asked, key=lambda one: one.id):
        if row.tax_key:
            first = taxed.setdefault(row.tax_key, nodes[row.id])
            if first != nodes[row.id]:
                evidence = {"kind": "tax_id", "left": row.tax_id, "right": row.tax_id}
                found.append((first, nodes[row.id], evidence))
        if row.merged_into_id is not None:
            survivor = tables.customer.by_id(row.merged_into_id)
            node = ("row", survivor.id) if survivor.id in fresh else ("party", survivor.party_id)
            evidence = {"kind": "merged", "left": survivor.source_id, "right": row.source_id}
            if node != nodes[row.id]:
                found.append((node, nodes[row.id], evidence))
    return found


def _barred(parties: Sequence[int]) -> set[tuple[int, int]]:
    """Pairs that a person has kept apart, or has parted again."""
    found = sql.rows(_BARRED, {"ids": list(parties)})
    return {pair for row in found for pair in ((row.one, row.two), (row.two, row.one))}


def _merge(merged: Sequence[tuple[int, int, dict[str, str]]], tables: Tables, at: datetime) -> None:
    """Move customers to the surviving party; every step is undoable from its Merge."""
    final = {absorbed: survivor for survivor, absorbed, _ in merged}
    for survivor, absorbed, evidence in merged:
        while survivor in final:
            survivor = final[survivor]
        sql.run(
            _MERGE,
            {
                "survivor": survivor, "absorbed": absorbed, "at": at,
                "evidence": strict_json.dumps([evidence]),
            },
        )  # fmt: skip
        tables.parties_touched.add(survivor)
        tables.parties_joined.update((survivor, absorbed))
    moved: dict[int, int] = defaultdict(int)
    for absorbed, survivor in final.items():
        while survivor in final:
            survivor = final[survivor]
        moved[absorbed] = survivor
    for row in tables.customer.known():
        row.party_id = moved.get(row.party_id, row.party_id)


_PARTIES = sql.Columns(
    "canonical_party",
    id="bigint",
    name="text",
    domain="text",
    tax_id="text",
    country="text",
    region="text",
    currency="text",
    health_band="text",
    health_reason="text",
    renewal_currency="text",
    renewal_risk="text",
    milestone="text",
    created_at="timestamptz",
    updated_at="timestamptz",
)
_MATCHES = """
WITH asked AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(sources)s::text[], %(taxes)s::text[])
        AS asked (id, source_id, tax_key)
), own AS (
    SELECT lower(slug) AS slug, lower(connector) AS connector, lower(label) AS label
    FROM connectors_connection WHERE id = %(own)s
)
SELECT 'other_id' AS kind, named.id, customer.party_id, named.other AS value,
    customer.source_id AS other
FROM unnest(%(named)s::bigint[], %(systems)s::text[], %(others)s::text[])
    AS named (id, system, other)
JOIN connectors_connection connection
    ON lower(named.system) IN (lower(slug), lower(connector), lower(label))
JOIN canonical_customer customer
    ON customer.connection_id = connection.id AND customer.source_id = named.other
    AND customer.id <> named.id
UNION ALL
SELECT 'other_id', asked.id, customer.party_id, customer.source_id, asked.source_id
FROM asked JOIN canonical_customer customer
    ON customer.other_ids @> jsonb_build_array(jsonb_build_object('id', asked.source_id))
    AND customer.id <> asked.id
WHERE EXISTS (
    SELECT 1 FROM own, jsonb_array_elements(customer.other_ids) AS noted
    WHERE noted ->> 'id' = asked.source_id
        AND lower(noted ->> 'system') IN (own.slug, own.connector, own.label)
)
UNION ALL
SELECT 'tax_id', asked.id, customer.party_id, customer.tax_id, asked.tax_key
FROM asked JOIN canonical_customer customer
    ON customer.tax_key = asked.tax_key AND customer.tax_key <> '' AND customer.id <> asked.id
ORDER BY 1, 2, 3
"""
_BARRED = """
SELECT left_id AS one, right_id AS two FROM canonical_mergeproposal
WHERE (state = 'kept_apart' OR (state = 'open' AND by_id IS NOT NULL))
    AND (left_id = ANY(%(ids)s) OR right_id = ANY(%(ids)s))
UNION SELECT survivor_id, absorbed_id FROM canonical_merge
WHERE undone_at IS NOT NULL AND (survivor_id = ANY(%(ids)s) OR absorbed_id = ANY(%(ids)s))
"""
_MERGE = """
WITH both_parties AS MATERIALIZED (
    SELECT id FROM canonical_party
    WHERE id IN (%(survivor)s, %(absorbed)s) AND merged_into_id IS NULL
    ORDER BY id FOR NO KEY UPDATE
), moved AS (
    UPDATE canonical_customer SET party_id = %(survivor)s, updated_at = %(at)s
    WHERE party_id = %(absorbed)s AND (SELECT count(*) FROM both_parties) = 2 RETURNING id
), gone AS (
    UPDATE canonical_party SET merged_into_id = %(survivor)s, updated_at = %(at)s
    WHERE id = %(absorbed)s AND (SELECT count(*) FROM both_parties) = 2
), children AS (
    UPDATE canonical_party SET parent_id = nullif(%(survivor)s::bigint, id)
    WHERE parent_id = %(absorbed)s AND (SELECT count(*) FROM both_parties) = 2
)
INSERT INTO canonical_merge (survivor_id, absorbed_id, customer_ids, evidence, reason, at)
SELECT %(survivor)s, %(absorbed)s, coalesce((SELECT jsonb_agg(id ORDER BY id) FROM moved), '[]'),
    %(evidence)s::jsonb, '', %(at)s
WHERE (SELECT count(*) FROM both_parties) = 2
"""
