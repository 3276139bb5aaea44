"""
What every screen of exceptions, maps, events and bulk work keeps to; ``docs/acceptance.md`` says
which row is shown by which test. A page that is open serves as many rows as it can.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import expect

from approvals.models import ApprovalRequest
from connectors.systems.stripe.sandbox import scenarios
from revops.kernel import clock
from revops.pipeline import process
from revops.sandbox import desk
from tests.browser.conftest import Visit
from tests.browser.seen import Seen, ids
from tests.browser.stage import TEAM, Stage

ROWS: Final = "tbody th a"
_TAGS: Final = """
all => all.map(tag => [tag.querySelectorAll('svg').length, tag.innerText.trim().length])
"""
# The element that has the focus is where one looks for it, not under a bar.
_COVERED: Final = """
() => { const one = document.activeElement, box = one.getBoundingClientRect();
  if (one === document.body || !box.width) return '';
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return top && (one.contains(top) || top.contains(one)) ? '' : one.outerHTML.slice(0, 120); }
"""
# In one turn: a poll that is under way would be broken off, and one may begin at any time.
_ASK_FROM_LONG_AGO: Final = """() => {
    const one = document.querySelector('#arrivals');
    if (one.classList.contains('htmx-request')) return false;
    one.setAttribute('hx-get', one.getAttribute('hx-get').replace(/since=.*/, 'since=1577836800'));
    htmx.process(one);
    return true;
}"""
_SHIFTS: Final = """
window.shifted = 0;
new PerformanceObserver(list => list.getEntries().forEach(one => { window.shifted += one.value; }))
    .observe({type: 'layout-shift', buffered: true});
"""
# WCAG 1.4.12, as somebody's own stylesheet does it.
_SPACED: Final = """
() => { const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
    word-spacing: .16em !important; } p { margin-block-end: 2em !important; }`);
  document.adoptedStyleSheets = [sheet]; }
"""
# Letters twice as large, and nothing else: what a browser's own setting does.
_LARGE: Final = """
() => { const sheet = new CSSStyleSheet();
  sheet.replaceSync('html { font-size: 200% !important; }');
  document.adoptedStyleSheets = [sheet]; }
"""
_CUT: Final = """
() => [...document.querySelectorAll('main *')]
    .filter(one => one.checkVisibility() && !one.closest('svg, .hidden-text, select, thead'))
    .filter(one => [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .filter(one => ['hidden', 'clip'].includes(getComputedStyle(one).overflowY))
    .filter(one => one.scrollHeight > one.clientHeight + 1)
    .map(one => one.outerHTML.slice(0, 120))
"""
_SMALL: Final = """
() => [...document.querySelectorAll('main :is(.button, .tabs > a, .segments > a, select)')]
    .filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
    .map(one => `${one.id} ${one.getBoundingClientRect().height}`)
"""


def walk(seen: Seen, id: str, *, most: int = 60) -> None:
    """By Tab, as somebody without a mouse does, until that element has the focus."""
    for _ in range(most):
        if seen.focus() == id:
            return
        seen.press("Tab")
    raise AssertionError(f"{id} is not reached by {most} Tabs from {seen.page.url}.")


def fresh(seen: Seen) -> None:
    """A whole page with its frame, once."""
    for part in (".rail", "#main", "h1", "#list"):
        expect(seen.page.locator(part)).to_have_count(1)


class TestQueue:
    def test_shows_words_and_the_focus_and_acts_on_what_is_ticked(self, visit: Visit) -> None:
        seen = visit("/exceptions/?group=case", by="Marcus")
        tags = seen.page.eval_on_selector_all("#list .tag", _TAGS)
        assert len(tags) > 4
        assert all(icon and word for icon, word in tags)

        seen.size(1280, 500)
        seen.page.focus("tbody .select-cell input")
        for _ in range(40):
            seen.press("Tab")
            assert seen.page.evaluate(_COVERED) == ""

        seen.press("?", "j")
        assert seen.focus() == "keys-title"
        seen.press("Escape")

        late = seen.page.locator("tbody tr", has_text="is closed in Tryton")
        for row in late.locator(".select-cell input").all()[:3]:
            row.check()
        expect(seen.page.locator("[data-count]")).to_have_text("3 cases selected")
        seen.page.select_option("#filter-system", "tryton")
        seen.page.wait_for_url("**system=tryton*")
        seen.settled()
        ticked = seen.page.eval_on_selector_all(
            "tbody .select-cell :checked", "all => all.map(one => one.value)"
        )
        assert len(ticked) == 3
        expect(seen.page.locator("[data-count]")).to_have_text("3 cases selected")
        with seen.page.expect_request(lambda asked: asked.method == "POST") as sent:
            seen.page.click("#preview")
        assert parse_qs(sent.value.post_data or "")["pick"] == ticked
        seen.page.wait_for_url("**/bulk/BLK-*/")

        seen.page.go_back()
        expect(seen.page).to_have_url(re.compile(r"system=tryton"))
        fresh(seen)
        assert seen.page.input_value("#filter-system") == "tryton"

    def test_has_an_address_for_every_choice_and_every_way_back(self, visit: Visit) -> None:
        seen = visit("/exceptions/")
        for press, address in (
            ("#group-case", "group=case"), ("#view-in_doubt", "status=in_doubt"),
            ("#view-open", "group=case"),
        ):  # fmt: skip
            seen.page.click(press)
            expect(seen.page).to_have_url(re.compile(address))
            rows = ids(seen, ROWS)
            seen.page.reload()
            assert ids(seen, ROWS) == rows, press

        seen.page.focus("#filter-system")
        for number in range(15):
            wanted = ("tryton", "stripe")[number % 2]
            seen.page.select_option("#filter-system", wanted)
            expect(seen.page).to_have_url(re.compile(f"system={wanted}"))
            seen.settled()
        assert seen.focus() == "filter-system"
        seen.page.click(ROWS)
        seen.page.wait_for_url("**/EXC-*/")
        for wanted in ("tryton", "stripe", "tryton"):
            seen.page.go_back()
            expect(seen.page).to_have_url(re.compile(f"system={wanted}"))
            fresh(seen)
            expect(seen.page.locator("#filter-system")).to_have_value(wanted)

    def test_moves_nothing_and_loses_no_letter_while_the_server_is_slow(self, visit: Visit) -> None:
        seen = visit()
        seen.page.add_init_script(_SHIFTS)
        seen.page.clock.install()
        slow = seen.page.context.new_cdp_session(seen.page)
        slow.send("Network.enable")
        slow.send(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": 800, "downloadThroughput": -1, "uploadThroughput": -1},
        )
        seen.go("/exceptions/?group=case")
        # Its first poll is over before anybody types: the new list would break it off.
        with seen.page.expect_response(re.compile("arrivals")):
            seen.page.clock.fast_forward(10_500)
        seen.settled()
        seen.page.click("#filter-q")
        # Slower fingers than the wait for the next letter: what was asked is asked anew.
        half = re.compile("q=clos&")
        seen.page.route(half, lambda never_answered: None)
        with seen.page.expect_event("requestfailed", lambda one: half.search(one.url) is not None):
            with seen.page.expect_request(half):
                seen.filter("clos", delay=60)
            seen.filter("ed", delay=60)
        expect(seen.page).to_have_url(re.compile("q=closed"))
        seen.settled()
        assert (seen.focus(), seen.page.input_value("#filter-q")) == ("filter-q", "closed")
        assert seen.page.evaluate("document.activeElement.selectionStart") == len("closed")

        # New rows are said above the list, and move no row.
        row = seen.page.locator("tbody tr").nth(9)
        top = row.evaluate("one => one.getBoundingClientRect().top")
        seen.page.wait_for_function(_ASK_FROM_LONG_AGO)
        seen.page.clock.fast_forward(10_500)
        expect(seen.page.locator("#show-arrivals")).to_contain_text("new, show")
        assert row.evaluate("one => one.getBoundingClientRect().top") == top
        assert seen.page.evaluate("window.shifted") <= 0.02


class TestEveryScreen:
    @pytest.mark.parametrize("kind", ["of_lists", "of_work"])
    def test_is_read_with_wide_letters_with_a_finger_and_on_paper(
        self, kind: str, visit: Visit, stage: Stage
    ) -> None:
        case = stage.case["mapping_missing"]
        paths = {
            "of_lists": ("/exceptions/", "/mappings/", "/events/"),
            "of_work": (
                f"/exceptions/EXC-{case.pk}/", f"/exceptions/causes/{case.cause_key}/", "/bulk/",
            ),
        }[kind]  # fmt: skip
        seen = visit(by="Marcus", has_touch=True, viewport={"width": 1024, "height": 800})
        for path in paths:
            seen.go(path)
            assert seen.page.evaluate("matchMedia('(pointer: coarse)').matches")
            assert seen.page.evaluate(_SMALL) == [], path
            seen.page.evaluate(_SPACED)
            seen.size(1280)
            assert seen.sideways() == 0, (path, seen.widest())
            assert seen.page.evaluate(_CUT) == [], path
            seen.page.evaluate(_LARGE)
            assert seen.page.evaluate(_CUT) == [], path
            seen.page.evaluate(_SPACED)
            seen.page.emulate_media(media="print")
            for chrome in (".rail", ".bar", "main .button"):
                assert not seen.page.locator(chrome).first.is_visible(), (path, chrome)
            expect(seen.page.locator(".print-only").first).to_contain_text("by Marcus")
            heads = seen.page.eval_on_selector_all(
                "thead", "all => all.map(one => getComputedStyle(one).display)"
            )
            assert set(heads) <= {"table-header-group"}, path
            seen.page.emulate_media(media="screen")
            seen.size(1024)


class TestHands:
    def test_t1_is_done_without_a_mouse(self, visit: Visit, stage: Stage) -> None:
        known = scenarios.customers(stage.line.stripe, pays=None, **TEAM)["made"][0]["customer"]
        scenarios.issue(stage.line.stripe, customer=known, amount=40_000, tax_percent="5.5")
        stage.tell()
        seen = visit("/exceptions/?q=5_5")
        seen.press("j", "Enter")
        seen.page.wait_for_url("**/causes/*/")
        seen.press("e")
        for _ in range(6):
            seen.press("Tab")
            if seen.focus() == "fix-account":
                break
        seen.page.keyboard.type("2100")
        seen.press("Enter")
        expect(seen.page.locator("#run-fix")).to_be_visible()
        assert seen.posts() == []
        for _ in range(12):
            seen.press("Tab")
            if seen.focus() == "run-fix":
                break
        seen.press("Enter")
        expect(seen.page.locator("#notice")).to_contain_text("runs when it is approved")
        asked = ApprovalRequest.objects.filter(subject="mapping_change").latest("pk")
        assert asked.state == "waiting"
        assert '"key":"txr_5_5"' in asked.content

    def test_t2_is_asked_for_by_keys_alone_and_confirmed_on_a_phone(
        self, visit: Visit, stage: Stage
    ) -> None:
        (invoice,) = stage.customers(
            1, price="price_scale_yearly", amount=400_000_000, legal_entity="US-INC", pays=None,
            at=int((clock.now() - timedelta(days=2)).timestamp()),
        )  # fmt: skip
        scene = desk.Scene("ZD-50012", "The API is slow", "2", "availability", "issued")
        process.advance(desk.tell([(scene, invoice)]).pk, seconds=5, linger=0)
        seen = visit(f"/records/invoice/{invoice.pk}/", by="Tom")
        seen.press("Tab", "Enter")  # past the frame, to what the page says
        walk(seen, "ask-credit")
        seen.press("Enter")
        expect(seen.page.locator("#credit-form")).to_be_visible()
        walk(seen, "amount")
        seen.page.keyboard.type("1200.00")
        walk(seen, "ticket")
        seen.page.keyboard.type(scene.number)
        seen.press("Control+Enter")
        expect(seen.page.locator("#send")).to_be_visible()
        walk(seen, "send")
        seen.press("Enter")
        expect(seen.page.locator("#road-title")).to_be_visible()

        asked = ApprovalRequest.objects.filter(subject="service_credit").latest("pk")
        phone = visit(
            f"/approvals/APR-{asked.pk}/", by="Marcus", has_touch=True,
            viewport={"width": 390, "height": 800},
        )  # fmt: skip
        phone.page.tap("#approve")
        phone.page.tap("#confirm")
        expect(phone.page.locator("#decision")).to_contain_text("approved")
        assert phone.sideways() == 0

    def test_on_a_phone_snooze_comment_and_approve(self, visit: Visit, stage: Stage) -> None:
        seen = visit("/exceptions/", by="Marcus", viewport={"width": 390, "height": 800})
        seen.page.check("tbody .select-cell input >> nth=0")
        seen.page.click("#snooze")
        seen.page.click("#snooze-preview")
        seen.page.wait_for_url("**/bulk/BLK-*/")
        assert seen.sideways() == 0
        seen.go(f"/exceptions/EXC-{stage.case['schema_drift'].pk}/")
        seen.page.fill("#say", "Seen on the way home.")
        seen.page.click("#add-comment")
        expect(seen.page.locator("#comments")).to_contain_text("Seen on the way home.")
        waiting = ApprovalRequest.objects.filter(state="waiting", subject="service_credit")
        seen.go(f"/approvals/APR-{waiting.latest('pk').pk}/")
        seen.page.click("#approve")
        expect(seen.page.locator("#confirm")).to_be_visible()
        assert seen.sideways() == 0
