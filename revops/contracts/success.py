"""How the customer fares, as customer success sees it."""

from __future__ import annotations

from typing import ClassVar, Literal

from revops.contracts.base import Currency, Day, EventData, Exact, Id, Minor, Text


class _AboutCustomer(EventData):
    subject: ClassVar[str] = "customer"

    customer_id: Id

    @property
    def subject_id(self) -> str:
        return self.customer_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("customer", self.customer_id),)


class HealthChanged(_AboutCustomer):
    """``score`` from 0 (lost) to 100 (thriving)."""

    contract: ClassVar[str] = "health.changed/1"

    score: Exact
    band: Literal["green", "yellow", "red"]
    measured_on: Day
    reason: Text = ""


class MilestoneReached(_AboutCustomer):
    contract: ClassVar[str] = "onboarding.milestone_reached/1"

    milestone: Text
    reached_on: Day


class RenewalForecast(_AboutCustomer):
    """``probability`` from 0 to 1; ``amount`` is what a renewal would be worth for a year."""

    contract: ClassVar[str] = "renewal.forecast_updated/1"

    renews_on: Day
    currency: Currency
    amount: Minor
    probability: Exact
    risk: Literal["low", "medium", "high"] = "low"
    forecast_on: Day
