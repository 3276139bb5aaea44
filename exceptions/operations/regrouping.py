"""
Causes grouped otherwise than the line does: split by a fact, merged with another, taken back.

What is decided counts for cases that come later, too (``exceptions.grouping``). No case changes but
in the cause that it stands under; fingerprints stay, so that what settles a case still finds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from exceptions.grouping import label_of, places
from exceptions.models import UNRESOLVED, Case, Cause, Regrouping, Snooze
from exceptions.operations.acts import CaseRefused
from exceptions.queries.grouping import facts_of
from revops.audit.operations import record, recorded
from revops.kernel import cards, clock
from revops.store import rows, sql

_ACTION: Final = "cases.claim"
_SHORTEST: Final = 10

# Of the line's own words for a case, its cause's are those of the root.
_CASES: Final = """
SELECT held.id, coalesce(nullif(held.root_key, ''), held.cause_key) AS cause_key,
    held.cause_key AS stands, held.root_key, coalesce(root.sentence, held.cause) AS cause,
    held.kind, held.path, held.legal_entity_id, held.period_code, held.connection_slug,
    held.facts::text AS facts
FROM exceptions_case held
LEFT JOIN exceptions_cause root
    ON root.key = coalesce(nullif(held.root_key, ''), held.cause_key)
WHERE NOT (held.state = 'resolved') AND (held.cause_key = ANY(%(keys)s) OR held.root_key <> '')
ORDER BY held.fingerprint FOR UPDATE OF held
"""
_CAUSES: Final = """
INSERT INTO exceptions_cause (key, kind, sentence, path, first_at)
SELECT new.*, %s FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS new
ON CONFLICT DO NOTHING
"""
_MOVE: Final = """
UPDATE exceptions_case AS held SET cause_key = new.key, cause = new.sentence, root_key = new.root
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS new (id, key, sentence, root)
WHERE held.id = new.id
"""


@recorded
def split(*, cause_key: str, fact: str, by: User, reason: str) -> int:
    """
    One cause for each value that its cases have of a fact. How many causes there are then.

    Raises NotAllowed, Cause.DoesNotExist, and CaseRefused when its cases do not differ in it.
    """
    words = _words(reason)
    with transaction.atomic(), rows.widened():
        by = _allowed(by, [cause_key])
        values = next((one.values for one in facts_of(cause_key) if one.fact == fact), ())
        if len(values) < 2:
            raise CaseRefused("The cases of this cause do not differ in that.")
        _begin(Regrouping(from_key=cause_key, fact=fact, reason=words, by=by))
        moved = _regroup([cause_key])
        _record("cases.split", cause_key, by, words, {"by": label_of(fact), "cases": moved})
    return len(values)


@recorded
def merge(*, cause_key: str, into: str, by: User, reason: str) -> int:
    """
    The cases of a cause stand under another one of the same kind. How many they are.

    Raises NotAllowed, Cause.DoesNotExist, and CaseRefused for another kind or the same cause.
    """
    words = _words(reason)
    with transaction.atomic(), rows.widened():
        by = _allowed(by, [cause_key, into])
        one, other = Cause.objects.get(key=cause_key), Cause.objects.get(key=into)
        if one.key == other.key or one.kind != other.kind:
            raise CaseRefused("Only two causes of the same kind can have one root.")
        if Regrouping.objects.filter(from_key=into, ended_at=None).exists():
            raise CaseRefused("The other cause is grouped otherwise itself.")
        _begin(Regrouping(from_key=cause_key, to_key=into, reason=words, by=by))
        moved = _regroup([cause_key])
        _record("cases.merge", cause_key, by, words, {"into": into, "cases": moved})
    return moved


@recorded
def take_back(*, regrouping_id: int, by: User, reason: str) -> Regrouping:
    """
    Group as before: its cases go back to where the line, and what else stands, puts them.

    Raises NotAllowed, Regrouping.DoesNotExist, and CaseRefused when it was taken back already.
    """
    words = _words(reason)
    with transaction.atomic(), rows.widened():
        held = Regrouping.objects.select_for_update(of=("self",)).get(pk=regrouping_id)
        by = _allowed(by, [held.from_key, *([held.to_key] if held.to_key else [])])
        if held.ended_at is not None:
            raise CaseRefused("It was taken back already.")
        held.ended_at, held.ended_by = clock.now(), by
        held.save(update_fields=["ended_at", "ended_by"])
        moved = _regroup([held.from_key])
        _record("cases.group_back", held.from_key, by, words, {"cases": moved})
    return held


def _allowed(by: User, keys: Sequence[str]) -> User:
    """Whoever groups causes works on the cases of all legal entities that have some of them."""
    own = Case.objects.filter(UNRESOLVED, cause_key__in=keys).exclude(legal_entity=None)
    entities = sorted(own.values_list("legal_entity__code", flat=True).distinct())
    return authorize(by, _ACTION, entities=entities)


def _begin(made: Regrouping) -> None:
    if Snooze.objects.filter(cause_key=made.from_key, ended_at=None).exists():
        raise CaseRefused("It is snoozed: bring it back first.")
    if Regrouping.objects.filter(from_key=made.from_key, ended_at=None).exists():
        raise CaseRefused("It is grouped otherwise already.")
    made.at = clock.now()
    made.save()


def _regroup(keys: list[str]) -> int:
    """Put every case that this may concern where it belongs now; how many moved."""
    held = sql.rows(_CASES, {"keys": keys})
    found = places([row._asdict() for row in held])
    moved = [
        (row, place)
        for row, place in zip(held, found, strict=True)
        if row.stands != place.key
    ]  # fmt: skip
    if not moved:
        return 0
    causes = {place.key: (place, row) for row, place in moved}
    sql.run(
        _CAUSES,
        (
            clock.now(), list(causes), [row.kind for _, row in causes.values()],
            [place.sentence for place, _ in causes.values()],
            [row.path for _, row in causes.values()],
        ),
    )  # fmt: skip
    sql.run(
        _MOVE,
        (
            [row.id for row, _ in moved], [place.key for _, place in moved],
            [place.sentence for _, place in moved],
            ["" if place.key == place.root else place.root for _, place in moved],
        ),
    )  # fmt: skip
    return len(moved)


def _words(reason: str) -> str:
    words = cards.redact(reason.replace("\x00", "").strip()[:500].encode())[0].decode()
    if len(words) < _SHORTEST:
        raise CaseRefused("Say why, in a sentence.")
    return words


def _record(action: str, key: str, by: User, reason: str, after: dict[str, object]) -> None:
    known = Cause.objects.filter(key=key).first()
    record(
        action, by=actor_of(by), kind="cause", reference=key,
        label=known.sentence if known else key, reason=reason, after=after,
    )  # fmt: skip
