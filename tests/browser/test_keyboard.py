"""The pages by keyboard alone."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.seen import ids
from tests.browser.stage import Stage

# What is sticky at the top and at the bottom, in pixels, when an element has the focus.
_COVERED = """
() => { const one = document.activeElement, box = one.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + 2, box.top + 2);
  const mine = top && (one.contains(top) || top.contains(one));
  return mine ? '' : one.outerHTML.slice(0, 120); }
"""


class TestFind:
    def test_an_id_leads_to_the_sentence_that_says_why(self, visit: Visit, stage: Stage) -> None:
        number = stage.case["period_closed"].subject_label.split()[1].rstrip(",")
        seen = visit("/playbooks/")
        seen.press("/")
        assert seen.focus() == "find"
        seen.page.keyboard.type(number)
        seen.press("Enter")
        seen.page.wait_for_url("**/lineage/invoice/*/")
        verdict = seen.page.inner_text("section[aria-label=Verdict]")
        assert f"Invoice {number} is not in Tryton" in verdict
        assert f"period {stage.month} is closed in Tryton" in verdict
        assert seen.posts() == []

    def test_escape_leaves_the_box(self, visit: Visit) -> None:
        seen = visit("/exceptions/")
        seen.press("/", "Escape", "j")
        assert seen.focus().startswith("cause-")

    def test_slash_does_not_take_what_one_types(self, visit: Visit) -> None:
        seen = visit("/exceptions/")
        seen.page.click("#filter-q")
        seen.page.keyboard.type("a/j")
        assert seen.page.input_value("#filter-q") == "a/j"


class TestQueue:
    def test_is_walked_and_opened(self, visit: Visit) -> None:
        seen = visit("/exceptions/")
        rows = ids(seen, "tbody th a")
        assert len(rows) >= 4
        seen.press("j")
        assert seen.focus() == rows[0]
        seen.press("j", "j", "k")
        assert seen.focus() == rows[1]
        seen.press("Enter")
        seen.page.wait_for_url("**/exceptions/causes/*/")
        seen.press("u")
        seen.page.wait_for_url("**/exceptions/")
        seen.press("g", "h")
        expect(seen.page).to_have_url(re.compile(r":\d+/$"))

    def test_never_hides_what_has_the_focus(self, visit: Visit) -> None:
        seen = visit("/exceptions/?group=case")
        seen.size(1280, 500)
        for _ in range(12):
            seen.press("j")
            assert seen.page.evaluate(_COVERED) == ""

    def test_every_element_has_a_name_to_come_back_to(self, visit: Visit) -> None:
        """htmx gives the focus back by id after a swap."""
        seen = visit("/exceptions/")
        nameless = seen.page.eval_on_selector_all(
            "#list :is(a, button, input:not([type=hidden]), select)",
            "all => all.filter(one => !one.id).length",
        )
        assert nameless == 0


class TestCase:
    def test_neighbours_are_one_key_away(self, visit: Visit, stage: Stage) -> None:
        first = stage.case["period_closed"].pk
        seen = visit(f"/exceptions/EXC-{first}/")
        seen.press("]")
        seen.page.wait_for_url(f"**/EXC-{first + 1}/")
        seen.press("[")
        seen.page.wait_for_url(f"**/EXC-{first}/")
        seen.press("l")
        seen.page.wait_for_url("**/lineage/**")

    def test_no_key_sends_money(self, visit: Visit, stage: Stage) -> None:
        """Whatever is pressed, only buttons that have the focus send."""
        for kind in ("period_closed", "in_doubt", "refused"):
            case = stage.case[kind]
            for path in (f"/exceptions/EXC-{case.pk}/", f"/exceptions/causes/{case.cause_key}/"):
                seen = visit(path)
                keys = seen.page.eval_on_selector_all(
                    "[data-key]", "all => all.map(one => one.dataset.key)"
                )
                # These go elsewhere, and m takes the case on: that moves no money.
                for key in {key for key in keys if len(key) == 1} - {"l", "u", "]", "[", "m"}:
                    seen.page.locator("h1").click()
                    seen.press(key)
                seen.page.wait_for_load_state("networkidle")
                assert seen.posts() == [], path

    def test_r_leads_to_the_button(self, visit: Visit, stage: Stage) -> None:
        seen = visit(f"/exceptions/EXC-{stage.case['refused'].pk}/")
        seen.press("r")
        assert seen.focus() == "do-retry"


class TestKeys:
    def test_lists_what_is_bound_and_gives_the_focus_back(self, visit: Visit) -> None:
        seen = visit("/exceptions/")
        seen.press("j")
        row = seen.focus()
        seen.press("?")
        assert seen.focus() == "keys-title"
        listed = dict(
            text.split("\n", 1) for text in seen.page.locator("#keys dl > div").all_inner_texts()
        )
        assert listed["Find any id"] == "/"
        assert listed["Next row"] == "j"
        assert listed["Home"].split() == ["g", "h"]
        assert seen.barriers() == []
        # Whatever Tab does, it stays in the dialog (or goes to the browser itself).
        for _ in range(4):
            seen.press("Tab")
            assert seen.page.evaluate(
                "document.activeElement === document.body || "
                "document.activeElement.closest('dialog') !== null"
            )
        seen.press("Escape")
        expect(seen.page.locator("#keys")).to_be_hidden()
        assert seen.focus() == row


class TestMappings:
    def test_are_walked_by_arrows_edited_by_enter_and_left_by_escape(self, visit: Visit) -> None:
        seen = visit("/mappings/skus/", by="Ines")
        rows = ids(seen, "[data-grid] tbody th a")
        assert len(rows) >= 3
        seen.press("j")
        assert seen.focus() == rows[0]
        seen.press("ArrowDown", "ArrowDown", "ArrowUp")
        assert seen.focus() == rows[1]
        seen.press("ArrowRight")
        assert seen.focus().startswith("edit-")
        seen.press("Enter")
        expect(seen.page.locator("#editor :focus")).to_have_count(1)
        seen.press("Escape")
        expect(seen.page.locator("#editor")).to_have_count(0)
        assert seen.posts() == []
