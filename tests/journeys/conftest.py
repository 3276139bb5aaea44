"""A console that answers at an address, with all sandboxes of the demo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings

from tests.journeys.world import World, opened


@pytest.fixture
def world(transactional_db: None, settings: LazySettings, live_server: Any) -> Iterator[World]:
    settings.REVOPS_DEMO = True
    settings.REVOPS_SETTLE_SCALE = 0.0
    with opened(live_server.url) as found:
        yield found
