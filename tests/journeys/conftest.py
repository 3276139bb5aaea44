"""A console that answers at an address, with all sandboxes of the demo."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import LazySettings

from revops.sandbox import group
from tests.chromium import path
from tests.journeys.desk import Desk
from tests.journeys.world import World, opened


@pytest.fixture
def world(transactional_db: None, settings: LazySettings, live_server: Any) -> Iterator[World]:
    settings.REVOPS_DEMO = True
    settings.REVOPS_SETTLE_SCALE = 0.0
    with opened(live_server.url) as found:
        yield found


@pytest.fixture
def everybody(
    transactional_db: None,
    settings: LazySettings,
    live_server: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    """The world with every system that the demo has; its warehouse is nobody else's, and empty."""
    house = f"journey_{os.environ.get('PYTEST_XDIST_WORKER', 'one')}"
    monkeypatch.setattr(group, "HOUSE", house)
    settings.REVOPS_DEMO = True
    settings.REVOPS_SETTLE_SCALE = 0.0
    with opened(live_server.url, everybody=True) as found:
        found.control("warehouse", "reset", {})
        yield found


@pytest.fixture
def at_desks() -> Iterator[Callable[[str, str], Desk]]:
    """People of the demo company in Chromium, each in a window; over HTTP where there is none."""
    if path() is None:
        yield Desk
        return
    from tests.journeys.browsing import Window, screen

    with screen() as chromium:
        yield lambda url, name: Window(url, name, chromium)
