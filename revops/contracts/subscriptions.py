"""
What a customer subscribes to, and each way in which that changes.

Every change carries the subscription as it is from then on, so that one event is enough to know
its state. None of them is a journal: revenue follows the invoice.
"""

from __future__ import annotations

from typing import ClassVar

from revops.contracts.base import Count, Currency, Day, EventData, Id, MaybeId, Minor, Part, Text


class SubscriptionItem(Part):
    sku: Id
    quantity: Count = 1
    unit_amount: Minor | None = None


class _Subscription(EventData):
    """``contract_ref`` is the signed contract behind it, by the CRM's id."""

    subject: ClassVar[str] = "subscription"

    subscription_id: Id
    customer_id: Id
    currency: Currency
    items: tuple[SubscriptionItem, ...]
    started_on: Day
    renews_on: Day | None = None
    legal_entity: Text = ""
    contract_ref: MaybeId = ""

    @property
    def subject_id(self) -> str:
        return self.subscription_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("customer", self.customer_id),)

    @property
    def related(self) -> tuple[tuple[str, str], ...]:
        return (("contract", self.contract_ref),) if self.contract_ref else ()


class SubscriptionActivated(_Subscription):
    """A subscription started to run. No journal: revenue follows the invoice."""

    contract: ClassVar[str] = "subscription.activated/1"


class _Changed(_Subscription):
    """``effective_on`` is the first day of the new state."""

    effective_on: Day


class SubscriptionUpgraded(_Changed):
    """From a plan to a dearer one."""

    contract: ClassVar[str] = "subscription.upgraded/1"


class SubscriptionDowngraded(_Changed):
    """From a plan to a cheaper one."""

    contract: ClassVar[str] = "subscription.downgraded/1"


class SeatsChanged(_Changed):
    """More or fewer of the same."""

    contract: ClassVar[str] = "subscription.seats_changed/1"


class SubscriptionRenewed(_Changed):
    """Another term began on ``effective_on``."""

    contract: ClassVar[str] = "subscription.renewed/1"


class SubscriptionPaused(_Changed):
    """Service and billing rest from ``effective_on``; ``resumes_on`` when that is known."""

    contract: ClassVar[str] = "subscription.paused/1"

    resumes_on: Day | None = None


class SubscriptionResumed(_Changed):
    """Service and billing go on from ``effective_on``."""

    contract: ClassVar[str] = "subscription.resumed/1"


class SubscriptionCancelled(_Changed):
    """``effective_on`` is the first day without service."""

    contract: ClassVar[str] = "subscription.cancelled/1"

    reason: Text = ""
