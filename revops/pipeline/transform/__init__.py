"""
Transformation: which fields a command carries, read from our records for a whole batch at once.

One module for each subject; ``MAPPINGS`` says which makes the payload of which command. Nothing
here knows in which order things are told: that is orchestration (``revops/pipeline/flows``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from revops.pipeline.transform import (
    crediting,
    customers,
    entitlements,
    health,
    invoices,
    payment_signals,
    provisioning,
    published,
    renewals,
    support,
    taxing,
    usage,
)
from revops.pipeline.transform.base import Answer, Ask

Transform = Callable[[Sequence[Ask]], Mapping[int, Answer]]

MAPPINGS: Final[Mapping[str, Transform]] = {
    "crm.customer_link": customers.link,
    "crm.subscription_link": renewals.link,
    "crm.invoice_state": invoices.state,
    "crm.renewal_value": renewals.value,
    "crm.health": health.health,
    "success.customer": customers.company,
    "success.entitlements": entitlements.entitlement,
    "success.payment_signal": payment_signals.signal,
    "customer.upsert": customers.upsert,
    "billing.subscription.create": provisioning.subscription,
    "billing.subscription.cancel": provisioning.end,
    "billing.invoice_item.create": usage.item,
    "billing.invoice_item.delete": usage.removal,
    "billing.credit_note.create": crediting.note,
    "billing.credit_note.void": crediting.void,
    "portal.event": published.event,
    "tax.commit": taxing.commit,
    "tax.void": taxing.void,
    "support.credit_state": crediting.stage,
    "support.billing_context": support.context,
}


def payloads(kind: str, asks: Sequence[Ask]) -> Mapping[int, Answer]:
    """The answer to each, by its step. Raises KeyError for a kind that nobody maps."""
    return MAPPINGS[kind](asks) if asks else {}
