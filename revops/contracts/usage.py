"""
What customers use. Raw records stay in the console; the ERP only ever sees what was billed.

Quantities are exact decimals, instants are UTC.
"""

from __future__ import annotations

from typing import ClassVar

from revops.contracts.base import (
    Currency,
    Day,
    EventData,
    Exact,
    Id,
    Instant,
    MaybeId,
    Minor,
    Taken,
    Text,
)


class UsageRecorded(EventData):
    """
    One raw record. ``usage_id`` is unique within its source; ``customer_id`` or
    ``subscription_id`` is an id of any connected system.
    """

    contract: ClassVar[str] = "usage.recorded/1"
    subject: ClassVar[str] = "usage"

    usage_id: Id
    customer_id: MaybeId = ""
    subscription_id: MaybeId = ""
    meter: Id
    quantity: Exact
    used_at: Instant

    @property
    def subject_id(self) -> str:
        return self.usage_id


class UsageRated(EventData):
    """
    A period's usage of one meter, priced: the billable line. ``quantity`` was used, ``billable`` of
    it is charged; ``amount`` is net. ``late_for`` is the period it belongs to when that had been
    rated before. ``prepaid`` of the amount is drawn from credits that were bought before.
    """

    contract: ClassVar[str] = "usage.rated/1"
    subject: ClassVar[str] = "rated_line"

    line_id: Id
    customer_id: Id
    subscription_id: Id
    meter: Id
    price_id: Id
    currency: Currency
    quantity: Exact
    billable: Exact
    amount: Minor
    prepaid: Taken = 0
    period_start: Day
    period_end: Day
    late_for: Text = ""
    legal_entity: Text = ""

    @property
    def subject_id(self) -> str:
        return self.line_id


class ThresholdCrossed(EventData):
    """Usage of a meter passed ``threshold`` (a part of what is entitled: 0.8, 1, 1.2)."""

    contract: ClassVar[str] = "usage.threshold_crossed/1"
    subject: ClassVar[str] = "subscription"

    subscription_id: Id
    customer_id: Id
    meter: Id
    threshold: Exact
    used: Exact
    entitled: Exact
    crossed_on: Day
    legal_entity: Text = ""

    @property
    def subject_id(self) -> str:
        return self.subscription_id
