"""
I6, I7: whatever a system or a person writes stays text. Sixty texts that would act as markup,
script or htmx stand in every text column; Chromium looks at every page and nothing happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from django.conf import settings as configured
from django.db import transaction
from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as NotAPage

from approvals import subjects
from revops.ledger import books
from tests.access.asking import address_of, signed_in
from tests.access.expected import PERSONS, ROLES
from tests.access.world import World, build
from tests.architecture.addresses import every
from tests.security import hostile

pytestmark = pytest.mark.browser

_WATCH: Final = """
window.zqViolations = [];
document.addEventListener('securitypolicyviolation',
    event => window.zqViolations.push(event.violatedDirective + ' ' + event.blockedURI));
"""
# Nothing is under way in htmx, and what was put into the page has had its turn to act.
_AT_REST: Final = """() => new Promise(done => requestAnimationFrame(() => setTimeout(() =>
    done(!document.querySelector('.htmx-request, .htmx-settling, .htmx-swapping')), 20)))"""
_LOOK: Final = """() => ({
    made: [...document.querySelectorAll('[data-zq], #zq, [hx-get^="/zq"], [hx-post^="/zq"]')]
        .map(found => found.outerHTML.slice(0, 200)),
    handlers: [...document.querySelectorAll('*')].filter(found => [...found.attributes].some(
        one => one.name.startsWith('on') || one.name.startsWith('hx-on')))
        .map(found => found.outerHTML.slice(0, 200)),
    schemes: [...document.querySelectorAll('[href], [src], [action]')].filter(found =>
        ['href', 'src', 'action'].some(name =>
            /^\\s*(javascript|vbscript|data:text)/i.test(found.getAttribute(name) || '')))
        .map(found => found.outerHTML.slice(0, 200)),
    broken: window.zqViolations,
})"""


@dataclass
class Watched:
    """A tab, and everything in it that should not happen."""

    page: Page
    happened: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.add_init_script(_WATCH)
        self.page.on("dialog", self._dialog)
        self.page.on("pageerror", lambda error: self.happened.append(f"error: {error}"))
        self.page.on("request", self._request)
        self.page.on("console", self._console)

    def _dialog(self, dialog: Any) -> None:
        self.happened.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Any) -> None:
        if "/zq" in request.url or "zq.example" in request.url:
            self.happened.append(f"asked for {request.url}")

    def _console(self, line: Any) -> None:
        if "Content Security Policy" in line.text:
            self.happened.append(line.text)

    def open(self, address: str) -> str:
        """
        The text of a page, or what a fragment says, once nothing moves any more. A file is put
        on disk and shown to nobody: no text.
        """
        try:
            self.page.goto(address)
        except NotAPage as refusal:
            if "Download is starting" not in refusal.message:
                raise
            return ""
        self.page.wait_for_function(_AT_REST)
        seen = self.page.evaluate(_LOOK)
        self.happened.extend(f"{what}: {one}" for what, found in seen.items() for one in found)
        return str(self.page.content())


@pytest.fixture
def world(transactional_db: None, settings: Any) -> Iterator[World]:
    settings.REVOPS_DEMO = True
    books.forget()
    with transaction.atomic():
        made = build()
    yield made
    subjects._subjects.pop("gift", None)
    books.forget()


def test_i6_i7_what_is_written_never_acts(
    chromium: Browser, live_server: Any, world: World
) -> None:
    assert len(hostile.TEXTS) >= 60
    tabs: dict[str, Watched] = {}
    filled = hostile.fill()
    assert len(filled) > 60, filled
    shown, failed = [], []
    for one in every():
        roles = [
            role
            for row in PERSONS
            if (row.method, row.address, row.whose) == ("GET", str(one), "own")
            or (row.method, row.address, row.whose) == ("GET", str(one), "all")
            for role, status in zip(ROLES, row.answers, strict=True)
            if status == 200
        ]
        if not roles or one.route.startswith("tours/"):
            continue
        role = next((role for role in ("manager", "auditor", "admin") if role in roles), roles[0])
        if role not in tabs:
            context = chromium.new_context(base_url=live_server.url)
            context.add_cookies([_cookie(world, role, live_server.url)])
            tabs[role] = Watched(context.new_page())
        tab = tabs[role]
        if hostile.WORD in tab.open(address_of(one, world.theirs)):
            shown.append(str(one))
        failed.extend(f"{one}: {what}" for what in tab.happened)
        tab.happened.clear()
    for tab in tabs.values():
        tab.page.context.close()
    assert failed == []
    assert len(shown) > 25, shown


def test_i6_i7_a_page_that_took_it_for_markup_would_be_seen(chromium: Browser) -> None:
    """The watch itself: what it looks for happens when text becomes markup."""
    context = chromium.new_context()
    tab = Watched(context.new_page())
    tab.page.route("**/*", lambda route: route.fulfill(
        body=f"<!doctype html><p>{hostile.ALL}</p>", content_type="text/html"))  # fmt: skip
    tab.page.goto("http://127.0.0.1:9/", wait_until="commit")
    tab.page.wait_for_timeout(500)
    assert any(what.startswith("asked for") for what in tab.happened)
    context.close()


def _cookie(world: World, role: str, address: str) -> Any:
    name = configured.SESSION_COOKIE_NAME
    client = signed_in(world.of_all[role])
    return {"name": name, "value": client.cookies[name].value, "url": address}
