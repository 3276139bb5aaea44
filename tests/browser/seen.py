"""A tab of the browser, what it asked for, and what it complained about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import CDPSession, ConsoleMessage, Page, Request, Response, expect

from tests.browser import barriers

_OVER_THE_EDGE: Final = """
() => [...document.querySelectorAll('body *')]
    .filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
    .filter(one => !one.closest('.rail') && !one.closest('[role=region]'))
    .slice(0, 6).map(one => one.outerHTML.slice(0, 200))
"""
# What htmx writes when a later letter breaks off the question of an earlier one (hx-sync).
_BROKEN_OFF: Final = ("htmx:afterRequest, ", "htmx:sendAbort, ")
_UNDER_WAY: Final = ".htmx-request, .htmx-settling, .htmx-swapping, .busy-bar"


@dataclass
class Seen:
    """
    ``asked`` are requests as (method, path); ``complaints`` what the console of the browser says:
    errors, blocked content, answers of 500 and more. ``expects`` names the statuses of answers
    that a test provokes, as the browser complains about those too; ``filters`` that it typed into a
    filter, where a later letter may break off what an earlier one asked. ``hosts`` were asked.
    """

    page: Page
    asked: list[tuple[str, str]] = field(default_factory=list)
    answered: list[Response] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    expects: set[int] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)
    filters: bool = False
    _protocol: CDPSession | None = None

    def __post_init__(self) -> None:
        self.page.set_default_timeout(10_000)
        self.page.on("request", self._note)
        self.page.on("response", lambda answer: self.answered.append(answer))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._listen)

    def begin_anew(self) -> None:
        """Forget what was asked and said so far, and what a test expected."""
        for heard in (self.asked, self.answered, self.complaints, self.expects, self.hosts):
            heard.clear()
        self.filters = False

    def go(self, path: str) -> Response:
        """Open an address of the console; raises for one that does not answer."""
        answer = self.page.goto(path)
        assert answer is not None
        return answer

    def size(self, width: int, height: int = 800) -> None:
        """By the protocol: Playwright asks four things more of the tab each time."""
        if self._protocol is None:
            self._protocol = self.page.context.new_cdp_session(self.page)
        asked = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._protocol.send("Emulation.setDeviceMetricsOverride", asked)

    def focus(self) -> str:
        """The id of the element that has the focus, or its name: ``BODY``."""
        named = "document.activeElement.id || document.activeElement.tagName"
        return str(self.page.evaluate(named))

    def settled(self) -> None:
        """Wait until htmx is done."""
        expect(self.page.locator(_UNDER_WAY)).to_have_count(0)

    def filter(self, words: str, *, delay: int) -> None:
        """Type on into the filter that has the focus, ``delay`` milliseconds a letter."""
        self.filters = True
        self.page.keyboard.type(words, delay=delay)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def main(self) -> str:
        """What the page says, without its frame."""
        return self.page.inner_text("main")

    def sideways(self) -> int:
        """By how many pixels the page is wider than the window."""
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.page.evaluate(wider))

    def widest(self) -> list[str]:
        """The elements that reach over the window's edge, the outermost first, at most six."""
        found: list[str] = self.page.evaluate(_OVER_THE_EDGE)
        return found

    def barriers(self) -> list[str]:
        """What axe finds: WCAG 2.2 A and AA, and best practice."""
        return barriers.barriers(self.page)

    def contrasts(self) -> list[str]:
        """What axe finds of colours."""
        return barriers.contrasts(self.page)

    def posts(self) -> list[str]:
        """The paths that were posted to."""
        return [path for method, path in self.asked if method == "POST"]

    def _note(self, request: Request) -> None:
        path = "/" + request.url.split("/", 3)[3] if request.url.startswith("http") else ""
        self.asked.append((request.method, path))
        self.hosts.add(urlsplit(request.url).netloc)

    def _listen(self, line: ConsoleMessage) -> None:
        told = any(f"status of {status}" in line.text for status in self.expects)
        told = told or (self.filters and line.text.startswith(_BROKEN_OFF))
        if line.type == "error" and not told:
            self.complaints.append(f"{line.text} ({line.location.get('url', '')})")


def ids(seen: Seen, selector: str) -> list[str]:
    """The ids of the elements, in the order of the page."""
    return list(seen.page.eval_on_selector_all(selector, "found => found.map(one => one.id)"))
