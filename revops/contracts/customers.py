"""Customers, as each system knows them."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import StringConstraints

from revops.contracts.base import Currency, Day, EventData, Id, MaybeId, Part, Text

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class Address(Part):
    line1: Text = ""
    line2: Text = ""
    postal_code: Text = ""
    city: Text = ""
    region: Text = ""
    country: Country | None = None


class OtherId(Part):
    """The id under which another system knows the same customer, as the source has noted it."""

    system: Text
    id: Id


class CustomerCreated(EventData):
    """
    A customer exists in the source system. ``parent_id`` is the customer above it in that system's
    hierarchy; ``other_ids`` name it in other systems, and make both one customer without a doubt.
    """

    contract: ClassVar[str] = "customer.created/1"
    subject: ClassVar[str] = "customer"

    customer_id: Id
    name: Text
    email: Text = ""
    currency: Currency | None = None
    tax_id: Text = ""
    address: Address = Address()
    legal_entity: Text = ""
    parent_id: MaybeId = ""
    domain: Text = ""
    region: Text = ""
    other_ids: tuple[OtherId, ...] = ()

    @property
    def subject_id(self) -> str:
        return self.customer_id


class CustomerUpdated(CustomerCreated):
    """The customer as it is now; every field is given, not only the changed ones."""

    contract: ClassVar[str] = "customer.updated/1"


class CustomerMerged(EventData):
    """The source system made one customer of two: ``merged_id`` lives on as ``customer_id``."""

    contract: ClassVar[str] = "customer.merged/1"
    subject: ClassVar[str] = "customer"

    customer_id: Id
    merged_id: Id
    merged_on: Day
    reason: Text = ""

    @property
    def subject_id(self) -> str:
        return self.customer_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("customer", self.customer_id), ("customer", self.merged_id))
