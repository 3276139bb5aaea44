"""Records of several systems find each other, whichever came first."""

from __future__ import annotations

from typing import Any

import pytest

from revops.canonical.models import Credit, Customer, Invoice, Payment, Subscription, SupportCase
from tests.canonical.conftest import World

ITEMS = [{"sku": "seat", "quantity": 1}]


def contract(world: World) -> None:
    world.tell(
        world.crm, "contract.signed", contract_id="800", customer_id="001", currency="EUR",
        total=900, starts_on="2026-01-01", ends_on="2026-12-31", signed_on="2026-01-01",
        items=ITEMS,
    )  # fmt: skip


def subscription(world: World) -> None:
    world.tell(
        world.billing, "subscription.activated", subscription_id="sub_1", customer_id="cus_1",
        currency="EUR", started_on="2026-01-05", contract_ref="800", items=ITEMS,
    )  # fmt: skip


def invoice(world: World) -> None:
    world.tell(
        world.billing, "invoice.issued", invoice_id="in_1", number="R-1", customer_id="cus_1",
        currency="EUR", subscription_id="sub_1", issued_on="2026-01-05", total=900,
        lines=[{"line_id": "l1", "sku": "seat", "amount": 900}],
    )  # fmt: skip


def case(world: World) -> None:
    world.tell(
        world.crm, "support_case.opened", case_id="77", customer_ref="cus_1", invoice_ref="in_1",
        title="Wrong amount", opened_on="2026-01-06",
    )  # fmt: skip


def request(world: World) -> None:
    world.tell(
        world.billing, "credit.requested", credit_id="cr_1", customer_id="cus_1",
        credit_type="goodwill", currency="EUR", amount=100, entitled_on="2026-01-06",
        requested_on="2026-01-07", case_ref="77",
    )  # fmt: skip


def refusal(world: World) -> None:
    world.tell(
        world.billing, "payment.failed", payment_id="py_1", customer_id="cus_1",
        invoice_id="in_1", currency="EUR", amount=900, failed_on="2026-01-08",
    )  # fmt: skip


TOLD: list[Any] = [contract, subscription, invoice, case, request, refusal]


class TestReferences:
    @pytest.mark.parametrize("told", [TOLD, TOLD[::-1], TOLD[3:] + TOLD[:3]],
                             ids=["parents first", "children first", "mixed"])  # fmt: skip
    def test_lead_to_their_records(self, world: World, told: list[Any]) -> None:
        world.customer(world.crm, "001")
        world.customer(world.billing, "cus_1")
        for each in told:
            each(world)

        found = Subscription.objects.select_related("contract").get()
        assert found.contract is not None
        assert found.contract.source_id == "800"
        assert Invoice.objects.get().subscription == found
        opened = SupportCase.objects.get()
        assert (opened.customer, opened.invoice) == (
            Customer.objects.get(source_id="cus_1"), Invoice.objects.get(),
        )  # fmt: skip
        assert Credit.objects.get().support_case == opened
        assert Payment.objects.get().invoice == Invoice.objects.get()
        assert Payment.objects.get().customer == opened.customer

    def test_take_over_the_story_that_began_with_the_contract(self, world: World) -> None:
        world.customer(world.crm, "001")
        world.customer(world.billing, "cus_1")
        subscription(world)
        contract(world)

        found = Subscription.objects.select_related("contract").get()
        assert found.contract is not None
        assert found.correlation_id == found.contract.correlation_id

    def test_forget_the_record_that_they_no_longer_name(self, world: World) -> None:
        world.customer(world.crm, "001")
        world.customer(world.billing, "cus_1")
        contract(world)
        subscription(world)
        world.tell(
            world.billing, "subscription.renewed", subscription_id="sub_1", customer_id="cus_1",
            currency="EUR", started_on="2026-01-05", contract_ref="801", items=ITEMS,
            effective_on="2027-01-05",
        )  # fmt: skip

        assert Subscription.objects.get().contract is None
