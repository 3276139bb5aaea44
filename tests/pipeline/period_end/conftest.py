"""Books of one company for a test, and no ERP."""

from __future__ import annotations

import pytest

from tests.pipeline.period_end.stage import Stage


@pytest.fixture
def stage(transactional_db: None) -> Stage:
    """Books in US dollars; the customer ``cus_1`` is known."""
    found = Stage()
    found.customer()
    return found
