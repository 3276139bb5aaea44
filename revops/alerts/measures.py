"""
What can be measured. Each is one statement that gives (legal_entity_id, period_code, currency,
value) for all legal entities at once; what it leaves out is zero. A new one is a line here.

``value`` is minor units, minutes or a number, by ``unit``. Those ``slow`` read whole tables of the
business, and are read every five minutes instead of at every look.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from exceptions import kinds
from revops.credits import life
from revops.delivery import windows
from revops.delivery.decide import LIVE


class Unit(enum.Enum):
    MONEY = "money"
    MINUTES = "minutes"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Past:
    """
    How a measure was before it was sampled, as differences: (at, legal_entity_id, period_code,
    value) in a sub-select, of one currency (``%(currency)s``). ``says`` is what that rests on.
    """

    statement: str
    says: str


@dataclass(frozen=True, slots=True)
class Measure:
    """
    ``label`` begins a sentence. ``of_all``: it belongs to no legal entity. ``by_period``: it knows
    the accounting period, so a rule may ask for those that end soon. Values of several legal
    entities are added up, or with ``highest`` the highest counts. ``link`` leads to what can be
    done about it; braces take the entity's code.
    """

    slug: str
    label: str
    about: str
    unit: Unit
    statement: str
    link: str
    verb: str
    of_all: bool = False
    by_period: bool = False
    highest: bool = False
    slow: bool = False
    past: Past | None = None


class MeasureUnknown(LookupError):
    """No measure has this name; a mistake in the code or an old rule."""


_FROM_CASES: Final = "Before that it is worked out from cases, at today’s amounts."
_CHANGES: Final = """
    SELECT opened_at AS at, legal_entity_id, period_code, {value} AS value
    FROM exceptions_case WHERE {condition}
    UNION ALL
    SELECT resolved_at, legal_entity_id, period_code, -({value})
    FROM exceptions_case WHERE resolved_at IS NOT NULL AND {condition}
"""
_CASES: Final = """
SELECT legal_entity_id, period_code, '' AS currency, sum(cases)::bigint AS value
FROM exceptions_tally WHERE {condition} GROUP BY 1, 2 HAVING sum(cases) <> 0
"""
_QUEUE: Final = "/exceptions/{entity}"
_CREDIT_ENDS: Final = (
    "coalesce(issued_at, ended_at, CASE WHEN state NOT IN ('waiting', 'approved', 'issuing') "
    "THEN updated_at END)"
)


def _of_cases(value: str, condition: str) -> Past:
    return Past(_CHANGES.format(value=value, condition=condition), _FROM_CASES)


def _cases(slug: str, label: str, about: str, condition: str, *, known: bool = True) -> Measure:
    """How many cases are open; ``known``: which ones does not change while they are."""
    return Measure(
        slug, label, about, Unit.COUNT, _CASES.format(condition=condition), _QUEUE,
        "Open the queue", by_period=True, past=_of_cases("1", condition) if known else None,
    )  # fmt: skip


MEASURES: Final[dict[str, Measure]] = {
    one.slug: one
    for one in (
        Measure(
            "blocked_money", "Money not in the books",
            "What open cases keep out of the books, in the rule’s currency.",
            Unit.MONEY,
            """
            SELECT legal_entity_id, period_code, currency, sum(at_stake)::bigint AS value
            FROM exceptions_tally WHERE currency <> '' GROUP BY 1, 2, 3 HAVING sum(at_stake) <> 0
            """,
            _QUEUE, "Open the queue", by_period=True,
            past=_of_cases("at_stake", "at_stake IS NOT NULL AND currency = %(currency)s"),
        ),
        _cases(
            "open_cases", "Open cases", "Every case that is not resolved, also snoozed ones.",
            "true",
        ),
        Measure(
            "late_cases", "Overdue cases", "Open longer than their kind allows.",
            Unit.COUNT,
            """
            SELECT legal_entity_id, period_code, '' AS currency, count(*) AS value
            FROM exceptions_case WHERE NOT (state = 'resolved') AND due_at < now() GROUP BY 1, 2
            """,
            _QUEUE, "Open the queue", by_period=True,
        ),
        Measure(
            "oldest_case", "Age of the oldest open case", "Since it opened.", Unit.MINUTES,
            """
            SELECT legal_entity_id, '' AS period_code, '' AS currency,
                (extract(epoch FROM now() - min(opened_at)) / 60)::bigint AS value
            FROM exceptions_case WHERE NOT (state = 'resolved') GROUP BY 1
            """,
            _QUEUE, "Open the queue", highest=True,
        ),
        _cases(
            "in_doubt", "Postings in doubt", "Sent, and nobody knows yet whether they arrived.",
            "state = 'in_doubt'", known=False,
        ),
        _cases(
            "dead_letters", "Events put aside", "Dead letters: what came in and became no record.",
            "kind = ANY(%(dead)s)",
        ),
        _cases(
            "missed_renewals", "Missed renewals",
            "Subscriptions whose term is over, and billing tells of no renewal.",
            "kind = 'renewal_failed'",
        ),
        Measure(
            "oldest_posting", "Age of the oldest unsent posting",
            "Not in their ERP yet. A maintenance window that was announced does not count.",
            Unit.MINUTES,
            f"""
            WITH gates AS MATERIALIZED (
                SELECT connection_id, {windows.ON} AS shut, {windows.OVER_SINCE} AS over_since
                FROM delivery_gate gate)
            SELECT legal_entity_id, '' AS period_code, '' AS currency,
                (extract(epoch FROM now() - min(greatest(created_at, over_since))) / 60)::bigint
                    AS value
            FROM delivery_outboundcommand LEFT JOIN gates USING (connection_id)
            WHERE state = ANY(%(live)s) AND subject_kind = 'journal' AND shut IS NOT TRUE
            GROUP BY 1
            """,  # noqa: S608  own literals
            "/connections/", "Open the connections", highest=True,
        ),
        Measure(
            "unpaid_renewals", "Unpaid renewals",
            "Open on invoices after a subscription’s first, overdue or after a failed payment.",
            Unit.MONEY,
            """
            SELECT invoice.legal_entity_id, '' AS period_code, invoice.currency,
                sum(invoice.total - invoice.applied - invoice.credited)::bigint AS value
            FROM canonical_invoice invoice
            JOIN canonical_subscription sold ON sold.id = invoice.subscription_id
            WHERE invoice.id IN (
                    SELECT late.id FROM canonical_invoice late WHERE late.state = 'overdue'
                    UNION
                    SELECT payment.invoice_id FROM canonical_payment payment
                    WHERE payment.state IN ('failed', 'returned'))
                AND invoice.state IN ('issued', 'overdue') AND invoice.issued_on > sold.started_on
                AND invoice.total > invoice.applied + invoice.credited
            GROUP BY 1, 3
            """,
            "/customers/", "Open the customers", slow=True,
        ),
        Measure(
            "waiting_credits", "Service credits to issue",
            "Asked for or approved, and the customer still waits.", Unit.MONEY,
            """
            SELECT legal_entity_id, '' AS period_code, currency, sum(amount)::bigint AS value
            FROM credits_servicecredit WHERE state = ANY(%(promised)s) GROUP BY 1, 3
            """,
            "/credits/", "Open the credits",
            past=Past(
                f"""
                SELECT sent_at AS at, legal_entity_id, '' AS period_code, amount AS value
                FROM credits_servicecredit WHERE sent_at IS NOT NULL AND currency = %(currency)s
                UNION ALL
                SELECT {_CREDIT_ENDS}, legal_entity_id, '', -amount
                FROM credits_servicecredit
                WHERE sent_at IS NOT NULL AND {_CREDIT_ENDS} IS NOT NULL
                    AND currency = %(currency)s
                """,  # noqa: S608  a literal of ours
                "Before that it is worked out from when credits were sent and issued.",
            ),
        ),
        Measure(
            "oldest_credit", "Age of the oldest service credit to issue",
            "Since it was sent for approval.", Unit.MINUTES,
            """
            SELECT legal_entity_id, '' AS period_code, '' AS currency,
                (extract(epoch FROM now() - min(sent_at)) / 60)::bigint AS value
            FROM credits_servicecredit
            WHERE state = ANY(%(promised)s) AND sent_at IS NOT NULL GROUP BY 1
            """,
            "/credits/", "Open the credits", highest=True,
        ),
        Measure(
            "systems_down", "Systems that take nothing now",
            "Stopped after failures, on trial, or paused; maintenance that was announced is not.",
            Unit.COUNT,
            f"""
            SELECT NULL AS legal_entity_id, '' AS period_code, '' AS currency, count(*) AS value
            FROM delivery_gate gate
            WHERE (breaker <> 'closed' OR paused_at IS NOT NULL) AND NOT {windows.ON}
            HAVING count(*) > 0
            """,  # noqa: S608  own literals
            "/connections/", "Open the connections", of_all=True,
        ),
        Measure(
            "credentials_ending", "Credentials that end within 14 days",
            "Of connections in use, as the day of their end was told; ended ones count.",
            Unit.COUNT,
            """
            SELECT NULL AS legal_entity_id, '' AS period_code, '' AS currency, count(*) AS value
            FROM connectors_secret secret
            JOIN connectors_connection used ON used.id = secret.connection_id
            WHERE used.state = 'live' AND secret.valid_to IS NULL
                AND secret.ends_on <= current_date + 14
            HAVING count(*) > 0
            """,
            "/connections/", "Open the connections", of_all=True,
        ),
        Measure(
            "broken_trail", "Failed checks of the audit trail",
            "It is not as it was written, until it is verified again.", Unit.COUNT,
            _CASES.format(condition="kind = 'audit_trail_broken'"),
            "/playbooks/audit_trail_broken/", "Open the playbook", of_all=True,
            past=_of_cases("1", "kind = 'audit_trail_broken'"),
        ),
    )
}  # fmt: skip


def get(slug: str) -> Measure:
    """Raises MeasureUnknown."""
    try:
        return MEASURES[slug]
    except KeyError:
        raise MeasureUnknown(f"Nothing is measured as “{slug}”.") from None


def all() -> Sequence[Measure]:
    """In the order in which they are offered: money first."""
    ranked = list(Unit)
    return sorted(MEASURES.values(), key=lambda one: ranked.index(one.unit))


def params() -> dict[str, Any]:
    """What the statements name."""
    return {
        "dead": [kind.slug for kind in kinds.all() if kind.dead_letter],
        "live": [state.value for state in LIVE],
        "promised": [life.WAITING, life.APPROVED, life.ISSUING],
    }
