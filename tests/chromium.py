"""
Debian's Chromium for the tests, found and started in one way.

Its headless shell is the same engine without the window around it, which costs half as much; where
only the whole browser is, that does.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

NAMES: Final = ("chromium-headless-shell", "chromium", "chromium-browser")
MISSING: Final = "needs Chromium: apt-get install chromium-headless-shell"
# Without what it does for itself.
QUIET: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
)  # fmt: skip


def path() -> str | None:
    """Where it is, if it is."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def start(playwright: Playwright) -> Browser:
    """A browser; skips the test where there is none."""
    found = path()
    if found is None:
        pytest.skip(MISSING)
    return playwright.chromium.launch(executable_path=found, args=list(QUIET))


@contextmanager
def launched() -> Iterator[Browser]:
    """
    A browser in this thread. Playwright keeps an event loop in it, in which Django refuses its
    database unless it is told that nothing else runs there.
    """
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        with sync_playwright() as playwright:
            browser = start(playwright)
            yield browser
            browser.close()
