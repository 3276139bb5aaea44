"""Canonical records: our copy of the business. One module a subject; import from here."""

from revops.canonical.models.base import Kind, Record
from revops.canonical.models.books import Adjustment, AdjustmentType
from revops.canonical.models.catalogue import Price, PriceVersion, Product
from revops.canonical.models.credits import Credit, CreditApplication, CreditState
from revops.canonical.models.customers import Customer, Party
from revops.canonical.models.history import Claim, Drift, ExternalReference, RecordChange
from revops.canonical.models.identity import MatchKey, Merge, MergeProposal, ProposalState
from revops.canonical.models.invoices import Invoice, InvoiceLine, InvoiceState, TaxDocument
from revops.canonical.models.payments import (
    Dispute,
    DisputeState,
    Payment,
    PaymentState,
    Payout,
    PayoutState,
    Refund,
)
from revops.canonical.models.sales import (
    Contract,
    ContractState,
    Opportunity,
    OpportunityState,
    Quote,
)
from revops.canonical.models.subscriptions import (
    Entitlement,
    EntitlementState,
    Subscription,
    SubscriptionState,
)
from revops.canonical.models.support import SupportCase, SupportCaseState

__all__ = [
    "Adjustment",
    "AdjustmentType",
    "Claim",
    "Contract",
    "ContractState",
    "Credit",
    "CreditApplication",
    "CreditState",
    "Customer",
    "Dispute",
    "DisputeState",
    "Drift",
    "Entitlement",
    "EntitlementState",
    "ExternalReference",
    "Invoice",
    "InvoiceLine",
    "InvoiceState",
    "Kind",
    "MatchKey",
    "Merge",
    "MergeProposal",
    "Opportunity",
    "OpportunityState",
    "Party",
    "Payment",
    "PaymentState",
    "Payout",
    "PayoutState",
    "Price",
    "PriceVersion",
    "Product",
    "ProposalState",
    "Quote",
    "Record",
    "RecordChange",
    "Refund",
    "Subscription",
    "SubscriptionState",
    "SupportCase",
    "SupportCaseState",
    "TaxDocument",
]
