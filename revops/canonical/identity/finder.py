"""
Pairs of customers that are alike, proposed to a person once.

Each customer keeps keys of its name, domains, tax IDs and places (``keys``), and the database
finds, set-wise, who shares one. A key brings few others, so that what many share cannot make the
number of pairs explode. ``scoring`` then says why they are alike, or that not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from revops.canonical.identity.keys import Keys, keys
from revops.canonical.identity.scoring import PROPOSE, Compared, compare
from revops.canonical.identity.sides import sides
from revops.canonical.models import ProposalState
from revops.kernel import strict_json
from revops.store import sql

# Others that a key brings at most, the newest first: one that says much alone, and one of the
# others, of which those are compared that share the most.
_EXACT: Final = 10
_ALIKE: Final = 40
_NEAREST: Final = 20
_CHUNK: Final = 500

# Whoever proposes or decides holds this, so that nothing is proposed that is being decided.
LOCK: Final = "identity"

Pair = tuple[int, int]
Said = frozenset[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Found:
    """How many customers were looked at, pairs compared, proposals made and taken back."""

    looked_at: int = 0
    compared: int = 0
    proposed: int = 0
    withdrawn: int = 0

    def __add__(self, other: Found) -> Found:
        return Found(
            self.looked_at + other.looked_at,
            self.compared + other.compared,
            self.proposed + other.proposed,
            self.withdrawn + other.withdrawn,
        )


def find(*, since: datetime | None = None) -> Found:
    """
    Look for pairs among all customers that are new or changed since then; without ``since`` among
    all. In transactions of ``_CHUNK`` customers. A pair that a person keeps apart is proposed again
    only when something agrees that did not then.
    """
    total, last = Found(withdrawn=_tidy()), 0
    while True:
        with sql.atomic():
            rows = sql.rows(_NEXT, {"last": last, "since": since, "most": _CHUNK})
            if not rows:
                return total
            ids = [row.id for row in rows]
            total += look_at(ids, at=rows[0].at)
        last = ids[-1]


def look_at(party_ids: Sequence[int], *, at: datetime) -> Found:
    """Compare these customers with what is like them. The caller holds the transaction."""
    sql.lock_objects([LOCK])
    known = sides(party_ids)
    found = {party_id: keys(side) for party_id, side in known.items()}
    _keep(found)
    pairs = _candidates(found)
    known |= sides({party for pair in pairs for party in pair} - known.keys())
    compared = {
        (one, two): compare(known[one], known[two])
        for one, two in pairs
        if one in known and two in known
    }
    proposed, withdrawn = _write(compared, at)
    return Found(len(party_ids), len(compared), proposed, withdrawn)


def _keep(found: Mapping[int, Keys]) -> None:
    """Store their keys, and forget those that they had before."""
    rows = [(party_id, key) for party_id, one in found.items() for key in sorted(one.stored)]
    _KEYS.insert(rows, "ON CONFLICT DO NOTHING")
    columns = [party_id for party_id, _ in rows], [key for _, key in rows]
    sql.run(_FORGET, (list(found), *columns))


def _candidates(found: Mapping[int, Keys]) -> list[Pair]:
    """Whoever shares a key with them, and whom they are proposed with."""
    rows = [
        (party_id, key, key in one.exact)
        for party_id, one in found.items()
        for key in sorted(one.asked)
    ]
    columns = {
        "asking": [party_id for party_id, _, _ in rows],
        "keys": [key for _, key, _ in rows],
        "exact": [exact for _, _, exact in rows],
        "ids": list(found),
        "few": _EXACT,
        "many": _ALIKE,
        "nearest": _NEAREST,
    }
    return [(row.one, row.two) for row in sql.rows(_CANDIDATES, columns)]


def agreed(evidence: Iterable[Mapping[str, Any]]) -> Said:
    """What agrees in stored evidence, whichever side said which."""
    return frozenset(
        (one["kind"], *sorted((str(one["left"]), str(one["right"]))))
        for one in evidence
        if not str(one.get("weight", "0")).startswith("-")
    )


def _write(compared: Mapping[Pair, Compared], at: datetime) -> tuple[int, int]:
    """Proposals made, and taken back because they are not alike any more."""
    if not compared:
        return 0, 0
    decided = _decided(compared)
    standing = {(row.left_id, row.right_id): row.state for row in _standing(compared)}
    wanted = {
        pair: found
        for pair, found in compared.items()
        if found.score >= PROPOSE and standing.get(pair) != ProposalState.MERGED
        and (pair not in decided
             or agreed(one.stored() for one in found.evidence) - decided[pair])
    }  # fmt: skip
    stale = [
        pair for pair, state in standing.items()
        if state == ProposalState.OPEN and pair not in wanted
    ]  # fmt: skip
    made = sum(standing.get(pair) != ProposalState.OPEN for pair in wanted)
    _PROPOSALS.insert(
        [
            (
                one, two, found.score,
                strict_json.dumps([each.stored() for each in found.evidence]),
                ProposalState.OPEN.value, at,
            )
            for (one, two), found in sorted(wanted.items())
        ],
        _AGAIN,
    )  # fmt: skip
    if not stale:
        return made, 0
    sql.run(_APART_STILL, _columns(stale))
    return made, sql.run(_WITHDRAW, _columns(stale))


def _decided(pairs: Iterable[Pair]) -> dict[Pair, Said]:
    """What agreed when a person kept two apart; also for customers that have absorbed one since."""
    found: dict[Pair, Said] = {}
    for row in sql.rows(_KEPT, _columns(pairs)):
        pair = (min(row.one, row.two), max(row.one, row.two))
        found[pair] = found.get(pair, frozenset()) | agreed(strict_json.loads(row.evidence))
    return found


def _standing(pairs: Iterable[Pair]) -> list[Any]:
    return sql.rows(_STANDING, _columns(pairs))


def _columns(pairs: Iterable[Pair]) -> tuple[list[int], list[int]]:
    listed = list(pairs)
    return [one for one, _ in listed], [two for _, two in listed]


def _tidy() -> int:
    """Open proposals of customers that are merged away: decided, or to be found again."""
    with sql.atomic():
        sql.lock_objects([LOCK])
        sql.run(_MERGED_ALREADY)
        sql.run(_GONE_APART)
        return sql.run(_GONE)


_NEXT: Final = """
SELECT party.id, now() AS at FROM canonical_party party
WHERE party.id > %(last)s AND party.merged_into_id IS NULL AND (
    %(since)s::timestamptz IS NULL OR party.updated_at > %(since)s OR EXISTS (
        SELECT 1 FROM canonical_customer customer
        WHERE customer.party_id = party.id AND customer.updated_at > %(since)s))
ORDER BY party.id LIMIT %(most)s
"""
_KEYS: Final = sql.Columns("canonical_matchkey", party_id="bigint", key="bigint")
_FORGET: Final = """
DELETE FROM canonical_matchkey old WHERE party_id = ANY(%b::bigint[]) AND NOT EXISTS (
    SELECT 1 FROM unnest(%b::bigint[], %b::bigint[]) AS own (party_id, key)
    WHERE own.party_id = old.party_id AND own.key = old.key)
"""
# Each key goes by the index, as its others may be many.
_CANDIDATES: Final = """
WITH asked AS MATERIALIZED (
    SELECT * FROM unnest(%(asking)s::bigint[], %(keys)s::bigint[], %(exact)s::bool[])
        AS asked (id, key, exact)
), shared AS (
    SELECT asked.id, near.party_id AS other, bool_or(asked.exact) AS exact, count(*) AS keys
    FROM asked CROSS JOIN LATERAL (
        SELECT holder.party_id FROM canonical_matchkey holder
        JOIN canonical_party party ON party.id = holder.party_id AND party.merged_into_id IS NULL
        WHERE holder.key = asked.key AND holder.party_id <> asked.id
        ORDER BY holder.party_id DESC
        LIMIT CASE WHEN asked.exact THEN %(few)s ELSE %(many)s END) AS near
    GROUP BY 1, 2
), ranked AS (
    SELECT id, other, exact, row_number() OVER (
        PARTITION BY id, exact ORDER BY keys DESC, other DESC) AS place FROM shared
)
SELECT DISTINCT least(id, other) AS one, greatest(id, other) AS two FROM (
    SELECT id, other FROM ranked WHERE exact OR place <= %(nearest)s
    UNION ALL
    SELECT left_id, right_id FROM canonical_mergeproposal
    WHERE state = 'open' AND left_id = ANY(%(ids)s)
    UNION ALL
    SELECT left_id, right_id FROM canonical_mergeproposal
    WHERE state = 'open' AND right_id = ANY(%(ids)s)
) AS found ORDER BY 1, 2
"""
_ROOTS: Final = """
WITH RECURSIVE root AS (
    SELECT id, id AS root FROM canonical_party WHERE merged_into_id IS NULL
    UNION ALL
    SELECT party.id, root.root FROM canonical_party party
    JOIN root ON party.merged_into_id = root.id
)"""
_PAIRS: Final = "unnest(%s::bigint[], %s::bigint[]) AS pair (one, two)"
# The ids that stand behind a pair: the two, and what they have absorbed.
_KEPT: Final = f"""
WITH RECURSIVE pair AS (SELECT * FROM {_PAIRS}), behind AS (
    SELECT DISTINCT id, id AS root FROM (
        SELECT one AS id FROM pair UNION SELECT two FROM pair) AS both_sides
    UNION ALL
    SELECT party.id, behind.root FROM canonical_party party
    JOIN behind ON party.merged_into_id = behind.id
)
SELECT one.root AS one, two.root AS two, proposal.evidence::text AS evidence
FROM canonical_mergeproposal proposal
JOIN behind one ON one.id = proposal.left_id JOIN behind two ON two.id = proposal.right_id
WHERE proposal.state = 'kept_apart' AND one.root <> two.root
"""  # noqa: S608  own literals
_STANDING: Final = f"""
SELECT proposal.left_id, proposal.right_id, proposal.state
FROM canonical_mergeproposal proposal
JOIN {_PAIRS} ON proposal.left_id = pair.one AND proposal.right_id = pair.two
"""  # noqa: S608  own literals
_WITHDRAW: Final = f"""
DELETE FROM canonical_mergeproposal proposal USING {_PAIRS}
WHERE proposal.left_id = pair.one AND proposal.right_id = pair.two AND proposal.state = 'open'
    AND proposal.by_id IS NULL
"""  # noqa: S608  own literals
# What a person has decided before is decided again, not forgotten.
_APART_STILL: Final = f"""
UPDATE canonical_mergeproposal proposal SET state = 'kept_apart' FROM {_PAIRS}
WHERE proposal.left_id = pair.one AND proposal.right_id = pair.two AND proposal.state = 'open'
    AND proposal.by_id IS NOT NULL
"""  # noqa: S608  own literals
_PROPOSALS: Final = sql.Columns(
    "canonical_mergeproposal",
    left_id="bigint",
    right_id="bigint",
    score="numeric",
    evidence="jsonb",
    state="text",
    created_at="timestamptz",
)
# ``by`` and ``at`` stay: that a person has kept them apart before binds the line.
_AGAIN: Final = """
ON CONFLICT (left_id, right_id) DO UPDATE SET score = EXCLUDED.score,
    evidence = EXCLUDED.evidence, state = 'open',
    created_at = CASE WHEN canonical_mergeproposal.state = 'open'
        THEN canonical_mergeproposal.created_at ELSE EXCLUDED.created_at END
WHERE canonical_mergeproposal.state <> 'merged'
"""
_MERGED_ALREADY: Final = f"""
{_ROOTS}
UPDATE canonical_mergeproposal proposal SET state = 'merged'
FROM root one, root two
WHERE proposal.state = 'open' AND one.id = proposal.left_id AND two.id = proposal.right_id
    AND one.root = two.root
"""  # noqa: S608  own literals
_GONE_APART: Final = """
UPDATE canonical_mergeproposal proposal SET state = 'kept_apart' FROM canonical_party party
WHERE proposal.state = 'open' AND party.id IN (proposal.left_id, proposal.right_id)
    AND party.merged_into_id IS NOT NULL AND proposal.by_id IS NOT NULL
"""
_GONE: Final = """
DELETE FROM canonical_mergeproposal proposal USING canonical_party party
WHERE proposal.state = 'open' AND party.id IN (proposal.left_id, proposal.right_id)
    AND party.merged_into_id IS NOT NULL AND proposal.by_id IS NULL
"""
