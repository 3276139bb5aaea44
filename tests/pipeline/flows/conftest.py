from __future__ import annotations

import pytest

from tests.pipeline.flows.stage import Stage


@pytest.fixture
def stage(transactional_db: None) -> Stage:
    return Stage()
