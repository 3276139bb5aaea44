"""What a customer may use."""

from __future__ import annotations

from typing import ClassVar

from revops.contracts.base import Day, EventData, Exact, Id, MaybeId, Text


class _Entitlement(EventData):
    """
    The entitlement as it is from ``effective_on``. ``quantity`` of ``unit`` (seats, calls) within
    each period; None is without limit. ``meter`` is the usage that counts against it.
    """

    subject: ClassVar[str] = "entitlement"

    entitlement_id: Id
    customer_id: Id
    subscription_id: MaybeId = ""
    feature: Text
    quantity: Exact | None = None
    unit: Text = ""
    meter: Text = ""
    effective_on: Day
    ends_on: Day | None = None

    @property
    def subject_id(self) -> str:
        return self.entitlement_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        first = (("customer", self.customer_id),)
        return (*first, ("subscription", self.subscription_id)) if self.subscription_id else first


class EntitlementGranted(_Entitlement):
    contract: ClassVar[str] = "entitlement.granted/1"


class EntitlementChanged(_Entitlement):
    contract: ClassVar[str] = "entitlement.changed/1"


class EntitlementRevoked(_Entitlement):
    """``effective_on`` is the first day without it."""

    contract: ClassVar[str] = "entitlement.revoked/1"

    reason: Text = ""
