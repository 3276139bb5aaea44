"""Q1: from an opportunity that is won to money in the bank."""

from __future__ import annotations

from collections import Counter

from revops.canonical.models import Opportunity
from revops.kernel.money import Money
from revops.ledger.models import JournalEntry
from revops.lineage.queries import thread
from revops.sandbox.tours.quote_to_cash import TOUR
from tests.journeys.world import World, lines

# The sandbox takes 2.9 % and 30 cents.
FEE = 34_830


class TestQuoteToCash:
    def test_a_deal_is_followed_to_the_journals_and_to_the_bank(self, world: World) -> None:
        world.play("stripe", "price", id="price_team_yearly", amount=1_200_000, interval="year")
        walked = world.walk(TOUR, {"run": "Q1"})

        assert walked.done
        facts = walked.facts
        books = {entry.document_type: lines(entry) for entry in JournalEntry.objects.all()}
        assert books == {
            "invoice": [("1100", 1_200_000), ("2300", -1_200_000)],
            "payment": [("1050", 1_200_000), ("1100", -1_200_000)],
            "fee": [("6100", FEE), ("1050", -FEE)],
            "payout": [("1000", 1_200_000 - FEE), ("1050", FEE - 1_200_000)],
        }
        held = Counter(
            (line["account"], line["debit"], line["credit"])
            for move in world.moves()
            for line in move["lines"]
        )
        assert held == Counter({
            ("1100", "12000.00", "0.00"): 1, ("2300", "0.00", "12000.00"): 1,
            ("1050", "12000.00", "0.00"): 1, ("1100", "0.00", "12000.00"): 1,
            ("6100", "348.30", "0.00"): 1, ("1050", "0.00", "348.30"): 1,
            ("1000", "11651.70", "0.00"): 1, ("1050", "0.00", "11651.70"): 1,
        })  # fmt: skip
        assert not world.open_cases()

        self._is_one_thread(facts["opportunity_id"])
        self._was_told_to_sales(world, dict(facts))
        self._was_told_to_success(world, dict(facts))

    def _is_one_thread(self, opportunity_id: int) -> None:
        found = thread("opportunity", opportunity_id)
        assert found is not None
        assert not found.problems
        kinds = {hop.kind for hop in found.hops}
        assert kinds >= {
            "customer", "opportunity", "contract", "subscription", "invoice", "payment", "payout",
            "journal", "posting", "event",
        }  # fmt: skip
        money = {hop.amount for hop in found.of("opportunity", "contract", "invoice", "payment")}
        assert money == {Money(1_200_000, "USD")}
        assert {hop.status for hop in found.of("posting")} == {"posted"}
        story = Opportunity.objects.get(pk=opportunity_id).correlation_id
        told = found.of("opportunity", "contract", "subscription", "invoice", "payment")
        assert {hop.correlation_id for hop in told} == {story}

    def _was_told_to_sales(self, world: World, facts: dict[str, object]) -> None:
        account = next(row for row in world.rows("Account") if row["Id"] == facts["account"])
        assert account["Stripe_Customer_ID__c"]
        deal = next(row for row in world.rows("Opportunity") if row["Id"] == facts["opportunity"])
        assert deal["Subscription_ID__c"] == facts["subscription"]
        assert deal["Subscription_Status__c"] == "active"
        (invoice,) = world.rows("RevOps_Invoice__c")
        assert (invoice["RevOps_Id__c"], invoice["Account__c"]) == (
            facts["invoice"],
            facts["account"],
        )
        assert (invoice["Total__c"], invoice["Open__c"]) == (12_000, 0)
        assert (invoice["State__c"], invoice["Payment_State__c"]) == ("paid", "succeeded")

    def _was_told_to_success(self, world: World, facts: dict[str, object]) -> None:
        named = {row["Name"]: row for row in world.companies()}
        assert set(named) == {"Meridian Group Q1", "Meridian Analytics Q1"}
        bought = named["Meridian Analytics Q1"]
        assert bought["ParentCompany"] == named["Meridian Group Q1"]["Gsid"]
        assert bought["SfdcAccountId"] == facts["account"]
