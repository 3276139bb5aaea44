"""What sales promises: opportunities, quotes, and the contracts that they become."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from revops.contracts.base import Count, Currency, Day, EventData, Id, MaybeId, Minor, Part, Text
from revops.contracts.subscriptions import SubscriptionItem


class OpportunityUpdated(EventData):
    """The opportunity as it is now; ``stage`` in the CRM's words, ``amount`` its total value."""

    contract: ClassVar[str] = "opportunity.updated/1"
    subject: ClassVar[str] = "opportunity"

    opportunity_id: Id
    customer_id: Id
    name: Text
    stage: Text
    currency: Currency
    amount: Minor
    closes_on: Day | None = None
    owner: Text = ""
    kind: Text = ""
    legal_entity: Text = ""

    @property
    def subject_id(self) -> str:
        return self.opportunity_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("customer", self.customer_id),)


class OpportunityWon(OpportunityUpdated):
    """The customer agreed: what was sold, from when until when. The start of quote to cash."""

    contract: ClassVar[str] = "opportunity.won/1"

    won_on: Day
    items: tuple[SubscriptionItem, ...] = ()
    starts_on: Day | None = None
    ends_on: Day | None = None


class OpportunityLost(OpportunityUpdated):
    contract: ClassVar[str] = "opportunity.lost/1"

    lost_on: Day
    reason: Text = ""


class QuoteAccepted(EventData):
    """A quote of the CRM's CPQ that the customer accepted."""

    contract: ClassVar[str] = "quote.accepted/1"
    subject: ClassVar[str] = "quote"

    quote_id: Id
    opportunity_id: Id
    number: Text = ""
    currency: Currency
    amount: Minor
    items: tuple[SubscriptionItem, ...]
    accepted_on: Day

    @property
    def subject_id(self) -> str:
        return self.quote_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("opportunity", self.opportunity_id),)


class PaymentTerms(Part):
    """``net_days`` after the invoice; ``billing_months`` between invoices."""

    net_days: Annotated[Count, Field(ge=0)] = 30
    billing_months: Annotated[Count, Field(ge=0)] = 12


class _Contract(EventData):
    """The contract as it is from then on. ``ends_on`` is its last day of service."""

    subject: ClassVar[str] = "contract"

    contract_id: Id
    customer_id: Id
    opportunity_id: MaybeId = ""
    number: Text = ""
    currency: Currency
    items: tuple[SubscriptionItem, ...]
    total: Minor
    starts_on: Day
    ends_on: Day
    terms: PaymentTerms = PaymentTerms()
    legal_entity: Text = ""

    @property
    def subject_id(self) -> str:
        return self.contract_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        first = (("customer", self.customer_id),)
        return (*first, ("opportunity", self.opportunity_id)) if self.opportunity_id else first


class ContractSigned(_Contract):
    contract: ClassVar[str] = "contract.signed/1"

    signed_on: Day


class ContractAmended(_Contract):
    """``effective_on`` is the first day of the new terms."""

    contract: ClassVar[str] = "contract.amended/1"

    effective_on: Day
    reason: Text = ""


class ContractRenewed(_Contract):
    contract: ClassVar[str] = "contract.renewed/1"

    effective_on: Day


class ContractCancelled(_Contract):
    """``effective_on`` is the first day without service."""

    contract: ClassVar[str] = "contract.cancelled/1"

    effective_on: Day
    reason: Text = ""
