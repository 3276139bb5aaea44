from __future__ import annotations

import pytest
from starlette.types import ASGIApp

from connectors.contract import Settings
from connectors.manifest import Direction
from connectors.systems.statement.connector import connector
from connectors.testing.common import Contract


class TestStatement(Contract):
    """It describes itself as others do, and there is nobody to call."""

    connector = connector
    settings = Settings(slug="statement", base_url="")

    def build(self) -> ASGIApp:
        raise AssertionError("A bank that is never called has no sandbox.")

    def test_is_a_bank_whose_list_a_person_brings(self) -> None:
        manifest = connector.manifest
        assert (manifest.role, manifest.lists) == ("bank", ("bank",))
        assert (manifest.direction, manifest.capabilities) == (Direction.IN, ())
        assert (manifest.secrets, manifest.sandbox_port) == ((), None)

    @pytest.mark.parametrize("ability", ["verify", "poll", "send", "find", "snapshot", "probe"])
    def test_can_do_nothing_by_itself(self, ability: str) -> None:
        assert not hasattr(connector, ability)
