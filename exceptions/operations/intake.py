"""
What the line tells the queue, set-wise and inside the line's own transaction.

Cases are locked in the order of their fingerprints everywhere, so that two writers never wait for
each other in a circle. Errors are psycopg's, as everywhere in the line.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from exceptions import kinds
from exceptions.findings import Finding
from exceptions.grouping import places
from exceptions.operations.waking import wake
from exceptions.operations.watching import tell_of_settled
from revops.store import sql

_FOLD_AFTER: Final = 4_000
_FOLD_LOCK: Final = 8_306_112_004_771

_CAUSES: Final = """
INSERT INTO exceptions_cause (key, kind, sentence, path, first_at)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS seen (k, kind, said, path),
    (SELECT %s::timestamptz) AS first
ON CONFLICT DO NOTHING
"""

_BEFORE: Final = """
SELECT fingerprint, state FROM exceptions_case
WHERE fingerprint = ANY(%s) AND NOT (state = 'resolved')
ORDER BY fingerprint FOR UPDATE
"""

_UPSERT: Final = """
INSERT INTO exceptions_case AS held (
    kind, fingerprint, cause_key, cause, what_happened, state, legal_entity_id, period_code,
    currency, at_stake, path, customer_name, subject_label, blocked_steps, facts, owner_team,
    occurrences, command_id, inbound_id, record_kind, record_id, connection_slug, correlation_id,
    opened_at, latest_at, due_at, checks_at, resolution, root_key, regressed, snoozed
)
SELECT found.kind, found.fingerprint, found.cause_key, found.cause, found.what_happened,
    found.state, found.legal_entity_id, found.period_code, found.currency, found.at_stake,
    found.path, found.customer_name, found.subject_label, found.blocked_steps, found.facts,
    found.owner_team, found.occurrences, found.command_id, found.inbound_id, found.record_kind,
    found.record_id, found.connection_slug, found.correlation_id, moment.at, moment.at,
    moment.at + found.sla * interval '1 second', found.checks_at, '', found.root_key,
    -- The cause had been settled, and nothing of it was left open: it came up again.
    found.state = 'open'
        AND EXISTS (SELECT 1 FROM exceptions_case was
            WHERE was.cause_key = found.cause_key AND was.state = 'resolved')
        AND NOT EXISTS (SELECT 1 FROM exceptions_case left_over
            WHERE left_over.cause_key = found.cause_key AND NOT (left_over.state = 'resolved')
                AND NOT left_over.regressed),
    EXISTS (SELECT 1 FROM exceptions_snooze snooze
        WHERE snooze.cause_key = found.cause_key AND snooze.ended_at IS NULL)
FROM jsonb_to_recordset(%s::jsonb) AS found (
    kind text, fingerprint text, cause_key text, cause text, what_happened text, state text,
    legal_entity_id bigint, period_code text, currency text, at_stake bigint, path text,
    customer_name text, subject_label text, blocked_steps jsonb, facts jsonb, owner_team text,
    occurrences int, command_id bigint, inbound_id bigint, record_kind text, record_id bigint,
    connection_slug text, correlation_id text, checks_at timestamptz, sla double precision,
    root_key text
), (SELECT %s::timestamptz AS at) AS moment
ORDER BY found.fingerprint
ON CONFLICT (fingerprint) WHERE NOT (state = 'resolved') DO UPDATE SET
    cause_key = EXCLUDED.cause_key, root_key = EXCLUDED.root_key, cause = EXCLUDED.cause,
    what_happened = EXCLUDED.what_happened,
    state = EXCLUDED.state, legal_entity_id = EXCLUDED.legal_entity_id,
    period_code = EXCLUDED.period_code, currency = EXCLUDED.currency,
    at_stake = EXCLUDED.at_stake, path = EXCLUDED.path, customer_name = EXCLUDED.customer_name,
    subject_label = EXCLUDED.subject_label, blocked_steps = EXCLUDED.blocked_steps,
    facts = EXCLUDED.facts, occurrences = held.occurrences + EXCLUDED.occurrences,
    command_id = EXCLUDED.command_id, inbound_id = EXCLUDED.inbound_id,
    record_kind = EXCLUDED.record_kind, record_id = EXCLUDED.record_id,
    connection_slug = EXCLUDED.connection_slug, correlation_id = EXCLUDED.correlation_id,
    latest_at = greatest(held.latest_at, EXCLUDED.latest_at), checks_at = EXCLUDED.checks_at,
    -- More money than when it was put away: it got worse.
    snoozed = held.snoozed AND held.currency = EXCLUDED.currency
        AND coalesce(abs(EXCLUDED.at_stake), 0) <= coalesce(abs(held.at_stake), 0)
RETURNING id, fingerprint
"""

_STORY: Final = """
INSERT INTO exceptions_caseentry (case_id, at, tone, text, by_id, comment)
SELECT entry.id, %s, entry.tone, entry.said, NULL, false
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS entry (id, tone, said)
"""


def report(findings: Sequence[Finding], *, at: datetime) -> None:
    """
    Open a case for each finding, or refresh the unresolved one of its fingerprint: occurrences
    count up, words, amount and state become the new ones, its age and its due time stay.

    Called within the caller's transaction. Raises kinds.KindUnknown.
    """
    if not findings:
        return
    latest = {finding.fingerprint: finding for finding in findings}
    times = dict.fromkeys(latest, 0)
    for finding in findings:
        times[finding.fingerprint] += 1
    rows = []
    for fingerprint, finding in latest.items():
        kind = kinds.get(finding.kind)
        decided = {
            "owner_team": kind.team,
            "occurrences": times[fingerprint],
            "sla": kind.sla.total_seconds(),
        }
        rows.append(finding.columns() | decided | {"root_key": ""})
    for row, place in zip(rows, places(rows), strict=True):
        if place.key != place.root:
            row |= {"cause_key": place.key, "cause": place.sentence, "root_key": place.root}
    causes = sorted({row["cause_key"]: row for row in rows}.items())
    sql.run(
        _CAUSES,
        (
            [key for key, _ in causes],
            [row["kind"] for _, row in causes],
            [row["cause"] for _, row in causes],
            [row["path"] for _, row in causes],
            at,
        ),
    )
    before = {row.fingerprint: row.state for row in sql.rows(_BEFORE, (list(latest),))}
    written = sql.rows(_UPSERT, (json.dumps(rows), at))
    story = []
    for row in written:
        finding = latest[row.fingerprint]
        line = _line_of_story(finding, before.get(row.fingerprint))
        if line:
            story.append((row.id, *line))
    _tell(story, at)
    wake([key for key, _ in causes], at=at)
    fold()


def _line_of_story(finding: Finding, before: str | None) -> tuple[str, str] | None:
    """A repeat that changes nothing adds a count and no line."""
    words = str(finding.columns()["what_happened"])
    if before is None:
        return kinds.get(finding.kind).tone, words
    if before == finding.state:
        return None
    if before == "retrying":
        return "warn", f"Tried again, and it is not settled. {words}"
    return ("wait" if finding.state == "in_doubt" else "warn"), words


_SETTLE: Final = """
WITH agreed AS (
    SELECT id FROM exceptions_case
    WHERE NOT (state = 'resolved')
        AND (command_id = ANY(%s) OR inbound_id = ANY(%s) OR fingerprint = ANY(%s))
    ORDER BY fingerprint FOR UPDATE
)
UPDATE exceptions_case AS held
SET state = 'resolved', resolved_at = %s, resolution = %s, checks_at = NULL, snoozed = false,
    snoozed_until = NULL
FROM agreed WHERE held.id = agreed.id
RETURNING held.id
"""


def settle(
    *,
    command_ids: Sequence[int] = (),
    inbound_ids: Sequence[int] = (),
    fingerprints: Sequence[str] = (),
    text: str,
    at: datetime,
) -> int:
    """
    Resolve the unresolved cases of these commands, events or fingerprints, because reality agrees
    now; ``text`` says what was seen. Says how many there were. Called within the caller's
    transaction; ids without a case cost next to nothing, so a whole batch may be passed.
    """
    if not (command_ids or inbound_ids or fingerprints):
        return 0
    settled = sql.rows(
        _SETTLE, (list(command_ids), list(inbound_ids), list(fingerprints), at, text)
    )
    _tell([(row.id, "ok", text) for row in settled], at)
    if settled:
        tell_of_settled([row.id for row in settled], at=at)
        fold()
    return len(settled)


def _tell(story: Sequence[tuple[int, str, str]], at: datetime) -> None:
    if story:
        ids, tones, words = (list(column) for column in zip(*story, strict=True))
        sql.run(_STORY, (at, ids, tones, words))


_LONG: Final = """
SELECT pg_try_advisory_xact_lock(%s) AS mine
WHERE EXISTS (SELECT 1 FROM exceptions_tally WHERE NOT folded OFFSET %s)
"""

_FOLD: Final = """
WITH gone AS (DELETE FROM exceptions_tally RETURNING *)
INSERT INTO exceptions_tally (
    cause_key, kind, state, legal_entity_id, period_code, connection_slug, assignee_id, owner_team,
    regressed, snoozed, currency, cases, at_stake, folded
)
SELECT cause_key, kind, state, legal_entity_id, period_code, connection_slug, assignee_id,
    owner_team, regressed, snoozed, currency, sum(cases), sum(at_stake), true
FROM gone
GROUP BY cause_key, kind, state, legal_entity_id, period_code, connection_slug, assignee_id,
    owner_team, regressed, snoozed, currency
HAVING sum(cases) <> 0 OR sum(at_stake) <> 0
"""


def fold(*, after: int = _FOLD_AFTER) -> bool:
    """Add the tally's rows up when more than ``after`` are new. One transaction at a time does."""
    found = sql.one(_LONG, (_FOLD_LOCK, after))
    if found is None or not found.mine:
        return False
    sql.run(_FOLD)
    return True
