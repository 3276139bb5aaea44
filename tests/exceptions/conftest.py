from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.exceptions.kit import Calls, declared


@pytest.fixture
def calls() -> Iterator[Calls]:
    """Declares the kinds of the tests and records what their remedies are asked to do."""
    made = Calls()
    with declared(made):
        yield made
