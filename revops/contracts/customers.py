"""Customers and what they subscribe to."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import StringConstraints

from revops.contracts.base import Count, Currency, Day, EventData, Id, Minor, Part, Text

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class Address(Part):
    line1: Text = ""
    line2: Text = ""
    postal_code: Text = ""
    city: Text = ""
    region: Text = ""
    country: Country | None = None


class CustomerCreated(EventData):
    """A customer exists in the source system."""

    contract: ClassVar[str] = "customer.created/1"
    subject: ClassVar[str] = "customer"

    customer_id: Id
    name: Text
    email: Text = ""
    currency: Currency | None = None
    tax_id: Text = ""
    address: Address = Address()
    legal_entity: Text = ""

    @property
    def subject_id(self) -> str:
        return self.customer_id


class CustomerUpdated(CustomerCreated):
    """The customer as it is now; every field is given, not only the changed ones."""

    contract: ClassVar[str] = "customer.updated/1"


class SubscriptionItem(Part):
    sku: Id
    quantity: Count = 1
    unit_amount: Minor | None = None


class SubscriptionActivated(EventData):
    """A subscription started to run. No journal: revenue follows the invoice."""

    contract: ClassVar[str] = "subscription.activated/1"
    subject: ClassVar[str] = "subscription"

    subscription_id: Id
    customer_id: Id
    currency: Currency
    items: tuple[SubscriptionItem, ...]
    started_on: Day
    renews_on: Day | None = None
    legal_entity: Text = ""

    @property
    def subject_id(self) -> str:
        return self.subscription_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("customer", self.customer_id),)
