"""What the console tells about revenue and periods."""

from __future__ import annotations

from typing import ClassVar

from revops.contracts.base import Currency, Day, EventData, Id, Minor, Text


class ScheduleCreated(EventData):
    """How a line's revenue is spread; ``replaces`` is the schedule that it goes on from."""

    contract: ClassVar[str] = "revenue_schedule.created/1"
    subject: ClassVar[str] = "schedule"

    schedule_id: Id
    legal_entity: Text
    business_key: Text
    line_id: Text
    currency: Currency
    total: Minor
    service_start: Day
    service_end: Day
    convention: Text
    replaces: Text = ""

    @property
    def subject_id(self) -> str:
        return self.schedule_id


class RevenueRecognised(EventData):
    """A period's share of a schedule became revenue. ``period`` earned it."""

    contract: ClassVar[str] = "revenue.recognised/1"
    subject: ClassVar[str] = "schedule"

    schedule_id: Id
    legal_entity: Text
    period: Text
    currency: Currency
    amount: Minor
    accounting_date: Day

    @property
    def subject_id(self) -> str:
        return self.schedule_id


class _Period(EventData):
    subject: ClassVar[str] = "period"

    legal_entity: Text
    period: Id
    starts: Day
    ends: Day
    by: Text = ""

    @property
    def subject_id(self) -> str:
        return self.period


class PeriodOpened(_Period):
    contract: ClassVar[str] = "period.opened/1"


class PeriodClosed(_Period):
    contract: ClassVar[str] = "period.closed/1"
