"""What app.js and the stylesheets do, in Debian's Chromium, on the made-up list of ``urls.py``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, expect

from accounts.models import User
from tests.browser.barriers import RULES
from tests.browser.seen import Seen
from tests.conftest import SignIn

pytestmark = [pytest.mark.browser]


@pytest.fixture
def seen(chromium: Browser, live_server: Any, sign_in: SignIn, ana: User) -> Iterator[Seen]:
    cookie = settings.SESSION_COOKIE_NAME
    session = sign_in(ana).cookies[cookie].value
    context = chromium.new_context(base_url=live_server.url)
    context.add_cookies([{"name": cookie, "value": session, "url": live_server.url}])
    shown = Seen(context.new_page())
    shown.go("/causes/")
    yield shown
    context.close()


class TestKeys:
    def test_walk_the_rows_and_tick_them(self, seen: Seen) -> None:
        for key in "jjk":
            seen.page.keyboard.press(key)
        assert seen.focus() == "cause-1"
        seen.page.keyboard.press("x")
        seen.page.keyboard.press("j")
        seen.page.keyboard.press("j")
        seen.page.keyboard.press("X")
        assert seen.page.inner_text("[data-count]") == "3 causes selected"
        assert seen.page.locator("tbody :checked").count() == 3

    def test_are_inert_while_one_types(self, seen: Seen) -> None:
        seen.page.keyboard.press("/")
        assert seen.focus() == "find"
        seen.page.keyboard.type("jx?")
        assert seen.page.input_value("#find") == "jx?"
        assert not seen.page.locator("#keys").is_visible()

    def test_go_to_the_pages_of_the_rail(self, seen: Seen) -> None:
        seen.page.keyboard.press("g")
        seen.page.keyboard.press("h")
        expect(seen.page).to_have_url(re.compile(r":\d+/$"))

    def test_never_send_a_form_that_writes(self, seen: Seen) -> None:
        seen.page.check("#pick-1")
        seen.asked.clear()
        seen.page.keyboard.press("m")
        assert seen.focus() == "assign"
        assert seen.asked == []

    def test_are_listed_as_they_are_bound(self, seen: Seen) -> None:
        seen.page.keyboard.press("?")
        assert seen.focus() == "keys-title"
        listed = seen.page.locator("#keys dl > div").all_inner_texts()
        pairs = {tuple(text.split("\n")) for text in listed}
        assert {("Assign", "m"), ("Preview", "r"), ("Causes", "g", "e"), ("Next row", "j")} <= pairs
        seen.page.keyboard.press("j")
        assert seen.focus() == "keys-title"

    def test_can_be_switched_off(self, seen: Seen) -> None:
        seen.page.locator(".menu summary").click()
        seen.page.uncheck("[name=shortcuts]")
        seen.page.get_by_role("button", name="Save").click()
        seen.page.wait_for_selector("body[data-shortcuts=off]")
        seen.page.keyboard.press("j")
        assert seen.focus() == "BODY"


class TestSelection:
    def test_says_what_is_ticked_after_the_list_was_swapped(self, seen: Seen) -> None:
        seen.page.check("#pick-1")
        seen.page.check("#pick-2")
        assert seen.page.inner_text("[data-count]") == "2 causes selected"
        seen.page.focus("#sort")
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_url("**sort=age")
        seen.settled()
        ticked = seen.page.locator("tbody :checked").count()
        assert seen.page.inner_text("[data-count]") == f"{ticked} causes selected"
        assert seen.focus() == "sort"

    def test_takes_a_page_or_a_range(self, seen: Seen) -> None:
        seen.page.check("#pick-all")
        assert seen.page.inner_text("[data-count]") == "25 causes selected"
        seen.page.uncheck("#pick-all")
        assert seen.page.locator("#assign").is_disabled()
        seen.page.click("#pick-2")
        seen.page.click("#pick-6", modifiers=["Shift"])
        assert seen.page.inner_text("[data-count]") == "5 causes selected"


class TestSearch:
    def test_is_one_step_of_history_and_keeps_every_letter(self, seen: Seen) -> None:
        steps = seen.page.evaluate("history.length")
        seen.page.focus("#filter-q")
        seen.filter("cause", delay=60)
        seen.page.wait_for_url("**q=cause")
        seen.filter(" 07", delay=60)
        seen.page.wait_for_url("**q=cause+07")
        seen.settled()
        assert seen.page.input_value("#filter-q") == "cause 07"
        assert seen.focus() == "filter-q"
        expect(seen.page.locator("tbody tr")).to_have_count(1)
        assert seen.page.evaluate("history.length") == steps + 1
        seen.page.go_back()
        expect(seen.page.locator("tbody tr")).to_have_count(25)
        assert seen.page.url.endswith("/causes/")
        assert seen.page.input_value("#filter-q") == ""
        assert seen.page.locator(".rail").count() == 1
        assert seen.complaints == []

    def test_leaves_no_page_in_any_storage(self, seen: Seen) -> None:
        seen.page.select_option("#filter-status", "open")
        seen.page.wait_for_url("**status=open")
        kept = seen.page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
        assert "<" not in kept
        assert "Ana" not in kept
        assert "USD" not in kept


class TestDialog:
    def test_takes_the_focus_and_gives_it_back(self, seen: Seen) -> None:
        seen.page.focus("#preview")
        seen.page.keyboard.press("r")
        seen.page.wait_for_selector("dialog[open]")
        assert seen.focus() == "title"
        seen.page.keyboard.press("Escape")
        seen.page.wait_for_selector("#dialogs dialog", state="detached")
        assert seen.focus() == "preview"

    def test_closes_when_what_it_asked_for_is_refused(self, seen: Seen) -> None:
        seen.page.click("#preview")
        seen.page.click("#confirm")
        seen.page.wait_for_selector("#notice .notice")
        assert "Mona resolved this at 14:02." in seen.page.inner_text("#notice")
        expect(seen.page.locator("dialog[open]")).to_have_count(0)


class TestFailures:
    def test_are_said_beside_the_list_which_stays(self, seen: Seen) -> None:
        seen.page.route("**/dialog/", lambda route: route.fulfill(status=502, body="<b>proxy</b>"))
        seen.page.click("#preview")
        seen.page.wait_for_selector("#status .notice")
        assert "could not answer" in seen.page.inner_text("#status")
        assert seen.page.locator("b:text('proxy')").count() == 0
        assert seen.page.locator("tbody tr").count() == 25

    def test_of_the_line_are_said_too(self, seen: Seen) -> None:
        seen.page.route("**/dialog/", lambda route: route.abort())
        seen.page.click("#preview")
        seen.page.wait_for_selector("#status .notice")
        assert "No connection" in seen.page.inner_text("#status")


class TestLook:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", [1280, 390])
    def test_has_no_barrier_that_axe_finds(self, seen: Seen, scheme: Any, width: int) -> None:
        seen.page.emulate_media(color_scheme=scheme)
        seen.page.set_viewport_size({"width": width, "height": 800})
        for address in ("/causes/?q=1&status=open", "/causes/?q=nothing", "/sign-in/?demo=1"):
            seen.page.goto(address)
            # Injected by the protocol, not by a tag: the content policy stays in force.
            found = Axe().run(seen.page, options={"runOnly": list(RULES)}).response["violations"]
            assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []

    def test_never_scrolls_sideways(self, seen: Seen) -> None:
        for width in (1280, 960, 640, 390, 320):
            seen.page.set_viewport_size({"width": width, "height": 800})
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= width

    def test_leaves_room_for_one_stylesheet_in_eight_requests(self, seen: Seen) -> None:
        seen.page.wait_for_load_state("networkidle")
        assert len(seen.asked) <= 7
        assert len(seen.hosts) == 1
        assert seen.complaints == []

    def test_works_without_javascript(self, chromium: Browser, seen: Seen) -> None:
        context = chromium.new_context(
            java_script_enabled=False,
            base_url=seen.page.url,
            storage_state=seen.page.context.storage_state(),
        )
        page = context.new_page()
        page.goto("/causes/")
        page.fill("#filter-q", "cause 07")
        page.get_by_role("button", name="Filter").click()
        expect(page.locator("tbody tr")).to_have_count(1)
        page.select_option("#scope-entity", "us-inc")
        page.get_by_role("button", name="Go").click()
        expect(page).to_have_url(re.compile("entity=us-inc"))
        assert "q=cause+07" in page.url
        context.close()
