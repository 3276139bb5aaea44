"""The customer as one: who belongs to it, and whose word its fields are."""

from __future__ import annotations

from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from revops.canonical import queries
from revops.canonical.models import (
    Claim,
    Customer,
    Drift,
    Merge,
    MergeProposal,
    Party,
    ProposalState,
    RecordChange,
)
from revops.canonical.operations import golden
from revops.kernel import clock
from revops.mappings.models import OwnershipRule
from tests.canonical.conftest import World

BERLIN = {"country": "DE"}


def party_of(source_id: str) -> Party:
    return Party.objects.get(customers__source_id=source_id)


class TestIdentity:
    def test_makes_one_customer_of_accounts_that_name_each_other_whoever_came_first(
        self, world: World
    ) -> None:
        named = [{"system": "stripe", "id": "cus_1"}]
        world.customer(world.crm, "001", other_ids=named)
        world.customer(world.billing, "cus_1")
        world.customer(world.billing, "cus_2", name="Kestrel")
        world.customer(world.crm, "002", name="Kestrel", other_ids=[{"system": "Stripe",
                                                                     "id": "cus_2"}])  # fmt: skip

        assert party_of("001") == party_of("cus_1") != party_of("cus_2") == party_of("002")

    def test_makes_one_customer_of_equal_tax_ids_in_one_country(self, world: World) -> None:
        world.customer(world.crm, "001", tax_id="DE 123 456 789", address=BERLIN)
        world.customer(world.billing, "cus_1", tax_id="123456789", address=BERLIN)
        world.customer(world.billing, "cus_2", tax_id="123456789", address={"country": "AT"})
        world.customer(world.billing, "cus_3", tax_id="123456789")

        assert party_of("001") == party_of("cus_1")
        assert Party.objects.count() == 3

    def test_merges_two_customers_when_a_system_says_later_that_they_are_one(
        self, world: World
    ) -> None:
        world.customer(world.crm, "001")
        world.customer(world.billing, "cus_1")
        assert party_of("001") != party_of("cus_1")

        world.customer(world.crm, "001", other_ids=[{"system": "stripe", "id": "cus_1"}])

        merge = Merge.objects.get()
        assert party_of("001") == party_of("cus_1") == merge.survivor
        assert merge.customer_ids == [Customer.objects.get(source_id="cus_1").pk]
        assert merge.evidence[0]["kind"] == "other_id"
        assert queries.party_of(merge.absorbed_id) == merge.survivor

    def test_never_merges_what_a_person_keeps_apart(self, world: World) -> None:
        world.customer(world.crm, "001")
        world.customer(world.billing, "cus_1")
        left, right = sorted((party_of("001"), party_of("cus_1")), key=lambda one: one.pk)
        MergeProposal.objects.create(
            left=left, right=right, score=1, state=ProposalState.KEPT_APART, created_at=clock.now()
        )

        world.customer(world.crm, "001", other_ids=[{"system": "stripe", "id": "cus_1"}])

        assert party_of("001") != party_of("cus_1")
        assert not Merge.objects.exists()

    def test_moves_with_the_merge_that_a_system_made_itself(self, world: World) -> None:
        world.customer(world.crm, "001")
        world.customer(world.crm, "002", name="Haldn")
        world.tell(world.crm, "customer.merged", customer_id="001", merged_id="002",
                   merged_on="2026-01-02")  # fmt: skip

        assert party_of("001") == party_of("002")
        assert party_of("002").name == "Halden Media"


class TestOwnedFields:
    def test_follow_the_owner_and_keep_what_others_say_as_a_difference(self, world: World) -> None:
        world.owns(world.crm, "customer", "region")
        named = [{"system": "stripe", "id": "cus_1"}]
        world.customer(world.crm, "001", region="North", other_ids=named)
        world.customer(world.billing, "cus_1", region="North")

        world.customer(world.billing, "cus_1", region="South")

        party = party_of("001")
        assert party.region == "North"
        (found,) = queries.differences("party", [party.pk])
        assert found.agreed is not None
        assert (found.agreed.value, found.agreed.event_id) == ("North", 1)
        assert (found.owner.value, found.owner.system) == ("North", "Salesforce")
        assert (found.other.value, found.other.system, found.other.event_id) == (
            "South", "Stripe", 3,
        )  # fmt: skip
        assert Claim.objects.filter(field="region").count() == 2

    def test_close_a_difference_when_the_systems_agree_again(self, world: World) -> None:
        world.owns(world.crm, "customer", "currency")
        named = [{"system": "stripe", "id": "cus_1"}]
        world.customer(world.crm, "001", currency="EUR", other_ids=named)
        world.customer(world.billing, "cus_1", currency="USD")
        party = party_of("001")
        assert [one.field for one in world.teller.drifted] == ["currency"]
        assert Drift.objects.get(closed_at=None).money

        world.customer(world.billing, "cus_1", currency="EUR")

        assert not Drift.objects.filter(closed_at=None).exists()
        assert world.teller.agreed == [("party", party.pk)]

    def test_are_told_by_the_first_that_told_without_a_rule(self, world: World) -> None:
        world.customer(world.billing, "cus_1", region="South")
        world.customer(world.crm, "001", region="North",
                       other_ids=[{"system": "stripe", "id": "cus_1"}])  # fmt: skip

        assert party_of("001").region == "South"

    def test_take_health_from_its_owner_alone(self, world: World) -> None:
        world.owns(world.crm, "customer", "health")
        named = [{"system": "stripe", "id": "cus_1"}]
        world.customer(world.crm, "001", other_ids=named)
        world.customer(world.billing, "cus_1")
        said = {"score": "71.5", "band": "green", "measured_on": "2026-02-01"}
        assert world.tell(world.crm, "health.changed", customer_id="001", **said) == "changed"

        said |= {"score": "12", "band": "red"}
        assert world.tell(world.billing, "health.changed", customer_id="cus_1", **said) == "foreign"

        party = party_of("001")
        assert (party.health_band, str(party.health_score.normalize())) == ("green", "71.5")

    def test_know_the_customer_above_from_the_owners_hierarchy(self, world: World) -> None:
        world.customer(world.crm, "001", parent_id="000")
        assert party_of("001").parent is None

        world.customer(world.crm, "000", name="Halden Group")

        assert party_of("001").parent == party_of("000")

    def test_follow_a_new_matrix_when_they_are_settled_again(self, world: World) -> None:
        world.customer(world.crm, "001", region="North",
                       other_ids=[{"system": "stripe", "id": "cus_1"}])  # fmt: skip
        world.customer(world.billing, "cus_1", region="South")
        party = party_of("001")
        world.owns(world.billing, "customer", "region")

        golden.resettle([party.pk], clock.now(), by="Ada")

        party.refresh_from_db()
        assert party.region == "South"
        changed = RecordChange.objects.get(record_kind="party", field="region")
        assert (changed.before, changed.after, changed.by) == ("North", "South", "Ada")


class TestContractTerms:
    def sell(self, world: World, quantity: int) -> None:
        world.customer(world.crm, "001")
        world.customer(world.billing, "cus_1")
        world.tell(
            world.crm, "contract.signed", contract_id="800", customer_id="001", currency="EUR",
            total=90_000, starts_on="2026-01-01", ends_on="2026-12-31", signed_on="2026-01-01",
            items=[{"sku": "seat", "quantity": quantity, "unit_amount": 900}],
        )  # fmt: skip

    def bill(self, world: World, what: str, quantity: int, **more: object) -> None:
        world.tell(
            world.billing, f"subscription.{what}", subscription_id="sub_1", customer_id="cus_1",
            currency="EUR", started_on="2026-01-05", contract_ref="800",
            items=[{"sku": "seat", "quantity": quantity, "unit_amount": 900}], **more,
        )  # fmt: skip

    def test_differ_in_money_when_billing_learns_of_an_expansion_late(self, world: World) -> None:
        world.owns(world.crm, "contract")
        self.sell(world, 10)
        self.bill(world, "activated", 10)
        assert not world.teller.drifted

        world.tell(
            world.crm, "contract.amended", contract_id="800", customer_id="001", currency="EUR",
            total=108_000, starts_on="2026-01-01", ends_on="2026-12-31",
            effective_on="2026-03-01",
            items=[{"sku": "seat", "quantity": 12, "unit_amount": 900}],
        )  # fmt: skip

        (found,) = world.teller.drifted
        assert (found.kind, found.field) == ("contract", "items")
        drift = Drift.objects.get(closed_at=None)
        assert [item["quantity"] for item in (*drift.agreed, *drift.other_value)] == [10, 10]

        self.bill(world, "seats_changed", 12, effective_on="2026-03-01")

        assert not Drift.objects.filter(closed_at=None).exists()
        assert world.teller.agreed

    def test_follow_billing_where_billing_owns_them(self, world: World) -> None:
        world.owns(world.crm, "contract")
        world.owns(world.billing, "contract", "items")
        self.sell(world, 10)
        self.bill(world, "activated", 7)
        page = queries.party_page(party_of("001").pk)

        assert [item["quantity"] for item in page.contracts[0].items] == [7]
        assert [one.other.system for one in page.differences] == ["Salesforce"]


class TestWholeRecords:
    def test_of_another_owner_are_kept_as_claims_only(self, world: World) -> None:
        world.owns(world.billing, "invoice")
        world.customer(world.crm, "001")
        effect = world.tell(
            world.crm, "invoice.issued", invoice_id="in_9", number="X", customer_id="001",
            currency="EUR", issued_on="2026-01-05", total=100,
            lines=[{"line_id": "l1", "sku": "seat", "amount": 100}],
        )  # fmt: skip

        assert effect == "foreign"
        assert Claim.objects.get(record_kind="invoice").source_id == "in_9"

    def test_are_anybodys_where_no_rule_is_valid_any_more(self, world: World) -> None:
        world.owns(world.billing, "product")
        OwnershipRule.objects.update(valid="[2000-01-01,2001-01-01)")

        assert world.tell(world.crm, "product.updated", product_id="p", name="Calls") == "created"


class TestPages:
    def test_take_the_same_number_of_queries_whatever_there_is(self, world: World) -> None:
        world.customer(world.crm, "001")
        party = party_of("001")
        with CaptureQueriesContext(
            database,
        ) as few:
            queries.party_page(party.pk)
        world.customer(world.billing, "cus_1")
        for number in range(5):
            world.customer(world.crm, f"01{number}", other_ids=[{"system": "salesforce",
                                                                  "id": "001"}])  # fmt: skip
        with CaptureQueriesContext(database) as many:
            page = queries.party_page(party.pk)

        assert len(many) == len(few) <= 12
        assert len(page.customers) == 6

    def test_tell_the_history_of_a_record_newest_first(self, world: World) -> None:
        world.customer(world.crm, "001", name="Halden")
        world.customer(world.crm, "001", name="Halden Media", address=BERLIN)
        customer = Customer.objects.get(source_id="001")

        changes = queries.history("customer", customer.pk)

        assert [one.field for one in changes] == ["address", "name", ""]
        assert (changes[1].before, changes[1].after, changes[1].event_id) == (
            "Halden", "Halden Media", 2,
        )  # fmt: skip
        assert changes[2].event_id == 1
