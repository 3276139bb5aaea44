"""The whole line for a test: a Stripe that tells, the console, a Tryton that keeps the books."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from tests.pipeline.rehearsal import Rehearsal, served


@pytest.fixture
def line(transactional_db: None, settings: LazySettings) -> Iterator[Rehearsal]:
    """The demo company on an empty database, with sandboxes of its own on free ports."""
    settings.REVOPS_DEMO = True
    settings.REVOPS_SETTLE_SCALE = 0.0
    with served() as (stripe_url, erp_url, stripe):
        yield Rehearsal(stripe_url, erp_url, stripe)
