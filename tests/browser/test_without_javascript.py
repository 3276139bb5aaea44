"""Everything that a person does works with JavaScript switched off."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.seen import ids
from tests.browser.stage import TEAM, Stage


class TestWithoutJavaScript:
    def test_signs_in_and_out(self, visit: Visit) -> None:
        page = visit("/exceptions/", by="", java_script_enabled=False).page
        assert "/sign-in/?next=/exceptions/" in page.url
        page.get_by_role("button", name="Priya Nair").click()
        expect(page).to_have_url(re.compile(r"/exceptions/$"))
        page.locator(".menu summary:has(.avatar)").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page).to_have_url(re.compile(r"/sign-in/"))

    def test_filters_the_queue_and_opens_a_case(self, visit: Visit, stage: Stage) -> None:
        seen = visit("/exceptions/?group=case", java_script_enabled=False)
        page = seen.page
        page.fill("#filter-q", f"EXC-{stage.case['refused'].pk}")
        page.get_by_role("button", name="Filter").click()
        assert ids(seen, "tbody th a") == [f"case-{stage.case['refused'].pk}"]
        page.click("tbody th a")
        expect(page.locator("h1")).to_contain_text("is not in Tryton")
        page.get_by_role("link", name="Open the thread").click()
        expect(page.locator("section[aria-label=Verdict]")).to_contain_text("is not in Tryton")
        page.locator("table.waterfall th a").first.click()
        expect(page).to_have_url(re.compile(r"hop="))

    def test_finds_an_id(self, visit: Visit, stage: Stage) -> None:
        page = visit("/", java_script_enabled=False).page
        page.fill("#find", f"EXC-{stage.case['in_doubt'].pk}")
        page.press("#find", "Enter")
        expect(page).to_have_url(re.compile(rf"/exceptions/EXC-{stage.case['in_doubt'].pk}/"))

    def test_retries_a_case(self, visit: Visit, stage: Stage) -> None:
        stage.line.fault(refuse_post={"times": 1})
        (invoice,) = stage.customers(1, pays=None, **TEAM)
        stage.line.fault()
        case = stage.open_case_of(invoice)
        page = visit(f"/exceptions/EXC-{case.pk}/", java_script_enabled=False).page
        page.click("#do-retry")
        expect(page.locator("#notice")).to_contain_text("1 posting sent again with the same key.")
        assert page.url.endswith(f"/exceptions/EXC-{case.pk}/")
        stage.move()
        page.reload()
        expect(page.locator("main")).to_contain_text("Resolved")

    def test_comments_and_is_told_what_is_wrong(self, visit: Visit, stage: Stage) -> None:
        seen = visit(f"/exceptions/EXC-{stage.case['schema_drift'].pk}/", java_script_enabled=False)
        seen.expects = {422}
        page = seen.page
        page.click("#add-comment")
        expect(page.locator("#comment-problem")).to_be_visible()
        assert page.title().startswith("Error: ")
        page.fill("#say", "Seen in no changelog of Stripe.")
        page.click("#add-comment")
        expect(page.locator("#comments")).to_contain_text("Seen in no changelog of Stripe.")
        assert page.url.endswith("#comments")
