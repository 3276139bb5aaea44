"""Q5: sales expands, billing learns late."""

from __future__ import annotations

from exceptions.models import Case
from revops.kernel.money import Money
from revops.ledger.models import JournalEntry
from revops.sandbox.tours.booked_late import NEW, OLD, TOUR
from revops.usage.models import RatedLine
from tests.journeys.world import World


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

        walked = world.walk(TOUR, caught.facts)

        assert walked.done
        assert self._rated(of) == [(NEW, 1_000)]
        assert not world.open_cases()
        assert not JournalEntry.objects.filter(document_type="credit").exists()

    def _rated(self, subscription_id: int) -> list[tuple[str, int]]:
        found = RatedLine.objects.filter(subscription_id=subscription_id)
        return list(found.values_list("price_ref", "amount"))
