"""A case and its cause: what counts down, whose they are, and the way to the next one."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import expect

from exceptions.models import Case
from revops.kernel import clock
from tests.browser.conftest import Visit
from tests.browser.stage import Stage


class TestCase:
    def test_counts_down_in_silence_and_is_assigned_by_keys(
        self, visit: Visit, stage: Stage, pictures: Path | None
    ) -> None:
        case = stage.case["in_doubt"]
        Case.objects.filter(pk=case.pk).update(checks_at=clock.now() + timedelta(minutes=10))
        seen = visit(f"/exceptions/{case}/")
        left = seen.page.locator("#countdown")
        expect(left).to_have_text(re.compile(r"^in 9 min \d+ s$"))
        expect(left).to_have_attribute("role", "timer")
        assert left.evaluate("one => one.closest('[aria-live], [role=status]')") is None

        seen.press("a")
        expect(seen.page.locator("#assign-who")).to_be_visible()
        if pictures:
            seen.page.screenshot(path=pictures / "case-assign-1280-light.png")
        seen.size(390)
        menu = seen.page.locator("#handling .menu[open] > div").bounding_box()
        assert menu is not None
        assert 0 <= menu["x"] <= menu["x"] + menu["width"] <= 390
        seen.page.select_option("#assign-who", label="Team RevOps")
        seen.page.click("#assign-now")
        expect(seen.page.locator(".subject")).to_contain_text("Owner: nobody, team RevOps")
        seen.press("y")
        expect(seen.page.locator("#copy-link")).to_contain_text(re.compile("Cop(ied|y)"))

    def test_a_cause_leads_to_the_next_and_is_snoozed_after_a_preview(
        self, visit: Visit, stage: Stage, pictures: Path | None
    ) -> None:
        seen = visit("/exceptions/")
        seen.page.locator("tbody th a").first.click()
        seen.page.wait_for_url("**/causes/*/")
        expect(seen.page.locator(".place")).to_contain_text("1 of")
        first = seen.page.locator("h1").inner_text()
        seen.press("]")
        expect(seen.page.locator("h1")).not_to_have_text(first)
        expect(seen.page.locator(".place")).to_contain_text("2 of")
        seen.press("h")
        expect(seen.page.locator("#snooze-cases")).to_be_visible()
        if pictures:
            seen.page.screenshot(path=pictures / "cause-snooze-1280-light.png")
        seen.page.click("#snooze-now")
        expect(seen.page).to_have_url(re.compile("/bulk/BLK-"))
