"""A difference on money is one case for a customer or a contract, and ends by agreement."""

from __future__ import annotations

import pytest

from exceptions.models import Case
from exceptions.operations import report
from revops.canonical.models import Contract, Party
from revops.kernel import clock
from revops.pipeline import ownership
from tests import factories
from tests.canonical.conftest import World


@pytest.fixture(autouse=True)
def stored(world: World) -> None:
    """The inbound events that the world numbers its events by; a case names one."""
    for number in range(1, 12):
        factories.an_event(world.billing, id=number)


@pytest.fixture
def parted(world: World) -> World:
    """Sales sold twelve seats in dollars, billing knows of ten in euros."""
    world.owns(world.crm, "contract")
    world.customer(world.crm, "001")
    world.customer(world.billing, "cus_1")
    world.tell(
        world.crm, "contract.signed", contract_id="800", number="C-800", customer_id="001",
        currency="USD", total=10_800, starts_on="2026-01-01", ends_on="2026-12-31",
        items=[{"sku": "seat", "quantity": 12, "unit_amount": 900}], signed_on="2026-01-01",
    )  # fmt: skip
    bill(world, 10, "EUR")
    return world


def bill(world: World, quantity: int, currency: str) -> None:
    world.tell(
        world.billing, "subscription.seats_changed", subscription_id="sub_1", customer_id="cus_1",
        currency=currency, started_on="2026-01-05", effective_on="2026-02-01", contract_ref="800",
        items=[{"sku": "seat", "quantity": quantity, "unit_amount": 900}],
    )  # fmt: skip


class TestDrifted:
    def test_makes_one_case_of_two_fields_with_what_is_at_stake(self, parted: World) -> None:
        assert {one.field for one in parted.teller.drifted} == {"items", "currency"}

        report(ownership.drifted(parted.teller.drifted), at=clock.now())

        case = Case.objects.get()
        assert (case.kind, case.at_stake, case.currency) == ("ownership_drift", 1_800, "USD")
        assert (case.record_kind, case.record_id) == ("contract", Contract.objects.get().pk)
        assert case.subject_label == "Contract C-800"
        assert "Stripe differs from Salesforce" in case.what_happened

    def test_names_the_customer_when_its_own_fields_differ(self, world: World) -> None:
        world.owns(world.billing, "customer", "currency")
        named = [{"system": "stripe", "id": "cus_1"}]
        world.customer(world.crm, "001", currency="USD", other_ids=named)
        world.customer(world.billing, "cus_1", currency="EUR")

        (finding,) = ownership.drifted(world.teller.drifted)

        assert finding.identity == f"party:{Party.objects.get().pk}"
        assert finding.subject_label == "Customer Halden Media"
        assert ("Stripe: currency", "EUR") in finding.facts


class TestSettle:
    def test_ends_the_case_when_the_last_field_agrees(self, parted: World) -> None:
        report(ownership.drifted(parted.teller.drifted), at=clock.now())

        bill(parted, 12, "EUR")
        ownership.settle(parted.teller.agreed, at=clock.now())
        assert Case.objects.get().state == "open"

        bill(parted, 12, "USD")
        ownership.settle(parted.teller.agreed, at=clock.now())

        assert Case.objects.get().state != "open"


class TestLookAgain:
    def test_settles_every_customer_by_the_matrix_of_today(self, world: World) -> None:
        world.customer(world.crm, "001", currency="USD",
                       other_ids=[{"system": "stripe", "id": "cus_1"}])  # fmt: skip
        world.customer(world.billing, "cus_1", currency="EUR")
        world.customer(world.crm, "002", name="Kestrel")
        world.owns(world.billing, "customer", "currency")

        assert ownership.look_again(most=1) == 2

        assert Party.objects.get(name="Halden Media").currency == "EUR"
        assert Case.objects.get().kind == "ownership_drift"
