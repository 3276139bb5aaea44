"""Every contract by its name, and how raw data becomes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from revops.contracts import (
    catalogue,
    credits,
    customers,
    disputes,
    entitlements,
    invoices,
    journals,
    payments,
    revenue,
    sales,
    subscriptions,
    success,
    support,
    tax,
    usage,
)
from revops.contracts.base import EventData
from revops.kernel.strict_json import storable

CONTRACTS: Final[Mapping[str, type[EventData]]] = {
    model.contract: model
    for model in (
        customers.CustomerCreated,
        customers.CustomerUpdated,
        customers.CustomerMerged,
        catalogue.ProductUpdated,
        catalogue.PriceUpdated,
        sales.OpportunityUpdated,
        sales.OpportunityWon,
        sales.OpportunityLost,
        sales.QuoteAccepted,
        sales.ContractSigned,
        sales.ContractAmended,
        sales.ContractRenewed,
        sales.ContractCancelled,
        subscriptions.SubscriptionActivated,
        subscriptions.SubscriptionUpgraded,
        subscriptions.SubscriptionDowngraded,
        subscriptions.SeatsChanged,
        subscriptions.SubscriptionRenewed,
        subscriptions.SubscriptionPaused,
        subscriptions.SubscriptionResumed,
        subscriptions.SubscriptionCancelled,
        usage.UsageRecorded,
        usage.UsageRated,
        usage.ThresholdCrossed,
        entitlements.EntitlementGranted,
        entitlements.EntitlementChanged,
        entitlements.EntitlementRevoked,
        invoices.InvoiceIssued,
        invoices.InvoiceVoided,
        invoices.InvoicePaid,
        invoices.InvoiceOverdue,
        invoices.InvoiceWrittenOff,
        invoices.WriteOffRecovered,
        invoices.CreditLossEstimated,
        payments.PaymentApplied,
        payments.PaymentFailed,
        payments.PaymentRefunded,
        payments.RefundReturned,
        payments.PayoutSettled,
        payments.PayoutReturned,
        disputes.PaymentReturned,
        disputes.DisputeOpened,
        disputes.DisputeClosed,
        tax.TaxCalculated,
        tax.TaxRemitted,
        credits.CreditRequested,
        credits.CreditApproved,
        credits.CreditRejected,
        credits.CreditIssued,
        credits.CreditVoided,
        credits.CreditApplied,
        support.SupportCaseOpened,
        support.SupportCaseEscalated,
        support.SupportCaseResolved,
        support.SupportCaseReopened,
        support.SlaBreached,
        success.HealthChanged,
        success.MilestoneReached,
        success.RenewalForecast,
        revenue.ScheduleCreated,
        revenue.RevenueRecognised,
        revenue.PeriodOpened,
        revenue.PeriodClosed,
        journals.JournalPosted,
        journals.JournalRejected,
        journals.JournalReversed,
    )
}

# What only the console itself can know: what its own ledger, calendar and usage say. Nobody may
# tell it from outside, or somebody else's figures would pass for the books'.
PRODUCED_HERE: Final = frozenset(
    model.contract
    for model in (
        usage.UsageRated,
        usage.ThresholdCrossed,
        revenue.ScheduleCreated,
        revenue.RevenueRecognised,
        revenue.PeriodOpened,
        revenue.PeriodClosed,
        journals.JournalPosted,
        journals.JournalRejected,
        journals.JournalReversed,
    )
)

# Old version → (new version, change to the data), applied on read until the newest is reached.
UPGRADES: Final[Mapping[str, tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]]] = {}


class ContractUnknown(ValueError):
    """No such event type, or a version newer than this build knows."""


class ContractBroken(ValueError):
    """The data does not fit the contract it claims; ``problems`` is [(field path, sentence)]."""

    def __init__(self, contract: str, problems: list[tuple[str, str]]) -> None:
        self.contract = contract
        self.problems = problems
        first = "; ".join(f"{path}: {problem}" for path, problem in problems[:5])
        super().__init__(f"{contract} does not hold: {first}")


def read(contract: str, data: Mapping[str, Any]) -> EventData:
    """
    The event's data as its newest contract. Raises ContractUnknown or ContractBroken.

    ``data`` is parsed JSON (``strict_json.loads``); dates are ISO texts, amounts whole numbers.
    """
    if not isinstance(data, Mapping):
        raise ContractBroken(_shown(contract), [("(whole)", "The data must be an object.")])
    values = dict(data)
    while contract in UPGRADES:
        contract, upgrade = UPGRADES[contract]
        values = upgrade(values)
    model = CONTRACTS.get(contract)
    if model is None:
        raise ContractUnknown(_why_unknown(contract))
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ContractBroken(contract, _problems(error)) from error


def _why_unknown(contract: str) -> str:
    """A sender who is ahead of us needs another remedy than one who mistyped."""
    kind = contract.partition("/")[0]
    known = [name for name in CONTRACTS if name.partition("/")[0] == kind]
    sentence = f"This console does not know the contract {_shown(contract)}"
    return f"{sentence}; it knows {', '.join(known)}." if known else f"{sentence}."


def _problems(error: ValidationError) -> list[tuple[str, str]]:
    """Names of unknown fields are the sender's own text, so they are made fit to store."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        (
            ".".join(_shown(str(part)) for part in item["loc"]) or "(whole)",
            item["msg"].removeprefix("Value error, "),
        )
        for item in found
        if item["type"] != "too_short" or not _follows(item["loc"], found)
    ]


def _follows(loc: tuple[int | str, ...], found: list[ErrorDetails]) -> bool:
    """Pydantic counts only sound items: a list is also “too short” when its one item is broken."""
    return any(len(item["loc"]) > len(loc) and item["loc"][: len(loc)] == loc for item in found)


def _shown(text: str) -> str:
    return storable(text[:80])[0]
