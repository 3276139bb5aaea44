"""Telling the business: ``usage.rated/1`` and ``usage.threshold_crossed/1``, once each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from revops.contracts.base import EventData
from revops.contracts.usage import ThresholdCrossed, UsageRated
from revops.events.operations import MEANINGS
from revops.kernel import strict_json
from revops.kernel.periods import Span
from revops.store import sql
from revops.usage.queries.facts import Subscriber
from revops.usage.rating import as_decimal
from revops.usage.revising import Line

_CROSSED: Final = """
INSERT INTO usage_crossing (
    subscription_id, meter, period_start, threshold, used, entitled, crossed_on, told_at
)
SELECT wanted.*, %b FROM unnest(
    %b::bigint[], %b::text[], %b::date[], %b::numeric[], %b::numeric[], %b::numeric[],
    %b::date[]) AS wanted (subscription_id, meter, period_start, threshold, used, entitled, day)
ORDER BY 1, 2, 3, 4
ON CONFLICT DO NOTHING
RETURNING subscription_id, meter, period_start, threshold
"""


@dataclass(frozen=True, slots=True)
class Published:
    """A business event that was stored just now, and the subscriber that it is about."""

    event_id: int
    data: EventData
    who: Subscriber


Follower = Callable[[Sequence[Published], datetime], None]
_followers: list[Follower] = []


def followed_by(follower: Follower) -> None:
    """Whoever goes on from these events is called in the transaction that stores them."""
    if follower not in _followers:
        _followers.append(follower)


class News:
    """What a transaction has to tell, published together by ``publish``."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._events: list[tuple[Subscriber, EventData]] = []
        self._crossings: dict[tuple[int, str, date, Decimal], tuple[Subscriber, Any]] = {}

    def rated(self, who: Subscriber, meter: str, line: Line) -> None:
        data = UsageRated(
            line_id=f"{line.key}-{line.revision}",
            customer_id=who.customer_ref,
            subscription_id=who.ref,
            meter=meter,
            price_id=line.price_ref,
            currency=line.currency,
            quantity=as_decimal(line.sums.quantity),
            billable=as_decimal(line.sums.charged),
            amount=line.sums.amount,
            prepaid=line.prepaid,
            period_start=line.period.start,
            period_end=line.period.end,
            late_for=line.late_for,
            legal_entity=who.entity,
        )
        self._events.append((who, data))

    def crossed(
        self, who: Subscriber, meter: str, period: Span, threshold: Decimal, day: date,
        used: Decimal, entitled: Decimal,
    ) -> None:  # fmt: skip
        data = ThresholdCrossed(
            subscription_id=who.ref, customer_id=who.customer_ref, meter=meter,
            threshold=threshold, used=used, entitled=entitled, crossed_on=day,
            legal_entity=who.entity,
        )  # fmt: skip
        self._crossings[who.id, meter, period.start, threshold.normalize()] = (who, data)

    def publish(self) -> int:
        """Write everything; how many thresholds had not been told before."""
        fresh = self._fresh_crossings()
        told = [*self._events, *fresh]
        ids = sql.new_ids("events_businessevent", len(told))
        MEANINGS.insert([
            (
                event_id, None, 0, data.contract, data.subject, data.subject_id, who.entity,
                strict_json.dumps(data.model_dump(mode="json")), self._at, self._at,
                who.correlation_id, "",
            )
            for event_id, (who, data) in zip(ids, told, strict=True)
        ])  # fmt: skip
        published = [
            Published(event_id, data, who) for event_id, (who, data) in zip(ids, told, strict=True)
        ]
        for follower in _followers if published else ():
            follower(published, self._at)
        return len(fresh)

    def _fresh_crossings(self) -> list[tuple[Subscriber, EventData]]:
        if not self._crossings:
            return []
        values = [
            (*key, data.used, data.entitled, data.crossed_on)
            for key, (_, data) in self._crossings.items()
        ]
        columns = [list(column) for column in zip(*values, strict=True)]
        return [
            self._crossings[
                row.subscription_id, row.meter, row.period_start, row.threshold.normalize()
            ]
            for row in sql.rows(_CROSSED, (self._at, *columns))
        ]
