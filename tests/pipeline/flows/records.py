"""Records of Northwind, as the examples of the contracts tell of them."""

from __future__ import annotations

from datetime import date
from typing import Any

from revops.canonical.models import (
    Contract,
    Entitlement,
    Invoice,
    Opportunity,
    Payment,
    Price,
    Subscription,
)
from revops.kernel import clock, correlation
from revops.pipeline.models import FlowRun
from tests.factories import a_legal_entity, a_meaning
from tests.pipeline.flows.stage import Stage, System

ITEMS = [{"sku": "price_pro_annual", "quantity": 40, "unit_amount": 30000}]


def _base(stage: Stage, system: System, source_id: str) -> dict[str, Any]:
    now = clock.now()
    return {
        "connection": system.connection,
        "source_id": source_id,
        "legal_entity": stage.entity,
        "correlation_id": correlation.new_id(),
        "created_at": now,
        "updated_at": now,
    }


def an_invoice(stage: Stage, **values: Any) -> Invoice:
    return Invoice.objects.create(
        **{
            **_base(stage, stage.billing, values.pop("source_id", "in_1042")),
            "number": "INV-1042",
            "customer": stage.northwind,
            "currency": "USD",
            "issued_on": date(2025, 1, 1),
            "due_on": date(2025, 1, 31),
            "net": 1_200_000,
            "tax": 99_000,
            "total": 1_299_000,
            "content_sha256": "",
        }
        | values
    )


def a_payment(stage: Stage, invoice: Invoice, **values: Any) -> Payment:
    return Payment.objects.create(
        **{
            **_base(stage, stage.billing, values.pop("source_id", "pi_7001")),
            "invoice": invoice,
            "customer": stage.northwind,
            "currency": "USD",
            "amount": 1_299_000,
            "dated": date(2025, 1, 5),
            "state": "applied",
        }
        | values
    )


def a_subscription(stage: Stage, **values: Any) -> Subscription:
    return Subscription.objects.create(
        **{
            **_base(stage, stage.billing, values.pop("source_id", "sub_northwind_pro")),
            "customer": stage.northwind,
            "currency": "USD",
            "items": ITEMS,
            "started_on": date(2025, 1, 1),
            "renews_on": date(2026, 1, 1),
        }
        | values
    )


def a_price(stage: Stage, source_id: str = "price_pro_annual", months: int = 12) -> Price:
    return Price.objects.create(
        **{
            **_base(stage, stage.billing, source_id),
            "currency": "USD",
            "model": "per_unit",
            "unit_price": 30000,
            "interval_months": months,
            "package_size": 1,
            "included": 0,
        }
    )


def an_opportunity(stage: Stage, **values: Any) -> Opportunity:
    account = stage.crm.connection
    customer = stage.party.customers.get(connection=account)
    return Opportunity.objects.create(
        **{
            **_base(stage, stage.crm, values.pop("source_id", "006Ax000009WonQIAS")),
            "customer": customer,
            "name": "Northwind: Pro for analytics",
            "stage": "Closed Won",
            "currency": "USD",
            "amount": 1_200_000,
            "state": "won",
            "items": ITEMS,
            "starts_on": date(2025, 1, 1),
        }
        | values
    )


def a_contract(stage: Stage, opportunity: Opportunity, **values: Any) -> Contract:
    return Contract.objects.create(
        **{
            **_base(stage, stage.crm, values.pop("source_id", "800Ax000001CtrPIAS")),
            "customer": opportunity.customer,
            "opportunity": opportunity,
            "currency": "USD",
            "items": ITEMS,
            "total": 1_200_000,
            "starts_on": date(2025, 1, 1),
            "ends_on": date(2025, 12, 31),
        }
        | values
    )


def an_entitlement(stage: Stage, subscription: Subscription, **values: Any) -> Entitlement:
    return Entitlement.objects.create(
        **{
            **_base(stage, stage.billing, "ent_northwind_calls"),
            "customer": stage.northwind,
            "subscription": subscription,
            "feature": "API access",
            "quantity": 100_000,
            "unit": "calls",
            "meter": "api_calls",
            "granted_on": date(2025, 1, 1),
            "effective_on": date(2025, 1, 1),
        }
        | values
    )


def a_run() -> FlowRun:
    """A run of an issued invoice that has ended; the same one again."""
    found = FlowRun.objects.first()
    if found is not None:
        return found
    now = clock.now()
    return FlowRun.objects.create(
        business_event=a_meaning(),
        flow="invoice.issued",
        legal_entity=a_legal_entity(),
        record_kind="invoice",
        record_id=1,
        subject_id="in_1",
        state="done",
        correlation_id=correlation.new_id(),
        started_at=now,
        finished_at=now,
    )
