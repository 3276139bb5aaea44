"""What home says of a system in its window."""

from __future__ import annotations

from datetime import timedelta

import pytest

from revops.console.queries.home import targets
from revops.kernel import clock
from tests.connections.kit import an_erp, stopped


@pytest.mark.django_db
class TestHome:
    def test_tells_a_window_before_what_it_holds_back(self) -> None:
        now = clock.now()
        window = {"window_from": now - timedelta(hours=1), "window_to": now + timedelta(hours=1)}
        an_erp("a", **stopped(**window))
        an_erp("b", **stopped())
        found = {one.slug: (one.status, one.story) for one in targets()}
        assert found["a"] == ("maintenance", "It is in a maintenance window.")
        assert found["b"] == ("stopped", "the system could not be reached")
