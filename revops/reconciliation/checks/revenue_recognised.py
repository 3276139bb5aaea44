"""
What each schedule should have earned in the period, and what was recognised of it.

The portions are those of ``revops.ledger.schedules``: differences of running totals rounded half
away from zero. Periods count as the entity's calendar has them, whatever it is. What a document
that was dated later deferred is due when the period that has the document is over.
"""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check, Side
from revops.reconciliation.checks.sides import select

# Where the books are: a period is over when its last day is.
_TODAY: Final = """(SELECT (now() AT TIME ZONE books.zone)::date
            FROM mappings_legalentity books WHERE books.id = %(entity)s)"""
# Weights before a day: of the service's days, of the periods that it touches, or all at once.
_WEIGHED: Final = """
    CASE schedule.convention
        WHEN 'daily' THEN greatest(0, least({day}, schedule.service_end + 1)
            - schedule.service_start)
        WHEN 'month_even' THEN touched.{which}
        WHEN 'month_prorate_ends' THEN prorated.{which}
        WHEN 'point_in_time' THEN CASE WHEN {day} > schedule.service_start THEN 1 ELSE 0 END
    END"""
_WHOLE: Final = """
    CASE schedule.convention
        WHEN 'daily' THEN schedule.service_end - schedule.service_start + 1
        WHEN 'month_even' THEN touched.whole
        WHEN 'month_prorate_ends' THEN prorated.whole
        ELSE 1
    END"""
# A day of the first period weighs as much as the last one has days, one of the last as the first
# has, one in between the product over its own. All is multiplied by the days of the period in which
# the schedule was stopped, so that nothing is divided that leaves a rest.
_UNTIL: Final = """each.weight * cut_days * greatest(0, least({day}, each.ends + 1,
    schedule.service_end + 1) - greatest(each.starts, schedule.service_start)) / each.share"""
_PRORATED: Final = f"""
    CROSS JOIN LATERAL (
        SELECT sum({_UNTIL.format(day="schedule.service_end + 1")}) AS whole,
            sum({_UNTIL.format(day="least(period.starts, cut.day)")}) AS before,
            sum({_UNTIL.format(day="least(period.ends + 1, cut.day)")}) AS upto
        FROM (
            SELECT each.starts, each.ends,
                CASE WHEN first AND last THEN 1 WHEN first THEN last_days WHEN last THEN first_days
                    ELSE first_days * last_days END::bigint AS weight,
                CASE WHEN first OR last THEN 1 ELSE days END AS share,
                coalesce(max(days) FILTER (WHERE NOT first AND NOT last
                    AND cut.day > each.starts AND cut.day <= each.ends) OVER (), 1) AS cut_days
            FROM (
                SELECT each.starts, each.ends, each.ends - each.starts + 1 AS days,
                    first_value(each.ends - each.starts + 1) OVER whole AS first_days,
                    last_value(each.ends - each.starts + 1) OVER whole AS last_days,
                    row_number() OVER whole = 1 AS first,
                    row_number() OVER whole = count(*) OVER whole AS last
                FROM mappings_accountingperiod each
                WHERE schedule.convention = 'month_prorate_ends'
                    AND each.legal_entity_id = schedule.legal_entity_id
                    AND each.starts <= schedule.service_end AND each.ends >= schedule.service_start
                WINDOW whole AS (ORDER BY each.starts
                    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) each) each) prorated
"""  # noqa: S608  our own literals
_EARNED: Final = f"""
FROM (
    SELECT schedule.*, entry.record_kind, entry.record_id, entry.recorded_at,
        schedule.total::numeric AS whole_amount, {_WHOLE} AS whole,
        {_WEIGHED.format(day="least(period.starts, cut.day)", which="before")} AS before,
        {_WEIGHED.format(day="least(period.ends + 1, cut.day)", which="upto")} AS upto,
        period.starts AS period_starts, period.ends AS period_ends, period.code
    FROM ledger_revenueschedule schedule
    JOIN ledger_journalentry entry ON entry.id = schedule.entry_id
    JOIN mappings_accountingperiod period
        ON period.legal_entity_id = schedule.legal_entity_id
        AND period.starts BETWEEN %(starts)s AND %(ends)s
    CROSS JOIN LATERAL (
        SELECT coalesce(schedule.stopped_on, schedule.service_end + 1) AS day) cut
    CROSS JOIN LATERAL (
        SELECT count(*) AS whole,
            count(*) FILTER (WHERE each.ends < cut.day AND each.ends < period.starts) AS before,
            count(*) FILTER (WHERE (each.ends < cut.day OR cut.day > schedule.service_end)
                AND each.starts <= period.starts) AS upto
        FROM mappings_accountingperiod each
        WHERE schedule.convention = 'month_even'
            AND each.legal_entity_id = schedule.legal_entity_id
            AND each.starts <= schedule.service_end AND each.ends >= schedule.service_start) touched
    {_PRORATED}
    WHERE schedule.legal_entity_id = %(entity)s AND schedule.total <> 0
        AND schedule.convention IN ('daily', 'month_even', 'month_prorate_ends', 'point_in_time')
        AND schedule.service_start <= %(ends)s AND schedule.service_end >= %(starts)s
        AND period.ends < {_TODAY}
        AND (entry.document_date IS NULL OR EXISTS (
            SELECT 1 FROM mappings_accountingperiod later
            WHERE later.legal_entity_id = schedule.legal_entity_id AND later.ends < {_TODAY}
                AND entry.accounting_date BETWEEN later.starts AND later.ends))
) schedule
CROSS JOIN LATERAL (
    SELECT (sign(whole_amount) * (
        div(2 * abs(whole_amount) * upto + whole, 2 * whole)
        - div(2 * abs(whole_amount) * before + whole, 2 * whole)))::bigint AS amount) due
WHERE due.amount <> 0
"""  # noqa: S608  our own literals
_KEY: Final = "schedule.id || '/' || {code}"
_NUMBER: Final = """schedule.line_id || CASE WHEN schedule.part > 1
    THEN '~' || schedule.part ELSE '' END || ' ' || {code}"""

_LEFT: Final = (
    select(
        {
            "item_key": "'schedule:' || schedule.id || '/' || schedule.code",
            "key": _KEY.format(code="schedule.code"),
            "number": _NUMBER.format(code="schedule.code"),
            "reference": "schedule.sku",
            "group_key": "schedule.chain",
            "currency": "schedule.currency",
            "amount": "due.amount",
            "dated": "schedule.period_ends",
            "period_code": "schedule.code",
            "record_kind": "schedule.record_kind",
            "record_id": "schedule.record_id",
            "touched_at": "schedule.recorded_at",
        }
    )
    + _EARNED
)
_RIGHT: Final = (
    select(  # noqa: S608  our own literals
        {
            "item_key": "'recognised:' || schedule.id || '/' || done.period_code",
            "key": _KEY.format(code="done.period_code"),
            "number": _NUMBER.format(code="done.period_code"),
            "reference": "schedule.sku",
            "group_key": "schedule.chain",
            "currency": "schedule.currency",
            "amount": "done.amount",
            "dated": "period.ends",
            "period_code": "done.period_code",
            "record_kind": "'journal'",
            "record_id": "done.entry_id",
            "touched_at": "done.recorded_at",
        }
    )
    + """
FROM (
    SELECT recognition.schedule_id, recognition.period_code,
        sum(recognition.amount)::bigint AS amount, max(entry.id) AS entry_id,
        max(entry.recorded_at) AS recorded_at
    FROM ledger_recognition recognition
    JOIN ledger_revenueschedule schedule ON schedule.id = recognition.schedule_id
    JOIN mappings_accountingperiod period ON period.legal_entity_id = schedule.legal_entity_id
        AND period.code = recognition.period_code
    LEFT JOIN ledger_journalentry entry ON entry.id = recognition.entry_id
    JOIN mappings_legalentity books ON books.id = schedule.legal_entity_id
    WHERE schedule.legal_entity_id = %(entity)s
        AND schedule.convention IN ('daily', 'month_even', 'month_prorate_ends', 'point_in_time')
        AND period.starts BETWEEN %(starts)s AND %(ends)s
        AND period.ends < (now() AT TIME ZONE books.zone)::date
    GROUP BY recognition.schedule_id, recognition.period_code
) done
JOIN ledger_revenueschedule schedule ON schedule.id = done.schedule_id
JOIN mappings_accountingperiod period ON period.legal_entity_id = schedule.legal_entity_id
    AND period.code = done.period_code
WHERE done.amount <> 0
"""
)

CHECK: Final = Check(
    slug="revenue_recognised",
    label="Revenue: schedules and what was recognised",
    left=Side(label="Schedules", query=_LEFT),
    right=Side(label="Recognised", query=_RIGHT),
    area="revenue",
    noun="portions",
    compares=frozenset({"amount", "currency"}),
    wait_days=1,
)
