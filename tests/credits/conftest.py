from __future__ import annotations

import pytest

from tests.credits.desk import Desk


@pytest.fixture
def desk(db: None) -> Desk:
    """Books, people and a billing system; nothing was billed yet."""
    return Desk()
