"""Who has a case, and when it comes back. Set-wise; one act in the trail for each case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize, may
from exceptions.models import Case, CaseEntry, Snooze
from exceptions.operations.acts import CaseRefused
from revops.audit.operations import Object, nothing_to_record, record_each, recorded
from revops.kernel import clock
from revops.store import sql

_ACTION: Final = "cases.claim"

_LOCK: Final = """
SELECT held.id, held.subject_label, held.assignee_id, person.name AS assignee, held.owner_team,
    held.snoozed, held.snoozed_until, entity.code AS entity
FROM exceptions_case held
LEFT JOIN accounts_user person ON person.id = held.assignee_id
LEFT JOIN mappings_legalentity entity ON entity.id = held.legal_entity_id
WHERE held.id = ANY(%s) AND NOT (held.state = 'resolved')
ORDER BY held.fingerprint FOR UPDATE OF held
"""

_STANDS: Final = """
INSERT INTO exceptions_snooze (cause_key, by_id, at, until, more_cases, more_percent, cases,
    at_stake)
SELECT cause_key, %(by)s, %(at)s, %(until)s, %(cases)s, %(percent)s, sum(cases),
    coalesce(jsonb_object_agg(currency, at_stake) FILTER (WHERE currency <> ''), '{}')
FROM (
    SELECT cause_key, currency, sum(cases) AS cases, sum(at_stake) AS at_stake
    FROM exceptions_tally WHERE cause_key = ANY(%(keys)s) GROUP BY 1, 2 HAVING sum(cases) > 0
) AS now
GROUP BY cause_key
ON CONFLICT (cause_key) WHERE ended_at IS NULL DO UPDATE SET by_id = EXCLUDED.by_id,
    at = EXCLUDED.at, until = EXCLUDED.until, more_cases = EXCLUDED.more_cases,
    more_percent = EXCLUDED.more_percent, cases = EXCLUDED.cases, at_stake = EXCLUDED.at_stake
"""


@recorded
def assign(
    *, case_ids: Sequence[int], by: User, assignee_id: int | None, team: str = ""
) -> dict[int, dict[str, Any]]:
    """
    Give cases to a person, or with None back to the team; ``team`` makes them another team's.
    How each was before, by its id; cases that are settled or gone are not in the answer.

    Raises NotAllowed, and CaseRefused for somebody who may not work on cases.
    """
    by = authorize(by, _ACTION)
    taker = User.objects.filter(pk=assignee_id).first() if assignee_id is not None else None
    if assignee_id is not None and (taker is None or not may(taker, _ACTION)):
        raise CaseRefused("This person does not work on cases.")
    with transaction.atomic():
        held = sql.rows(_LOCK, (list(case_ids),))
        if not held:
            nothing_to_record("none of them is open")
            return {}
        changes: dict[str, Any] = {"assignee": taker}
        if team:
            changes["owner_team"] = team
        Case.objects.filter(pk__in=[row.id for row in held]).update(**changes)
        whose = taker.name if taker else f"{team or 'their team'}"
        _tell(held, f"Assigned to {whose}.", by)
        _record(
            "cases.assign", held, by,
            before=lambda row: {"assignee": row.assignee, "team": row.owner_team},
            after={"assignee": taker.name if taker else None, "team": team},
        )  # fmt: skip
    return {row.id: {"assignee": row.assignee_id, "team": row.owner_team} for row in held}


@recorded
def snooze(
    *, case_ids: Sequence[int], by: User, until: datetime | None
) -> dict[int, dict[str, Any]]:
    """
    Hide cases until a time (None: until they get worse). More money at stake brings one back
    before. How each was before, by its id.

    Raises NotAllowed, and CaseRefused for a time that is over.
    """
    by = authorize(by, _ACTION)
    if until is not None and until <= clock.now():
        raise CaseRefused("That time is over.")
    with transaction.atomic():
        held = sql.rows(_LOCK, (list(case_ids),))
        if not held:
            nothing_to_record("none of them is open")
            return {}
        Case.objects.filter(pk__in=[row.id for row in held]).update(
            snoozed=True, snoozed_until=until
        )
        when = f"until {until:%-d %b %H:%M} UTC" if until else "until it gets worse"
        _tell(held, f"Snoozed {when}.", by)
        _record(
            "cases.snooze", held, by, before=lambda row: {"snoozed": row.snoozed},
            after={"snoozed": True, "until": until.isoformat() if until else None},
        )  # fmt: skip
    return {
        row.id: {"snoozed": row.snoozed, "until": row.snoozed_until and str(row.snoozed_until)}
        for row in held
    }


@recorded
def snooze_causes(
    *, keys: Sequence[str], by: User, until: datetime | None,
    more_cases: int | None, more_percent: int | None,
) -> int:  # fmt: skip
    """
    Keep causes hidden, with cases that will come in, until they get worse: by so many more cases,
    or so many per cent more money. How many causes. Their cases are snoozed with ``snooze``.

    Raises NotAllowed.
    """
    by = authorize(by, _ACTION)
    with transaction.atomic():
        stands = sql.run(
            _STANDS,
            {
                "keys": list(keys), "by": by.pk, "at": clock.now(), "until": until,
                "cases": more_cases, "percent": more_percent,
            },
        )  # fmt: skip
        after = {"more_cases": more_cases, "more_percent": more_percent, "until": str(until or "")}
        held = [Object(key, after=after) for key in keys]
        record_each("cases.snooze_cause", by=actor_of(by), kind="cause", held=held)
        if not held:
            nothing_to_record("no cause was named")
    return stands


@recorded
def wake(*, case_ids: Sequence[int], by: User) -> dict[int, dict[str, Any]]:
    """Bring snoozed cases back now, and end the snooze of their causes. Raises NotAllowed."""
    by = authorize(by, _ACTION)
    with transaction.atomic():
        held = [row for row in sql.rows(_LOCK, (list(case_ids),)) if row.snoozed]
        if not held:
            nothing_to_record("none of them is snoozed")
            return {}
        back = Case.objects.filter(pk__in=[row.id for row in held])
        Snooze.objects.filter(cause_key__in=back.values("cause_key"), ended_at=None).update(
            ended_at=clock.now()
        )
        back.update(snoozed=False, snoozed_until=None)
        _tell(held, "Back in the queue.", by)
        _record(
            "cases.wake", held, by, before=lambda row: {"snoozed": True}, after={"snoozed": False}
        )
    return {
        row.id: {"snoozed": True, "until": row.snoozed_until and str(row.snoozed_until)}
        for row in held
    }


def _tell(held: Sequence[Any], text: str, by: User) -> None:
    now = clock.now()
    CaseEntry.objects.bulk_create(
        CaseEntry(case_id=row.id, at=now, tone="info", text=text, by=by) for row in held
    )


def _record(
    action: str, held: Sequence[Any], by: User, *, before: Any, after: Mapping[str, Any]
) -> None:
    record_each(
        action, by=actor_of(by), kind="case",
        held=[
            Object(
                f"EXC-{row.id}", row.subject_label, row.entity or "", before=before(row),
                after=after,
            )
            for row in held
        ],
    )  # fmt: skip
