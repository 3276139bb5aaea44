"""Whatever the order in which events come, the records end up the same."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database
from django.db import transaction

from revops.canonical.operations import matrix
from tests import factories
from tests.canonical.telling import Said, Teller, event, state

pytestmark = pytest.mark.django_db

Made = Callable[[Any, Any], list[Said]]

CUSTOMER = {"customer_id": "cus_1", "name": "Halden Media", "currency": "EUR"}


def customer(at: Any, minute: int = 0, **more: Any) -> Said:
    return Said(at, event("customer.created", **(CUSTOMER | more)), minute)


def subscribed(what: str, quantity: int, **more: Any) -> Any:
    changed = {} if what == "activated" else {"effective_on": f"2026-02-{quantity:02}"}
    return event(
        f"subscription.{what}", subscription_id="sub_1", customer_id="cus_1", currency="EUR",
        items=[{"sku": "seat", "quantity": quantity, "unit_amount": 900}],
        started_on="2026-01-05", **(changed | more),
    )  # fmt: skip


def lifecycle(billing: Any, _crm: Any) -> list[Said]:
    return [
        Said(billing, subscribed("activated", 5), 1),
        Said(billing, subscribed("seats_changed", 9), 2),
        Said(billing, subscribed("paused", 9, resumes_on="2026-03-01"), 3),
        Said(billing, subscribed("cancelled", 10, reason="Moved away"), 4),
    ]


def same_second(billing: Any, _crm: Any) -> list[Said]:
    """A source whose clock is too coarse: four changes, one version."""
    return [
        Said(billing, subscribed("activated", 5), 1),
        Said(billing, subscribed("seats_changed", 7), 1),
        Said(billing, subscribed("seats_changed", 9), 1),
        Said(billing, subscribed("upgraded", 8), 1),
    ]


def invoice() -> Any:
    return event(
        "invoice.issued", invoice_id="in_1", number="R-1", customer_id="cus_1", currency="EUR",
        subscription_id="sub_1", issued_on="2026-01-05", total=11_900,
        lines=[
            {"line_id": "l1", "sku": "seat", "amount": 10_000,
             "taxes": [{"code": "vat", "amount": 1_900}]}
        ],
    )  # fmt: skip


def money(billing: Any, _crm: Any) -> list[Said]:
    credit = event(
        "credit.issued", credit_id="cn_1", customer_id="cus_1", invoice_id="in_1",
        credit_type="billing_error", settles="invoice", currency="EUR", issued_on="2026-01-09",
        lines=[{"line_id": "c1", "invoice_line_id": "l1", "amount": 3_000}], total=3_000,
    )  # fmt: skip
    paid = event(
        "payment.applied", payment_id="ch_1", customer_id="cus_1", invoice_id="in_1",
        currency="EUR", amount=8_900, received_on="2026-01-20",
    )  # fmt: skip
    back = event(
        "payment.refunded", refund_id="re_1", payment_id="ch_1", currency="EUR", amount=900,
        refunded_on="2026-01-25",
    )  # fmt: skip
    return [Said(billing, each, n) for n, each in enumerate((invoice(), credit, paid, back), 1)]


def returns(billing: Any, _crm: Any) -> list[Said]:
    """A direct debit: refused, tried again, taken, and taken back."""
    common = {"payment_id": "py_1", "currency": "EUR", "amount": 11_900}
    failed = event("payment.failed", **common, invoice_id="in_1", failed_on="2026-01-08")
    taken = event("payment.applied", **common, invoice_id="in_1", received_on="2026-01-12")
    back = event("payment.returned", **common, fee=500, returned_on="2026-02-01")
    return [Said(billing, each, n) for n, each in enumerate((invoice(), failed, taken, back), 1)]


def states(billing: Any, _crm: Any) -> list[Said]:
    """What billing tells of an invoice after it was issued; void is the end."""
    late = event("invoice.overdue", invoice_id="in_1", due_on="2026-02-04", open_amount=11_900,
                 currency="EUR")  # fmt: skip
    paid = event("invoice.paid", invoice_id="in_1", paid_on="2026-02-10", amount_paid=11_900,
                 currency="EUR")  # fmt: skip
    lost = event("invoice.written_off", invoice_id="in_1", written_off_on="2026-02-08",
                 cause="credit_loss")  # fmt: skip
    return [Said(billing, each, n) for n, each in enumerate((invoice(), late, lost, paid), 1)]


def sold(_billing: Any, crm: Any) -> list[Said]:
    deal = {
        "opportunity_id": "006", "customer_id": "cus_1", "name": "Halden 2026", "currency": "EUR",
        "amount": 90_000,
    }  # fmt: skip
    items = [{"sku": "seat", "quantity": 10, "unit_amount": 900}]
    agreed = {
        "contract_id": "800", "customer_id": "cus_1", "opportunity_id": "006", "currency": "EUR",
        "total": 90_000, "starts_on": "2026-01-01", "ends_on": "2026-12-31",
    }  # fmt: skip
    more = [{"sku": "seat", "quantity": 12, "unit_amount": 900}]
    return [
        Said(crm, event("opportunity.won", **deal, stage="Won", won_on="2026-01-02", items=items),
             2),
        Said(crm, event("opportunity.updated", **deal, stage="Closed Won"), 3),
        Said(crm, event("contract.signed", **agreed, items=items, signed_on="2026-01-03"), 4),
        Said(crm, event("contract.amended", **agreed, items=more, effective_on="2026-02-01"), 5),
    ]  # fmt: skip


def group(_billing: Any, crm: Any) -> list[Said]:
    """A hierarchy, a rename, and a duplicate that the CRM merges away."""
    parent = event("customer.created", customer_id="001", name="Halden Group")
    child = event("customer.updated", customer_id="cus_1", name="Halden Media GmbH",
                  parent_id="001")  # fmt: skip
    twin = event("customer.created", customer_id="002", name="Haldn Media")
    one = event("customer.merged", customer_id="cus_1", merged_id="002", merged_on="2026-02-01")
    return [Said(crm, each, n) for n, each in enumerate((parent, twin, child, one), 1)]


def support(billing: Any, _crm: Any) -> list[Said]:
    said = {"case_id": "77", "customer_ref": "cus_1", "title": "Exports fail",
            "opened_on": "2026-01-10"}  # fmt: skip
    return [
        Said(billing, event("support_case.opened", **said), 1),
        Said(billing, event("sla.breached", **said, promise="first_response",
                            breached_on="2026-01-11"), 2),
        Said(billing, event("support_case.escalated", **said, escalated_on="2026-01-12"), 3),
        Said(billing, event("support_case.resolved", **said, resolved_on="2026-01-13",
                            resolution="Fixed"), 4),
    ]  # fmt: skip


def support_again(billing: Any, _crm: Any) -> list[Said]:
    """Resolved, opened again on the same day, escalated, and resolved for good."""
    said = {"case_id": "77", "customer_ref": "cus_1", "title": "Exports fail",
            "opened_on": "2026-01-10"}  # fmt: skip
    return [
        Said(billing, event("support_case.resolved", **said, resolved_on="2026-01-13",
                            resolution="Fixed"), 1),
        Said(billing, event("support_case.reopened", **said, reopened_on="2026-01-13"), 2),
        Said(billing, event("support_case.escalated", **said, escalated_on="2026-01-14"), 3),
        Said(billing, event("support_case.resolved", **said, resolved_on="2026-01-15",
                            resolution="Really fixed"), 4),
    ]  # fmt: skip


def credit_request(billing: Any, _crm: Any) -> list[Said]:
    asked = {
        "credit_id": "cr_1", "customer_id": "cus_1", "credit_type": "goodwill", "currency": "EUR",
        "amount": 500, "entitled_on": "2026-01-12",
    }  # fmt: skip
    issued = event(
        "credit.issued", credit_id="cr_1", customer_id="cus_1", credit_type="goodwill",
        settles="balance", currency="EUR", issued_on="2026-01-15",
        lines=[{"line_id": "c1", "amount": 500}], total=500,
    )  # fmt: skip
    return [
        Said(billing, event("credit.requested", **asked, requested_on="2026-01-12"), 1),
        Said(billing, event("credit.rejected", **asked, rejected_on="2026-01-13"), 2),
        Said(billing, event("credit.approved", **asked, approved_on="2026-01-14"), 3),
        Said(billing, issued, 4),
    ]


def entitled(billing: Any, _crm: Any) -> list[Said]:
    said = {"entitlement_id": "ent_1", "customer_id": "cus_1", "feature": "API calls"}
    return [
        Said(billing, event("entitlement.granted", **said, quantity=100,
                            effective_on="2026-01-05"), 1),
        Said(billing, event("entitlement.changed", **said, quantity=500,
                            effective_on="2026-02-01"), 2),
        Said(billing, event("entitlement.changed", **said, effective_on="2026-02-15"), 3),
        Said(billing, event("entitlement.revoked", **said, effective_on="2026-03-01"), 4),
    ]  # fmt: skip


def priced(billing: Any, _crm: Any) -> list[Said]:
    said = {"price_id": "price_1", "product_id": "prod_1", "currency": "EUR"}
    return [
        Said(billing, event("price.updated", **said, unit_price="9.5"), 1),
        Said(billing, event("product.updated", product_id="prod_1", name="Calls"), 2),
        Said(billing, event("price.updated", **said, unit_price="12", valid_from="2026-02-01"), 3),
        Said(billing, event("price.updated", **said, unit_price="11", valid_from="2026-02-01"), 4),
    ]


class TestFourEvents:
    @pytest.mark.parametrize(
        "made",
        [
            lifecycle, same_second, money, returns, states, sold, group, support,
            support_again, credit_request, entitled, priced,
        ],
        ids=lambda made: made.__name__,
    )  # fmt: skip
    def test_end_in_the_same_records_in_all_24_orders(self, made: Made) -> None:
        matrix.forget()
        entity = factories.a_legal_entity("DE-GMBH", functional_currency="EUR")
        billing = factories.a_connection("stripe", label="Stripe")
        crm = factories.a_connection("salesforce", "stripe", label="Salesforce")
        ends: dict[str, list[tuple[int, ...]]] = {}
        for order in itertools.permutations(range(4)):
            mark = transaction.savepoint()
            events = made(billing, crm)
            system = crm if made in (sold, group) else billing
            teller = Teller(entity)
            teller.tell([customer(system), *(events[index] for index in order)])
            assert not teller.waiting
            assert "conflict" not in teller.effects
            with database.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            ends.setdefault(str(state()), []).append(order)
            transaction.savepoint_rollback(mark)

        assert len(ends) == 1, "\n".join(
            f"{orders[0]} and {len(orders) - 1} others: {end}" for end, orders in ends.items()
        )
