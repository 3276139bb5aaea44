"""A rule is tried before it is kept, and an alert is taken on from a phone (M1)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from playwright.sync_api import expect

from revops.alerts.models import Alert, Rule, Sample
from revops.alerts.operations.watching import slot_of
from revops.kernel import clock
from tests.browser.conftest import Visit
from tests.browser.looks.alerts import alert
from tests.browser.stage import Stage


def _dead_letters_piled_up(*, days: int) -> None:
    """So many days of samples; two hours of the last day but one were bad."""
    now, each = slot_of(clock.now()), timedelta(minutes=5)
    slots = [now - each * number for number in range(1, days * 288)]
    Sample.objects.bulk_create(
        [
            Sample(measure="dead_letters", at=at, value=40 if 300 <= number < 324 else number % 7)
            for number, at in enumerate(slots)
        ],
        ignore_conflicts=True,
    )


class TestRule:
    def test_is_tried_and_kept_without_a_mouse(
        self, visit: Visit, stage: Stage, pictures: Path | None
    ) -> None:
        _dead_letters_piled_up(days=12)
        seen = visit("/alerts/new/")
        seen.page.locator("#name").fill("Events pile up")
        seen.page.locator("#measure").select_option("dead_letters")
        seen.page.locator("#limit").fill("20")
        seen.page.locator("#try").press("Enter")
        expect(seen.page.locator("#tried")).to_contain_text("It would have fired once")
        expect(seen.page.locator("#name")).to_have_value("Events pile up")
        assert not Rule.objects.filter(name="Events pile up").exists()
        if pictures:
            for width, scheme in ((1280, "light"), (390, "dark")):
                seen.size(width)
                seen.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                path = pictures / f"alert-tried-{width}-{scheme}.png"
                seen.page.screenshot(path=path, full_page=True)
        assert seen.barriers() == []
        seen.page.locator("#keep").press("Enter")
        expect(seen.page.locator("h1")).to_have_text("Events pile up")


class TestAlert:
    def test_m1_is_taken_on_from_a_phone(self, visit: Visit, stage: Stage) -> None:
        address = alert(stage)
        Alert.objects.update(state="firing", acknowledged_at=None, acknowledged_by=None)
        seen = visit(address)
        seen.size(390)
        seen.page.locator("#note").fill("I map the code.")
        seen.page.locator("#take").click()
        expect(seen.page.locator("#taken-title")).to_be_visible()
        assert Alert.objects.get(ended_at=None).note == "I map the code."
