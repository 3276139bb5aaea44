"""A small business for the lookups: one customer known to two systems, with debts of all ages."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from revops.canonical.models import (
    Credit,
    Customer,
    Dispute,
    Entitlement,
    ExternalReference,
    Invoice,
    Payment,
    Price,
    PriceVersion,
    Product,
    Record,
    Subscription,
)
from revops.kernel import clock, correlation
from tests.factories import a_connection, a_legal_entity, an_invoice

R = TypeVar("R", bound=Record)


def common(source_id: str, **values: Any) -> dict[str, Any]:
    now = clock.now()
    return {
        "connection": values.pop("connection", None) or a_connection(),
        "source_id": source_id,
        "legal_entity": values.pop("legal_entity", None) or a_legal_entity(),
        "correlation_id": correlation.new_id(),
        "created_at": now,
        "updated_at": now,
        **values,
    }


def known(record: R, kind: str, external_id: str = "") -> R:
    """The reference that the line writes for every record."""
    ExternalReference.objects.create(
        connection=record.connection,
        type=kind,
        external_id=external_id or record.source_id,
        record_kind=type(record).__name__.lower(),
        record_id=record.pk,
    )
    return record


def an_account(source_id: str, party: Any, **values: Any) -> Customer:
    made = common(source_id, **values) | {"party": party, "name": party.name}
    return known(Customer.objects.create(**made | values), "customer")


def a_debt(customer: Customer, days_late: int, amount: int, **values: Any) -> Invoice:
    """An invoice that has been due for so many days, or will be."""
    assert customer.legal_entity is not None
    due = clock.local_date(clock.now(), customer.legal_entity.zone) - timedelta(days=days_late)
    made = {
        "total": amount, "net": amount, "due_on": due, "issued_on": due - timedelta(days=30),
        "legal_entity": customer.legal_entity, "state": "overdue" if days_late > 0 else "issued",
    } | values  # fmt: skip
    invoice = an_invoice(customer.connection, customer=customer, **made)
    known(invoice, "invoice")
    return known(invoice, "invoice_number", invoice.number) if invoice.number else invoice


def a_payment(customer: Customer, source_id: str, amount: int, **values: Any) -> Payment:
    made = {
        "customer": customer, "currency": "USD", "amount": amount, "dated": date(2026, 10, 1),
        "state": "applied",
    }  # fmt: skip
    return Payment.objects.create(**common(source_id, **made | values))


def a_dispute(payment: Payment, source_id: str, amount: int, **values: Any) -> Dispute:
    made = {
        "payment": payment, "currency": payment.currency, "amount": amount,
        "opened_on": date(2026, 10, 2),
    }  # fmt: skip
    return Dispute.objects.create(**common(source_id, **made | values))


def a_credit(customer: Customer, source_id: str, net: int, state: str, **values: Any) -> Credit:
    made = {
        "customer": customer, "credit_type": "goodwill", "currency": "USD", "net": net,
        "total": net, "state": state,
    }  # fmt: skip
    return Credit.objects.create(**common(source_id, **made | values))


def a_subscription(customer: Customer, source_id: str, **values: Any) -> Subscription:
    made = {"customer": customer, "currency": "USD", "started_on": date(2026, 1, 15)}
    return known(Subscription.objects.create(**common(source_id, **made | values)), "subscription")


def a_grant(customer: Customer, source_id: str, quantity: str | None, **values: Any) -> Entitlement:
    made = {
        "customer": customer, "feature": "Calls", "meter": "api_calls", "unit": "calls",
        "quantity": None if quantity is None else Decimal(quantity),
        "granted_on": date(2026, 1, 1), "effective_on": date(2026, 1, 1),
    }  # fmt: skip
    return Entitlement.objects.create(**common(source_id, **made | values))


def a_price(source_id: str, **values: Any) -> Price:
    made = {
        "currency": "USD", "model": "per_unit", "unit_price": Decimal(1000),
        "package_size": Decimal(1), "included": Decimal(0), "legal_entity": None,
    } | values  # fmt: skip
    entity = made.pop("legal_entity")
    record = common(source_id, **made)
    record["legal_entity"] = entity
    return known(Price.objects.create(**record), "price")


def a_version(price: Price, day: date, **values: Any) -> PriceVersion:
    made = {
        "currency": price.currency, "model": price.model, "unit_price": price.unit_price,
        "tiers": price.tiers, "package_size": price.package_size, "included": price.included,
        "valid_from": day, "version": 1,
    }  # fmt: skip
    return PriceVersion.objects.create(price=price, **made | values)


def a_product(source_id: str, **values: Any) -> Product:
    return Product.objects.create(**common(source_id, name="Calls", **values))
