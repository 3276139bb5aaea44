"""
What was promised and what became of it, month by month and stage by stage. Currencies are never
added up: every figure is of one currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from revops.kernel.money import Money
from revops.store import sql

_SUMS: Final = """
SELECT asked.currency,
    sum(asked.amount) FILTER (WHERE asked.sent_at IS NOT NULL)::bigint AS promised,
    sum(asked.amount) FILTER (WHERE asked.state IN ('approved', 'issuing', 'issued', 'reversed')
        )::bigint AS approved,
    sum(asked.amount) FILTER (WHERE asked.state = 'issued')::bigint AS issued,
    sum(CASE WHEN memo.total > 0 THEN asked.amount * least(memo.total,
        CASE memo.settles WHEN 'invoice' THEN memo.total ELSE memo.applied END) / memo.total END)
        FILTER (WHERE asked.state = 'issued')::bigint AS applied,
    sum(asked.amount) FILTER (WHERE asked.state IN ('rejected', 'withdrawn') AND
        asked.sent_at IS NOT NULL)::bigint AS refused,
    sum(asked.amount) FILTER (WHERE asked.state = 'expired')::bigint AS expired,
    sum(asked.amount) FILTER (WHERE asked.state = 'reversed')::bigint AS reversed,
    sum(asked.amount) FILTER (WHERE asked.state = 'waiting')::bigint AS waiting
FROM credits_servicecredit asked
LEFT JOIN canonical_credit memo ON memo.id = asked.memo_id
LEFT JOIN mappings_legalentity entity ON entity.id = asked.legal_entity_id
WHERE asked.created_at >= %(since)s AND asked.currency <> ''
    AND (%(entity)s = '' OR entity.code = %(entity)s)
GROUP BY asked.currency ORDER BY 2 DESC NULLS LAST
"""
_DELAYS: Final = """
SELECT stage, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS middle,
    max(seconds) AS longest, count(*) AS number
FROM (
    SELECT stage, extract(epoch FROM ended - began) AS seconds
    FROM credits_servicecredit asked
    LEFT JOIN mappings_legalentity entity ON entity.id = asked.legal_entity_id
    CROSS JOIN LATERAL (VALUES
        ('asked', asked.created_at, asked.sent_at),
        ('decided', asked.sent_at, asked.decided_at),
        ('issued', asked.decided_at, asked.issued_at),
        ('posted', asked.issued_at, asked.posted_at)
    ) AS step (stage, began, ended)
    WHERE asked.created_at >= %(since)s AND ended IS NOT NULL AND began IS NOT NULL
        AND (%(entity)s = '' OR entity.code = %(entity)s)
) AS taken
GROUP BY stage
"""
_MONTHS: Final = """
SELECT date_trunc('month', asked.created_at)::date AS month,
    coalesce(sum(asked.amount) FILTER (WHERE asked.sent_at IS NOT NULL), 0)::bigint AS promised,
    coalesce(sum(asked.amount) FILTER (WHERE asked.state = 'issued'), 0)::bigint AS issued
FROM credits_servicecredit asked
LEFT JOIN mappings_legalentity entity ON entity.id = asked.legal_entity_id
WHERE asked.created_at >= %(since)s AND asked.currency = %(currency)s
    AND (%(entity)s = '' OR entity.code = %(entity)s)
GROUP BY 1 ORDER BY 1
"""
_STAGES: Final = (
    ("asked", "Written and sent"),
    ("decided", "Decision"),
    ("issued", "Credit note in billing"),
    ("posted", "Credit memo in the ERP"),
)


@dataclass(frozen=True, slots=True)
class Sums:
    """
    Of one currency, before tax. ``promised`` was asked for; ``applied`` of what was issued has
    lowered an invoice, ``unapplied`` waits in customers' balances.
    """

    promised: Money
    approved: Money
    issued: Money
    applied: Money
    refused: Money
    expired: Money
    reversed: Money
    waiting: Money

    @property
    def unapplied(self) -> Money:
        return self.issued - self.applied

    @property
    def leaking(self) -> Money:
        """Approved, and still not issued."""
        return self.approved - self.issued - self.reversed

    @property
    def currency(self) -> str:
        return self.promised.currency

    @property
    def parts(self) -> Sequence[tuple[str, Money, str]]:
        """(word, amount, tone), in the order of the road."""
        return (
            ("Asked for", self.promised, "info"),
            ("Approved", self.approved, "wait"),
            ("Issued", self.issued, "ok"),
            ("Applied", self.applied, "ok"),
            ("Unapplied", self.unapplied, "warn"),
            ("Expired", self.expired, "none"),
        )


@dataclass(frozen=True, slots=True)
class Delay:
    """How long a stage took, in seconds."""

    slug: str
    title: str
    middle: int
    longest: int
    number: int


def sums(*, since: datetime, entity: str = "") -> list[Sums]:
    """By currency, the one with the most promised first."""
    return [
        Sums(
            *(
                Money(getattr(row, name) or 0, row.currency)
                for name in (
                    "promised", "approved", "issued", "applied", "refused", "expired", "reversed",
                    "waiting",
                )
            )
        )
        for row in sql.rows(_SUMS, {"since": since, "entity": entity})
    ]  # fmt: skip


def delays(*, since: datetime, entity: str = "") -> list[Delay]:
    """Every stage, in order; those that nothing passed yet have a number of 0."""
    found = {row.stage: row for row in sql.rows(_DELAYS, {"since": since, "entity": entity})}
    return [
        Delay(slug, title, round(row.middle), round(row.longest), row.number)
        if (row := found.get(slug))
        else Delay(slug, title, 0, 0, 0)
        for slug, title in _STAGES
    ]


def months(*, since: datetime, currency: str, entity: str = "") -> list[tuple[date, Money, Money]]:
    """(month, promised, issued) of the requests that were begun in it."""
    given = {"since": since, "currency": currency, "entity": entity}
    return [
        (row.month, Money(row.promised, currency), Money(row.issued, currency))
        for row in sql.rows(_MONTHS, given)
    ]
