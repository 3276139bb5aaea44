"""
Chargebee's event types as this connector knows them (https://apidocs.chargebee.com/docs/api/events).

A type is translated, or known to need nothing, or unknown: then it becomes a case, because ignoring
it could make the books wrong silently.
"""

from __future__ import annotations

from typing import Final

# A resource as it is now, asked for (reading.py).
READ: Final = ".read"
# Longer names first: an item price is no item, what a subscription entitles to no subscription.
RESOURCES: Final = (
    "subscription_entitlement",
    "item_price",
    "item",
    "customer",
    "subscription",
    "invoice",
    "credit_note",
    "transaction",
)
_BY_PREFIX: Final = {
    "payment_succeeded": "transaction",
    "payment_failed": "transaction",
    "payment_refunded": "transaction",
    "payment_initiated": "transaction",
    "refund_initiated": "transaction",
    "dunning_updated": "invoice",
    "subscription_entitlements_created": "subscription_entitlement",
    "subscription_entitlements_updated": "subscription_entitlement",
}


def resource_of(kind: str) -> str:
    """Which resource an event of this type is about; empty when it is none that we read."""
    plain = kind.removesuffix(READ)
    if plain in _BY_PREFIX:
        return _BY_PREFIX[plain]
    return next((one for one in RESOURCES if plain == one or plain.startswith(f"{one}_")), "")


_OWN_EVENT: Final = "What it changes is announced by an event of its own."
_EACH_SUBSCRIPTION: Final = "Each subscription that it changes has an event of its own."
_NO_BOOKS: Final = "It changes nothing in the books."
_BEFORE_FINAL: Final = "Only final invoices are journalized."
_NOT_YET: Final = "It has not happened yet; the event of the day it does tells it."
_NOT_MONEY_YET: Final = "No money has moved yet."

NOTHING_TO_DO: Final[dict[str, str]] = {
    **dict.fromkeys(
        (
            "customer_entitlements_updated",
            "entitlement_overrides_auto_removed",
            "entitlement_overrides_removed",
            "entitlement_overrides_updated",
            "item_entitlements_removed",
            "item_entitlements_updated",
        ),
        _EACH_SUBSCRIPTION,
    ),
    **dict.fromkeys(
        ("dunning_updated", "mrr_updated", "subscription_items_renewed", "payment_intent_updated"),
        _OWN_EVENT,
    ),
    **dict.fromkeys(
        (
            "add_usages_reminder",
            "attached_item_created",
            "attached_item_deleted",
            "attached_item_updated",
            "authorization_succeeded",
            "authorization_voided",
            "business_entity_created",
            "business_entity_deleted",
            "business_entity_updated",
            "card_added",
            "card_deleted",
            "card_expired",
            "card_expiry_reminder",
            "card_updated",
            "contract_term_cancelled",
            "contract_term_completed",
            "contract_term_created",
            "contract_term_renewed",
            "contract_term_terminated",
            "coupon_codes_added",
            "coupon_codes_deleted",
            "coupon_codes_updated",
            "coupon_created",
            "coupon_deleted",
            "coupon_set_created",
            "coupon_set_deleted",
            "coupon_set_updated",
            "coupon_updated",
            "customer_deleted",
            "feature_activated",
            "feature_archived",
            "feature_created",
            "feature_deleted",
            "feature_reactivated",
            "feature_updated",
            "item_family_created",
            "item_family_deleted",
            "item_family_updated",
            "payment_due_reminder",
            "payment_source_added",
            "payment_source_deleted",
            "payment_source_expired",
            "payment_source_expiring",
            "payment_source_locally_deleted",
            "payment_source_updated",
            "promotional_credits_added",
            "promotional_credits_deducted",
            "quote_created",
            "quote_deleted",
            "quote_updated",
            "subscription_cancellation_reminder",
            "subscription_renewal_reminder",
            "subscription_shipping_address_updated",
            "subscription_trial_end_reminder",
            "subscription_trial_extended",
            "token_consumed",
            "token_created",
            "token_expired",
            "virtual_bank_account_added",
            "virtual_bank_account_deleted",
            "virtual_bank_account_updated",
        ),
        _NO_BOOKS,
    ),
    **dict.fromkeys(
        (
            "pending_invoice_created",
            "pending_invoice_updated",
            "unbilled_charges_created",
            "unbilled_charges_deleted",
            "unbilled_charges_invoiced",
            "unbilled_charges_voided",
        ),
        _BEFORE_FINAL,
    ),
    **dict.fromkeys(
        (
            "subscription_cancellation_scheduled",
            "subscription_changes_scheduled",
            "subscription_pause_scheduled",
            "subscription_resumption_scheduled",
            "subscription_scheduled_cancellation_removed",
            "subscription_scheduled_changes_removed",
            "subscription_scheduled_pause_removed",
            "subscription_scheduled_resumption_removed",
        ),
        _NOT_YET,
    ),
    **dict.fromkeys(
        ("payment_initiated", "payment_intent_created", "refund_initiated"),
        _NOT_MONEY_YET,
    ),
}
