"""A small business with usage: customers, prices and subscriptions, and raw records of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.models import Connection
from revops.canonical.models import (
    Contract,
    Customer,
    Entitlement,
    ExternalReference,
    Party,
    Price,
    PriceVersion,
    Product,
    Subscription,
)
from revops.events.models import Channel
from revops.kernel import clock, correlation
from revops.mappings.models import LegalEntity
from revops.usage.models import Account, RatedLine
from revops.usage.operations import counting, intake, lines
from revops.usage.reading import Bad, Raw
from tests.factories import a_connection, a_legal_entity

METER = "api_calls"
OCTOBER = date(2026, 10, 1)
# In the middle of November, when October is long rated.
NOVEMBER = datetime(2026, 11, 15, 12, tzinfo=UTC)
LATE_OCTOBER = datetime(2026, 10, 30, 12, tzinfo=UTC)


def product_connection() -> Connection:
    return a_connection("product", "cloudevents", label="Product")


def _made(connection: Connection, source_id: str, entity: LegalEntity | None) -> dict[str, Any]:
    now = clock.now() - timedelta(hours=1)
    return {
        "connection": connection,
        "source_id": source_id,
        "legal_entity": entity or a_legal_entity(),
        "correlation_id": correlation.new_id(),
        "created_at": now,
        "updated_at": now,
    }


def refer(record: Any, external_id: str, connection: Connection | None = None) -> None:
    ExternalReference.objects.create(
        connection=connection or record.connection,
        type=type(record).__name__.lower(),
        external_id=external_id,
        record_kind=type(record).__name__.lower(),
        record_id=record.pk,
    )


def a_party(name: str = "Contoso") -> Party:
    now = clock.now()
    return Party.objects.create(name=name, created_at=now, updated_at=now)


def a_buyer(
    ref: str = "cus_1", *, party: Party | None = None, connection: Connection | None = None,
    entity: LegalEntity | None = None, known: bool = True,
) -> Customer:  # fmt: skip
    customer = Customer.objects.create(
        **_made(connection or a_connection(), ref, entity),
        party=party or a_party(f"Contoso {ref}"),
        name=f"Contoso {ref}",
        currency="USD",
    )
    if known:
        refer(customer, ref)
    return customer


def a_price(
    ref: str = "price_calls", *, versions: Sequence[dict[str, Any]] = (), product: str = "",
    **terms: Any,
) -> Price:  # fmt: skip
    """One cent a call beyond a thousand, unless told otherwise; ``versions`` by ``valid_from``."""
    connection = a_connection()
    facts = {
        "currency": "USD", "model": "per_unit", "unit_price": Decimal(1), "included": Decimal(1000),
        "package_size": Decimal(1), "meter": METER, "interval_months": 1, "tiers": [],
    } | terms  # fmt: skip
    sold = None
    if product:
        sold = Product.objects.get_or_create(
            connection=connection,
            source_id=product,
            defaults=_made(connection, product, None) | {"name": product},
        )[0]
    price = Price.objects.create(
        **_made(connection, ref, None), product=sold, label=ref, valid_from=date(2025, 1, 1),
        **facts,
    )  # fmt: skip
    for number, version in enumerate(versions or ({"valid_from": date(2025, 1, 1)},)):
        PriceVersion.objects.create(price=price, version=number, **(facts | version))
    return price


def a_subscription(
    customer: Customer, ref: str = "sub_1", *, skus: Sequence[str] = ("price_calls",),
    known: bool = True, **values: Any,
) -> Subscription:  # fmt: skip
    made = _made(customer.connection, ref, values.pop("legal_entity", customer.legal_entity)) | {
        "customer": customer,
        "currency": "USD",
        "items": [{"sku": sku, "quantity": 1, "unit_amount": None} for sku in skus],
        "started_on": date(2026, 1, 1),
    }
    subscription = Subscription.objects.create(**(made | values))
    if known:
        refer(subscription, ref)
    return subscription


def a_contract(customer: Customer, *, skus: Sequence[str], **values: Any) -> Contract:
    crm = a_connection("crm")
    made = _made(crm, "ctr_1", None) | {
        "customer": customer,
        "number": "C-1",
        "currency": "USD",
        "items": [{"sku": sku, "quantity": 1, "unit_amount": None} for sku in skus],
        "total": 0,
        "starts_on": date(2026, 1, 1),
        "ends_on": date(2026, 12, 31),
    }
    return Contract.objects.create(**(made | values))


def an_entitlement(subscription: Subscription, quantity: int | None, **values: Any) -> Entitlement:
    made = _made(subscription.connection, f"ent_{subscription.pk}", None) | {
        "customer": subscription.customer,
        "subscription": subscription,
        "feature": "API calls",
        "quantity": None if quantity is None else Decimal(quantity),
        "meter": METER,
        "granted_on": date(2026, 1, 1),
        "effective_on": date(2026, 1, 1),
    }
    return Entitlement.objects.create(**(made | values))


def used(
    usage_id: str, quantity: int | str = 1, *, customer: str = "cus_1", subscription: str = "",
    on: str = "2026-10-12T15:00:00Z", meter: str = METER, source: str = "app",
) -> Raw:  # fmt: skip
    moment = datetime.fromisoformat(on)
    return Raw(source, usage_id, customer, subscription, meter, str(quantity), moment)


def store(*records: Raw | Bad, connection: Connection | None = None) -> intake.Result:
    return intake.store(
        list(records),
        connection_id=(connection or product_connection()).pk,
        channel=Channel.API,
        correlation_id=correlation.new_id(),
    )


def take_in(*records: Raw | Bad, at: datetime = LATE_OCTOBER) -> lines.Turn:
    """Store, count and rate."""
    store(*records)
    counting.count()
    return lines.rate_due(at=at)


def a_rated_line() -> RatedLine:
    """The final line of October of somebody who used 1,500 calls; the same one again."""
    known = RatedLine.objects.first()
    if known is not None:
        return known
    a_price()
    a_subscription(a_buyer("cus_metered"), "sub_metered")
    take_in(used("use_metered", 1_500, customer="cus_metered"), at=NOVEMBER)
    return RatedLine.objects.get()


def a_rated_account() -> Account:
    line = a_rated_line()
    return Account.objects.get(subscription_id=line.subscription_id, meter=line.meter)
