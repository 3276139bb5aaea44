"""
A person at the console in a real browser: pages are opened, boxes filled in, buttons clicked. What
no browser does (a page from before, a button that is off, a hidden field) goes over HTTP, with the
same session.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, ParamSpec, TypeVar
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from playwright.sync_api import Browser, Error, Locator, Response, sync_playwright

from tests.chromium import start
from tests.journeys.desk import Desk, Seen, read

# htmx says when what it put in has settled; a new page has no mark of the old one.
_SETTLES: Final = (
    "addEventListener('htmx:afterSettle', () => document.documentElement.dataset.settled = '1')"
)
_MARK: Final = """() => {
    const at = document.documentElement.dataset; delete at.settled; at.old = '1';
}"""
_IS_NEW: Final = """() => {
    const at = document.documentElement.dataset;
    return document.readyState === 'complete' && (!at.old || at.settled === '1');
}"""
_OPEN: Final = """(one) => {
    for (let at = one.closest('details'); at; at = at.parentElement.closest('details')) {
        at.open = true;
    }
}"""
_BOXES: Final = """(button, name) => [...button.form.elements].filter((one) => one.name === name)
    .map((one, place) => {
        one.id = one.id || `box-${name}-${place}`;
        return [one.id, one.type, one.value];
    })"""
_PATIENCE_S: Final = 10.0


P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Screen:
    """A browser in a thread of its own: it keeps an event loop there, and the line has its own."""

    browser: Browser
    thread: ThreadPoolExecutor

    def do(self, act: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return self.thread.submit(act, *args, **kwargs).result(60)


@contextmanager
def screen() -> Iterator[Screen]:
    """Debian's Chromium."""
    with ThreadPoolExecutor(1) as thread:
        playwright = thread.submit(sync_playwright().start).result()
        browser = thread.submit(start, playwright).result()
        yield Screen(browser, thread)
        thread.submit(browser.close).result()
        thread.submit(playwright.stop).result()


class Window(Desk):
    """``clicks`` counts what the person pressed; ``complaints`` are the browser's own."""

    def __init__(self, url: str, name: str, screen: Screen) -> None:
        super().__init__(url, name)
        self.clicks = 0
        self.complaints: list[str] = []
        self._screen = screen
        self._last: Seen | None = None
        screen.do(self._open, url)

    def _open(self, url: str) -> None:
        cookie = settings.SESSION_COOKIE_NAME
        self._context = self._screen.browser.new_context(
            base_url=url, viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
        )
        self._context.add_cookies(
            [{"name": cookie, "value": self._http.cookies[cookie], "url": url}]
        )
        self._context.add_init_script(_SETTLES)
        self._page = self._context.new_page()
        self._page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def __exit__(self, *_error: object) -> None:
        self._screen.do(self._context.close)
        super().__exit__()
        assert not self.complaints, self.complaints

    def see(self, address: str, *, status: int = 200) -> Seen:
        if status != 200 or urlsplit(address).path.endswith(".json"):
            self._screen.do(self._same_cookies)
            return super().see(address, status=status)
        return self._screen.do(self._go, address)

    def _go(self, address: str) -> Seen:
        answer = self._page.goto(address)
        assert answer is not None
        return self._seen(answer.status, 200)

    def press(
        self,
        page: Seen,
        button: str,
        *,
        status: int = 200,
        file: tuple[str, bytes] | None = None,
        although: bool = False,
        **typed: Any,
    ) -> Seen:
        page.form_of(button, although=True)
        if not although and page is self._last:
            seen = self._screen.do(self._click, page, button, typed, file, status)
            if seen is not None:
                return seen
        self._screen.do(self._same_cookies)
        return super().press(page, button, status=status, file=file, although=True, **typed)

    def _click(
        self, page: Seen, button: str, typed: dict[str, Any], file: tuple[str, bytes] | None,
        status: int,
    ) -> Seen | None:  # fmt: skip
        """The page that follows; None when something is typed that has no box."""
        at = self._page.locator(f"#{button}")
        if not self._filled(at, typed, file):
            return None
        if not at.is_enabled():
            # What the page does not let one press is refused by the server as well.
            assert status != 200, f"“{button}” is off: {page.text}"
            return None
        form = page.form_of(button, although=True)
        path = urlsplit(urljoin(page.address, form.action or page.address)).path

        def answers(found: Response) -> bool:
            asked = found.request
            same = urlsplit(found.url).path == path or asked.is_navigation_request()
            return same and asked.method == form.method.upper()

        at.evaluate(_OPEN)
        self._page.evaluate(_MARK)
        with self._page.expect_response(answers) as heard:
            at.click()
        self.clicks += 1
        self._settled()
        code = heard.value.status
        return self._seen(200 if 300 <= code < 400 else code, status)

    def _same_cookies(self) -> None:
        self._http.cookies.clear()
        for one in self._context.cookies():
            self._http.cookies.set(one["name"], one["value"])

    def _filled(self, at: Locator, typed: dict[str, Any], file: tuple[str, bytes] | None) -> bool:
        """Whether everything that is typed has a box that people see."""
        given = {name: one if isinstance(one, list) else [one] for name, one in typed.items()}
        boxes = {name: at.evaluate(_BOXES, name) for name in given}
        if any(kind == "hidden" for found in boxes.values() for _, kind, _ in found):
            return False
        for name, values in given.items():
            wanted = [str(one) for one in values]
            for id, kind, value in boxes[name]:
                self._fill(self._page.locator(f'[id="{id}"]'), kind, value, wanted)
        if file is not None:
            self._page.locator("input[type=file]").set_input_files(
                {"name": file[0], "mimeType": "text/csv", "buffer": file[1]}
            )
        return True

    def _fill(self, box: Locator, kind: str, value: str, wanted: list[str]) -> None:
        box.evaluate(_OPEN)
        if kind in ("checkbox", "radio"):
            if kind == "checkbox" or value in wanted:
                box.set_checked(value in wanted)
        elif kind.startswith("select"):
            box.select_option(wanted[0])
        else:
            box.fill(wanted[0])

    def _settled(self) -> None:
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            try:
                if self._page.evaluate(_IS_NEW):
                    return
            except Error:
                pass  # between two pages
            time.sleep(0.02)
        raise AssertionError(f"Nothing came of it: {self._page.url}")

    def _seen(self, code: int, status: int) -> Seen:
        content = self._page.content()
        self._last = read(self._page.url, code, content, content.encode(), status)
        return self._last
