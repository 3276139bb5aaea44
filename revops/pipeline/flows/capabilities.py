"""What a step may ask of another system. Which fields it carries is said in ``transform``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connectors import registry


@dataclass(frozen=True, slots=True)
class Capability:
    """
    ``kind`` is the command's, as connectors' manifests accept it. ``role`` is the sort of system.

    ``latest``: it tells a state, so that a newer one replaces an older one that was not sent, and
    two of one record are never under way at once. Others are things that are made once.
    ``makes`` is the type of the id that the target gives to our record, to be kept as a reference.
    ``absent`` says, while no connector can do it, who does it instead.
    ``answers``: it goes to the one system that told the event, and to no other.
    """

    kind: str
    title: str
    role: str
    latest: bool = True
    makes: str = ""
    absent: str = ""
    answers: bool = False

    @property
    def document(self) -> str:
        """The document type of its commands; part of their identity, so it never changes."""
        return self.kind.removesuffix(".create")[:24]


CAPABILITIES: Final[Mapping[str, Capability]] = {
    one.kind: one
    for one in (
        Capability("crm.customer_link", "Account link", "crm"),
        Capability("crm.subscription_link", "Subscription link", "crm"),
        Capability("crm.invoice_state", "Invoice state", "crm"),
        Capability("crm.renewal_value", "Renewal value", "crm"),
        Capability("crm.health", "Customer health", "crm"),
        Capability("success.customer", "Customer and group", "success"),
        Capability("success.entitlements", "Entitlement", "success"),
        Capability("success.payment_signal", "Payment signal", "success"),
        Capability(
            "customer.upsert", "Customer in the ERP", "erp", makes="customer",
        ),
        # The subscription itself comes back as an event, with an id of its own record.
        Capability(
            "billing.subscription.create", "New subscription", "billing", latest=False,
            makes="provisioned",
        ),
        Capability(
            "billing.subscription.cancel", "End of subscription", "billing", latest=False,
            absent="No connector ends subscriptions: a person does so in the billing system.",
        ),
        Capability(
            "billing.invoice_item.create", "Billable line", "billing", latest=False,
            makes="invoice_item",
        ),
        # The note itself comes back as an event; its id is kept with the request.
        Capability(
            "billing.credit_note.create", "Credit note", "billing", latest=False,
            makes="credit_note",
        ),
        # The last state of a note: that it was voided comes back as an event.
        Capability("billing.credit_note.void", "Voided credit note", "billing", latest=False),
        # The document's code in the tax engine: what is voided later.
        Capability("tax.commit", "Tax document", "tax", latest=False, makes="tax_document"),
        Capability("tax.void", "Voided tax document", "tax", latest=False),
        Capability("support.credit_state", "Credit on the ticket", "support"),
        Capability(
            "support.billing_context", "Billing on ticket", "support", answers=True,
        ),
        # The event as it is: a newer one takes nothing back of what an older one told.
        Capability("portal.event", "Event to subscriber", "portal", latest=False),
        Capability(
            "billing.invoice_item.delete", "Removal of a line", "billing", latest=False,
            absent="No connector removes lines: a person does so in the billing system.",
        ),
    )
}  # fmt: skip

# What people read where a command's document type is shown.
TITLES: Final[Mapping[str, str]] = {one.document: one.title for one in CAPABILITIES.values()}


def systems(kind: str) -> tuple[str, ...]:
    """The slugs of the installed connectors that can do it."""
    return tuple(
        slug for slug, manifest in registry.all_manifests().items() if kind in manifest.accepts
    )
