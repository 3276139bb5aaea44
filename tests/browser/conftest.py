"""
The console in Debian's Chromium: one browser, one console with the demo company after a week.

Database, sandboxes and server live as long as the tests of this folder, as nearly all of them only
look. Whoever changes something does it to records of their own (``stage.customers``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client, override_settings
from playwright.sync_api import Browser, BrowserContext
from pytest_django.live_server_helper import LiveServer
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import User
from revops.reconciliation.checks import registry
from tests.browser import barriers
from tests.browser.seen import Seen
from tests.browser.stage import Stage, set_up
from tests.chromium import MISSING, launched, path
from tests.conftest import _empty_tables
from tests.pipeline.rehearsal import Rehearsal, served
from tests.reconciliation.world import PAYOUTS

HERE = Path(__file__).parent

Visit = Callable[..., Seen]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the browser."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if path() is None:
                item.add_marker(pytest.mark.skip(MISSING))


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of this folder."""
    with launched() as browser:
        yield browser


@pytest.fixture(scope="package")
def transactional_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """As everywhere else, only emptied after this folder and not after each of its tests."""
    with django_db_blocker.unblock():
        try:
            yield
        finally:
            _empty_tables(None)
            connections.close_all()


@pytest.fixture(scope="package")
def stage(chromium: Browser, transactional_db: None) -> Iterator[Stage]:
    """The demo company after a week, and the systems that it works with."""
    # What is in doubt stays so while anybody looks, however long all the tests take.
    lasting = override_settings(REVOPS_DEMO=True, REVOPS_SETTLE_SCALE=12.0)
    with lasting, served() as (stripe_url, erp_url, stripe):
        yield set_up(Rehearsal(stripe_url, erp_url, stripe))
    # Looks at the workbench declare a check of their own.
    registry._found().pop(PAYOUTS.slug, None)


@pytest.fixture(scope="package")
def address(stage: Stage) -> Iterator[str]:
    """Where the console answers."""
    server = LiveServer("127.0.0.1")
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def pictures() -> Path | None:
    """Where REVOPS_SCREENSHOTS says that a person wants to look at every page; made if need be."""
    given = os.environ.get("REVOPS_SCREENSHOTS")
    if not given:
        return None
    folder = Path(given)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def cookie_of(person: User, address: str) -> Any:
    """A signed-in session, as the browser keeps it."""
    client = Client()
    client.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": address}


@pytest.fixture(scope="package")
def desk(chromium: Browser, stage: Stage, address: str) -> Callable[..., BrowserContext]:
    """A browser of somebody's own: signed in, with nothing in its cache yet."""

    def made(by: str, **options: Any) -> BrowserContext:
        context = chromium.new_context(base_url=address, reduced_motion="reduce", **options)
        if by:
            context.add_cookies([cookie_of(stage.person(by), address)])
        return context

    return made


@pytest.fixture(scope="package")
def kept() -> dict[str, Seen]:
    """Tabs that stay open, by whose they are: a new one is a new process of the browser."""
    return {}


@pytest.fixture
def visit(desk: Callable[..., BrowserContext], kept: dict[str, Seen]) -> Iterator[Visit]:
    """
    ``visit("/exceptions/")``: a tab of one's own on that page, signed in as the finance analyst,
    as somebody else (``by="Ines"``) or as nobody (``by=""``). Further words are Playwright's.
    Who only looks takes a tab that is open already (``kept_open=True``).
    Whatever the pages complained about by the end fails the test.
    """
    tabs: list[Seen] = []
    mine: list[BrowserContext] = []

    def made(path: str = "", *, by: str = "Priya", kept_open: bool = False, **options: Any) -> Seen:
        if kept_open:
            if by not in kept:
                kept[by] = Seen(desk(by).new_page())
                barriers.at_hand(kept[by].page)
            seen = kept[by]
            seen.begin_anew()
        else:
            context = desk(by, **options)
            mine.append(context)
            seen = Seen(context.new_page())
        tabs.append(seen)
        if path:
            seen.go(path)
        return seen

    yield made
    for context in mine:
        context.cookies()  # whatever was said until now has arrived with the answer
    # Before the tabs close: a poll that is torn off with its tab is no fault of the page.
    complaints = [line for seen in tabs for line in seen.complaints]
    for context in mine:
        context.close()
    assert complaints == []
