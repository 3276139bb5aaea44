"""The end of Q8 by hand: two names close a month, its certificate is sealed, one event is late."""

from __future__ import annotations

from datetime import UTC, datetime

from playwright.sync_api import expect

from exceptions.models import Case
from revops.bench.hand import Hand
from revops.events.models import InboxState
from revops.kernel import clock
from revops.reconciliation.models import Pair
from revops.reconciliation.operations import pairs, runs
from tests import factories as make
from tests.browser.conftest import Visit
from tests.browser.stage import Stage
from tests.close.kit import ran

# Nothing else of the stage is so old.
WHEN = datetime(2025, 3, 12, 12, tzinfo=UTC)


class TestClose:
    def test_takes_two_people_two_clicks_each_and_is_undone_by_nothing_silently(
        self, visit: Visit, stage: Stage
    ) -> None:
        entity = make.a_legal_entity("NW-Q8", name="Northwind Q8")
        period = make.a_period(entity, year=2025, month=3)
        make.a_period(entity, year=2025, month=4)
        ran(period)
        # Whichever test came before: what needs no other system is compared.
        if not Pair.objects.exists():
            pairs.sync()
        for pair in Pair.objects.filter(enabled=True, left=None, right=None):
            runs.run(
                pair_id=pair.pk, entity_id=entity.pk, period_code=period.code, full=True, by="test"
            )
        here = f"/close/{period.code}/{entity.code}/"

        page = visit(here).page
        verdict = page.locator("#verdict")
        expect(verdict).to_contain_text("can close: every test is true")
        hand = Hand(page)
        hand.click(page.locator("#confirm"))
        hand.click(page.locator("#sign"))
        expect(verdict).to_contain_text("waits only for the reviewer’s signature")
        assert (hand.clicks, hand.keys) == (2, 0)
        expect(page.locator("#sign")).to_have_count(0)

        page = visit(here, by="Marcus").page
        verdict, hand = page.locator("#verdict"), Hand(page)
        hand.click(page.locator("#confirm"))
        hand.click(page.locator("#sign"))
        expect(verdict).to_contain_text("is closed by Marcus")
        hand.click(page.locator("#to-certificate"))
        hand.click(page.locator("#seal"))
        holds = page.get_by_role("region", name="Does it hold")
        expect(holds).to_contain_text("It holds: every event in scope is accounted for.")
        assert (hand.clicks, hand.keys) == (4, 0)

        late = make.an_event(
            state=InboxState.QUARANTINED, occurred_at=WHEN, received_at=clock.now(),
            waits_for="period",
        )  # fmt: skip
        case = make.a_case(
            cause_key="8" * 16, kind="period_closed", inbound=late, legal_entity=entity,
            period_code=period.code, currency="USD", at_stake=129_900,
        )  # fmt: skip
        page.reload()
        expect(holds).to_contain_text("is suspended: changed since it was sealed: events in scope")
        page.goto(here)
        expect(verdict).to_contain_text("is closed by Marcus Oyelaran; 1 late event waits.")
        expect(page.locator("#way-next_open")).to_be_checked()
        expect(page.locator("#way-include")).to_be_disabled()
        # The others of this folder count what is open.
        Case.objects.filter(pk=case.pk).update(state="resolved", resolved_at=clock.now())
