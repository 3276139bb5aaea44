"""Q3: more is used than is included."""

from __future__ import annotations

from revops.canonical.models import Invoice
from revops.kernel import clock
from revops.ledger.models import JournalEntry
from revops.mappings.models import LegalEntity
from revops.pipeline.models import FlowRun
from revops.sandbox.metered import METER
from revops.sandbox.tours.usage_overage import TOUR
from revops.usage.models import RatedLine
from revops.usage.operations.lines import close
from tests.journeys.world import World, lines


class TestUsageOverage:
    def test_what_is_more_is_rated_billed_and_booked(self, world: World) -> None:
        used = world.walk(TOUR, {"run": "Q3"}, until="rated")
        of = used.facts["subscription_id"]
        (line,) = RatedLine.objects.filter(subscription_id=of)
        assert (line.quantity, line.free, line.charged) == (2_500, 2_000, 500)
        assert (line.amount, line.price_ref, line.state) == (400, "price_calls_usd", "running")
        assert FlowRun.objects.filter(flow="usage.threshold_crossed").count() == 3

        # A person rates the period for good, as the page does.
        zone = LegalEntity.objects.get(code="US-INC").zone
        close([(of, METER)], day=clock.local_date(clock.now(), zone))
        world.settle()
        walked = world.walk(TOUR, used.facts)
        world.settle()

        assert walked.done
        # 12,000.00 and 4.00, each with 8.25 % of tax.
        assert lines(JournalEntry.objects.get(pk=walked.facts["journal_id"])) == [
            ("1100", 1_299_433),
            ("2300", -1_200_000),
            ("2100", -99_000),
            ("4100", -400),
            ("2100", -33),
        ]
        assert Invoice.objects.get(pk=walked.facts["invoice_id"]).tax == 99_033
        assert not world.open_cases()
        posted = [{line["account"] for line in move["lines"]} for move in world.moves()]
        assert {"1100", "2300", "2100", "4100"} in posted

        (account,) = world.rows("Account")
        assert account["Health_Score__c"] == 74
        (company,) = world.companies()
        assert company["Stripe_Customer_Id__gc"] == walked.facts["customer"]
