"""What htmx changes in place: the focus, the address, the history, and what is kept of it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.seen import Seen, ids
from tests.browser.stage import Stage

ROWS = "tbody th a"


def search(seen: Seen, words: str) -> None:
    seen.page.click("#filter-q")
    seen.filter(words, delay=30)
    seen.page.wait_for_url(f"**q={words}*")
    seen.settled()


class TestFocus:
    def test_stays_where_it_was_after_a_filter(self, visit: Visit) -> None:
        seen = visit("/exceptions/")
        seen.page.focus("#filter-system")
        seen.page.select_option("#filter-system", "tryton")
        seen.page.wait_for_url("**system=tryton")
        seen.settled()
        assert seen.focus() == "filter-system"

    def test_stays_in_the_thread_after_another_hop(self, visit: Visit, stage: Stage) -> None:
        seen = visit(f"/lineage/journal/{stage.case['period_closed'].record_id}/")
        hop = seen.page.locator("table.waterfall th a").last
        chosen = hop.get_attribute("id")
        hop.focus()
        seen.press("Enter")
        seen.page.wait_for_url("**hop=*")
        seen.settled()
        assert seen.focus() == chosen

    def test_goes_to_what_is_wrong_with_a_comment(self, visit: Visit, stage: Stage) -> None:
        seen = visit(f"/exceptions/EXC-{stage.case['refused'].pk}/")
        seen.expects = {422}
        seen.page.click("#add-comment")
        seen.page.wait_for_selector("#comment-problem")
        assert seen.focus() == "comment-problem"
        assert seen.page.get_attribute("#say", "aria-invalid") == "true"
        assert seen.barriers() == []


class TestAddress:
    def test_holds_every_choice(self, visit: Visit) -> None:
        seen = visit("/exceptions/")
        seen.page.select_option("#filter-system", "tryton")
        seen.page.wait_for_url("**system=tryton")
        seen.page.select_option("#filter-kind", "period_closed")
        seen.page.wait_for_url("**kind=period_closed*")
        seen.settled()
        rows = ids(seen, ROWS)
        assert len(rows) == 1
        seen.page.reload()
        assert ids(seen, ROWS) == rows
        elsewhere = visit(seen.page.url, by="Marcus")
        assert ids(elsewhere, ROWS) == rows
        assert elsewhere.page.input_value("#filter-kind") == "period_closed"

    def test_goes_back_step_by_step(self, visit: Visit) -> None:
        seen = visit("/exceptions/")
        every = ids(seen, ROWS)
        steps = seen.page.evaluate("history.length")
        search(seen, "closed")
        assert seen.page.evaluate("history.length") == steps + 1
        some = ids(seen, ROWS)
        assert 0 < len(some) < len(every)
        lists = [path for _, path in seen.asked if path.startswith("/exceptions/?")]
        seen.page.click(ROWS)
        seen.page.wait_for_url("**/causes/*/")
        # The box loses the focus, which "changes" it: that must not swap the row under the click.
        assert lists == [path for _, path in seen.asked if path.startswith("/exceptions/?")]
        seen.page.go_back()
        seen.page.wait_for_url("**q=closed")
        expect(seen.page.locator(ROWS)).to_have_count(len(some))
        assert ids(seen, ROWS) == some
        assert seen.page.input_value("#filter-q") == "closed"
        seen.page.go_back()
        expect(seen.page).to_have_url(re.compile(r"/exceptions/$"))
        expect(seen.page.locator(ROWS)).to_have_count(len(every))
        assert seen.page.locator(".rail").count() == 1
        assert seen.page.input_value("#filter-q") == ""

    def test_answers_a_fragment_to_htmx_and_a_page_to_everybody_else(
        self, visit: Visit, stage: Stage
    ) -> None:
        seen = visit()
        targets = {
            "/exceptions/": "list",
            f"/exceptions/EXC-{stage.case['refused'].pk}/": "live",
            f"/lineage/journal/{stage.case['refused'].record_id}/": "pane",
            "/connections/tryton/": "live",
        }
        for path, target in targets.items():
            htmx = {"HX-Request": "true", "HX-Target": target}
            fragment = seen.page.request.get(path, headers=htmx)
            page = seen.page.request.get(path)
            assert "<html" not in fragment.text(), path
            assert page.text().count("<html") == 1, path
            for answer in (fragment, page):
                vary = answer.headers["vary"]
                assert {"HX-Request", "HX-Target"} <= set(vary.replace(" ", "").split(",")), path
            restored = seen.page.request.get(
                path, headers=htmx | {"HX-History-Restore-Request": "true"}
            )
            assert "<html" in restored.text(), path


class TestStorage:
    def test_keeps_no_page_no_name_and_no_amount(self, visit: Visit, stage: Stage) -> None:
        seen = visit("/exceptions/")
        search(seen, "closed")
        seen.page.click(ROWS)
        seen.page.wait_for_url("**/causes/*/")
        seen.page.click(ROWS)
        seen.page.wait_for_url("**/EXC-*/")
        seen.page.go_back()
        kept = seen.page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
        case = stage.case["period_closed"]
        for private in ("<", "USD", "12,990", "Priya", case.customer_name, case.subject_label):
            assert private not in kept


class TestSessionEnd:
    def test_is_a_dialog_and_what_was_typed_stays(self, visit: Visit, stage: Stage) -> None:
        seen = visit(f"/exceptions/EXC-{stage.case['mapping_missing'].pk}/")
        seen.expects = {401}
        seen.page.fill("#say", "Ask Ada to map the add-on.")
        cookies = seen.page.context.cookies()
        seen.page.context.clear_cookies()
        seen.page.context.add_cookies([one for one in cookies if one["name"] == "csrftoken"])
        seen.page.click("#add-comment")
        seen.page.wait_for_selector("dialog[open]")
        assert seen.focus() == "ended-title"
        assert seen.barriers() == []
        seen.page.fill("#ended-email", "priya@demo.example")
        seen.page.fill("#ended-password", "see-the-books-tie-out")
        seen.page.get_by_role("dialog").get_by_role("button", name="Sign in").click()
        seen.page.wait_for_selector("dialog[open]", state="detached")
        assert seen.page.input_value("#say") == "Ask Ada to map the add-on."
        seen.page.click("#add-comment")
        expect(seen.page.locator("#comments .comments")).to_contain_text("Ask Ada to map")
