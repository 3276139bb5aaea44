"""
What the demo company sells by use: API calls, in three currencies, and the connection
of its product, which tells of that use (``play`` lets its customers use it).

The prices come in as business events of billing, as any price does.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from connectors import registry
from connectors.models import Connection, Environment
from connectors.operations import set_secret
from revops.events.models import Channel
from revops.kernel import correlation
from revops.pipeline import receive
from revops.sandbox import company

PRODUCT: Final = "product"
METER: Final = "api_calls"
_PORT: Final = 6
_SINCE: Final = datetime(2025, 1, 1, tzinfo=UTC)


def _tiers(*steps: tuple[int | None, str]) -> list[dict[str, Any]]:
    return [{"up_to": up_to, "unit_price": unit_price} for up_to, unit_price in steps]


# (price, currency, what is particular to it); unit prices in minor units. They belong to no
# product: whatever plan a customer has, this is what API calls cost.
METERED: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("price_calls_usd", "USD", {
        "model": "tiered", "included": 2_000,
        "tiers": _tiers((10_000, "0.8"), (50_000, "0.5"), (None, "0.3")),
    }),
    ("price_calls_gbp", "GBP", {
        "model": "volume", "included": 2_000, "tiers": _tiers((10_000, "0.7"), (None, "0.4")),
    }),
    ("price_calls_eur", "EUR", {
        "model": "package", "included": 1_000, "unit_price": 450, "package_size": 1_000,
    }),
)  # fmt: skip


def seed() -> None:
    """The connection of the product, and the prices. Doing it again changes nothing."""
    _connection()
    receive.accept(
        connection_slug=company.STRIPE,
        items=[_offered(*price) for price in METERED],
        channel=Channel.API,
        correlation_id=correlation.new_id(),
    )


def _offered(price: str, currency: str, particular: dict[str, Any]) -> receive.Offered:
    data = {
        "price_id": price, "currency": currency, "meter": METER, "label": "API calls",
        "valid_from": "2025-01-01", **particular,
    }  # fmt: skip
    return receive.Offered(
        id=f"catalogue:{price}", contract="price.updated/1", occurred_at=_SINCE, data=data
    )


def _connection() -> None:
    manifest = registry.manifest("cloudevents")
    billing = Connection.objects.get(slug=company.STRIPE)
    base, _, port = billing.base_url.rpartition(":")
    address = f"{base}:{int(port) + _PORT}"
    defaults = {item.name: item.default for item in manifest.parameters if item.default is not None}
    connection, created = Connection.objects.get_or_create(
        slug=PRODUCT,
        defaults={
            "connector": manifest.slug, "label": "Product", "environment": Environment.SANDBOX,
            "base_url": address, "control_url": address, "parameters": defaults,
        },
    )  # fmt: skip
    if created:
        set_secret(connection, "signing_secret", "whsec_ZGVtby1wcm9kdWN0LXNpZ25zLWl0cy11c2U")
    elif connection.base_url != address:
        connection.base_url = connection.control_url = address
        connection.save(update_fields=["base_url", "control_url"])
