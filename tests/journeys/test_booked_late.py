"""Q5: sales expands, billing learns late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exceptions.models import Case
from revops.kernel import clock
from revops.kernel.money import Money
from revops.ledger.models import JournalEntry
from revops.lineage.queries import thread
from revops.mappings.models import LegalEntity
from revops.sandbox.metered import METER
from revops.sandbox.tours.booked_late import NEW, OLD, TOUR
from revops.usage.models import RatedLine
from revops.usage.operations.lines import close
from tests.journeys.world import World, lines


class TestBookedLate:
    def test_an_old_price_is_caught_and_mended_without_a_memo(self, world: World) -> None:
        caught = world.walk(TOUR, {"run": "Q5"}, until="follow")
        of = caught.facts["subscription_id"]
        assert self._rated(of) == [(OLD, 2_000)]
        case = Case.objects.get(pk=caught.facts["case_id"])
        assert (case.kind, case.state, case.at_stake) == ("stale_price", "open", 1_000)
        assert dict(case.facts)["By the contract"] == str(Money(1_000, "USD"))
        kinds = {one.kind for one in world.open_cases()}
        assert kinds == {"stale_price", "ownership_drift"}

        followed = world.walk(TOUR, caught.facts, until="rated")
        assert self._rated(of) == [(NEW, 1_000)]
        assert not world.open_cases()
        assert not JournalEntry.objects.exists()

        # A person rates the period for good, as the page does.
        zone = LegalEntity.objects.get(code="US-INC").zone
        close([(of, METER)], day=clock.local_date(clock.now(), zone))
        world.settle()
        walked = world.walk(TOUR, followed.facts)

        assert walked.done
        assert not world.open_cases()
        facts = dict(walked.facts)
        books = {one.document_type: lines(one) for one in JournalEntry.objects.all()}
        # 10.00 with 8.25 % of tax, paid at once; the sandbox takes 2.9 % and 30 cents.
        assert books == {
            "invoice": [("1100", 1_083), ("4100", -1_000), ("2100", -83)],
            "payment": [("1050", 1_083), ("1100", -1_083)],
            "fee": [("6100", 61), ("1050", -61)],
        }
        assert len(world.moves()) == len(books)
        self._is_one_thread(facts)
        self._was_told(world, facts)

    def _is_one_thread(self, facts: Mapping[str, Any]) -> None:
        found = thread("opportunity", facts["opportunity_id"])
        assert found is not None
        assert not found.problems
        kinds = {hop.kind for hop in found.hops}
        assert kinds >= {
            "customer", "opportunity", "contract", "subscription", "rated_line", "invoice",
            "payment", "journal", "posting",
        }  # fmt: skip
        assert {hop.id for hop in found.of("invoice")} >= {facts["invoice_id"]}
        assert {hop.status for hop in found.of("posting")} == {"posted"}

    def _was_told(self, world: World, facts: Mapping[str, Any]) -> None:
        """Sales and customer success know the plan that holds, and the invoice as it was right."""
        invoices = {row["RevOps_Id__c"]: row for row in world.rows("RevOps_Invoice__c")}
        told = invoices[facts["invoice"]]
        assert (told["Total__c"], told["Open__c"], told["State__c"]) == (10.83, 0, "paid")
        deal = next(row for row in world.rows("Opportunity") if row["Id"] == facts["opportunity"])
        assert deal["Subscription_ID__c"] == facts["subscription"]
        (company,) = world.companies()
        assert company["SfdcAccountId"] == facts["account"]
        granted = {row["Entitlement_Id__gc"]: row for row in world.entitlements()}
        assert granted[facts["subscription"]]["Feature__gc"] == NEW

    def _rated(self, subscription_id: int) -> list[tuple[str, int]]:
        found = RatedLine.objects.filter(subscription_id=subscription_id)
        return list(found.values_list("price_ref", "amount"))
