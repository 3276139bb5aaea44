"""A rail with the item of the connections, and sandboxes to break."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import LazySettings

from revops.console.connections import rail
from revops.pipeline import sources, wake
from tests.pipeline.rehearsal import Rehearsal, served


@pytest.fixture(autouse=True)
def _console(monkeypatch: pytest.MonkeyPatch) -> None:
    """The item is in the rail, nothing is remembered of other tests, and no worker is hinted to."""
    rail.declare()
    sources.forget()
    monkeypatch.setattr(wake, "_hint", lambda task, connection_id: None)


@pytest.fixture
def sandbox(db: None, settings: LazySettings) -> Iterator[Rehearsal]:
    """The demo company with sandboxes of its own on free ports; to send, take ``line``."""
    with _served(settings) as rehearsal:
        yield rehearsal


@pytest.fixture
def line(transactional_db: None, settings: LazySettings) -> Iterator[Rehearsal]:
    """The same with real transactions, which sending insists on."""
    with _served(settings) as rehearsal:
        yield rehearsal


@contextmanager
def _served(settings: LazySettings) -> Iterator[Rehearsal]:
    settings.REVOPS_DEMO = True
    settings.REVOPS_SETTLE_SCALE = 0.0
    with served() as (stripe_url, erp_url, stripe):
        yield Rehearsal(stripe_url, erp_url, stripe)
