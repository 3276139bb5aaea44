"""Which certificate stands, what has come since, and what there is of a period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from accounts.authority import ALL
from accounts.queries import scope_of
from revops.close.certificate.scope import Period, period_of
from revops.close.models import Certificate, PeriodSignOff, Waiver
from revops.kernel import clock
from revops.mappings.models import LegalEntity, PeriodState
from revops.mappings.queries import today
from revops.store import rows, sql

_RANK: Final = {PeriodState.OPEN: 0, PeriodState.SOFT_CLOSED: 1, PeriodState.CLOSED: 2}
# What was written while somebody looked is seen by whoever looks next.
_GRACE: Final = timedelta(minutes=2)
# Each by an index: what was written since somebody looked last. Any of it is a reason to look.
_TOUCHED: Final = """
SELECT EXISTS (
    SELECT 1 FROM ledger_journalentry entry
    WHERE entry.recorded_at >= %(at)s AND entry.period_id = %(period)s
) OR EXISTS (
    SELECT 1 FROM events_inboundevent inbound
    WHERE inbound.received_at >= %(at)s AND inbound.occurred_at < %(until)s
        AND inbound.occurred_at >= %(since)s
) OR EXISTS (
    SELECT 1 FROM exceptions_case held WHERE NOT (held.state = 'resolved')
        AND (held.legal_entity_id = %(entity)s OR held.legal_entity_id IS NULL)
        AND held.opened_at >= %(at)s
) OR EXISTS (
    SELECT 1 FROM exceptions_case held WHERE held.state = 'resolved'
        AND held.resolved_at >= %(at)s
        AND (held.legal_entity_id = %(entity)s OR held.legal_entity_id IS NULL)
) OR EXISTS (
    SELECT 1 FROM reconciliation_run run WHERE run.legal_entity_id = %(entity)s
        AND run.period_code = %(period_code)s AND run.ended_at >= %(at)s
) OR EXISTS (
    SELECT 1 FROM reconciliation_signoff signed WHERE signed.legal_entity_id = %(entity)s
        AND signed.period_code = %(period_code)s
        AND (signed.at >= %(at)s OR signed.suspended_at >= %(at)s)
) AS touched
"""
_SPAN: Final = """
SELECT %(starts)s::timestamp AT TIME ZONE %(zone)s AS since,
    (%(ends)s + 1)::timestamp AT TIME ZONE %(zone)s AS until
"""


def standing(entity_id: int, period_code: str) -> Certificate | None:
    """The certificate that nobody and nothing has suspended."""
    return Certificate.objects.filter(
        legal_entity_id=entity_id, period_code=period_code, suspended_at__isnull=True
    ).first()


def latest(entity_id: int, period_code: str) -> Certificate | None:
    """The newest, also when it is suspended."""
    found = Certificate.objects.filter(legal_entity_id=entity_id, period_code=period_code)
    return found.select_related("sealed_by", "legal_entity").order_by("-pk").first()


def touched(certificate: Certificate, period: Period) -> bool:
    """
    Whether anything was written since somebody looked last that could be behind it. Cheap, and
    never false when something was; what it changes is found by looking (``operations.look``).
    """
    span = sql.one(_SPAN, {"starts": period.starts, "ends": period.ends, "zone": period.zone})
    assert span is not None
    given = {
        **period.params(), "since": span.since, "until": span.until,
        "at": certificate.checked_at - _GRACE,
    }  # fmt: skip
    with rows.widened():
        found = sql.one(_TOUCHED, given)
    return found is None or bool(found.touched)


def reopened(certificate: Certificate, period: Period) -> bool:
    """Whether the period is more open than when it was sealed."""
    return _RANK[PeriodState(period.state)] < _RANK[PeriodState(certificate.period_state)]


@dataclass(frozen=True, slots=True)
class Held:
    """What an auditor finds of a legal entity's period: names, overrides, certificates."""

    period: Period
    certificates: Sequence[Certificate]
    names: Sequence[PeriodSignOff]
    overrides: Sequence[Waiver]

    @property
    def standing(self) -> Certificate | None:
        return next((one for one in self.certificates if one.suspended_at is None), None)

    @property
    def newest(self) -> Certificate | None:
        return self.certificates[0] if self.certificates else None


_PERIODS: Final = """
SELECT entity.code FROM mappings_accountingperiod period
JOIN mappings_legalentity entity ON entity.id = period.legal_entity_id
WHERE period.code = %s AND entity.code = ANY(%s) ORDER BY entity.name
"""
# Begun where the day begins first, ended everywhere.
_CODES: Final = """
SELECT code, max(ends) < %(first)s AS ended FROM mappings_accountingperiod
WHERE starts <= %(last)s GROUP BY code ORDER BY max(starts) DESC LIMIT 24
"""


@dataclass(frozen=True, slots=True)
class Offered:
    """The periods that have begun, the newest first; ``chosen`` has ended unless none has."""

    codes: Sequence[str]
    chosen: str


def offered(asked: str = "") -> Offered:
    """Two years of months, and the one that is shown when nobody asks for another."""
    day = today(clock.now())
    found = sql.rows(_CODES, {"first": day.first, "last": day.last})
    codes = [row.code for row in found]
    ended = [row.code for row in found if row.ended]
    first = next(iter([*ended, *codes]), "")
    return Offered(codes, asked if asked in codes else first)


def held_for(user: object, code: str) -> list[Held]:
    """Of each legal entity whose close somebody may see, and that has such a period, by name."""
    own = scope_of(user, "close.view")
    every = LegalEntity.objects.values_list("code", flat=True)
    return held(code, [one for one in every if own is ALL or one in own])


def held(code: str, entities: Sequence[str]) -> list[Held]:
    """Of each of these legal entities that has such a period, by name."""
    found = [period_of(row.code, code) for row in sql.rows(_PERIODS, (code, list(entities)))]
    periods = [one for one in found if one is not None]
    ids = [one.entity_id for one in periods]
    given = {"legal_entity__in": ids, "period_code": code}
    certificates = list(
        Certificate.objects.filter(**given).select_related("sealed_by").order_by("-pk")
    )
    names = list(PeriodSignOff.objects.filter(**given).select_related("by").order_by("-pk"))
    overrides = list(Waiver.objects.filter(**given).select_related("asked_by").order_by("pk"))
    return [
        Held(
            one,
            [row for row in certificates if row.legal_entity_id == one.entity_id],
            [row for row in names if row.legal_entity_id == one.entity_id],
            [row for row in overrides if row.legal_entity_id == one.entity_id],
        )
        for one in periods
    ]
