"""Books of one company, in which everything is told by business events."""

from __future__ import annotations

import pytest

from tests.pipeline.journals.told import Told


@pytest.fixture
def told(transactional_db: None) -> Told:
    """Books in US dollars; the customer ``cus_1`` is known."""
    found = Told()
    found.customer()
    return found
