from __future__ import annotations

from connectors.systems.statement.connector import connector


class TestStatement:
    def test_is_a_bank_that_is_never_called(self) -> None:
        manifest = connector.manifest
        assert (manifest.role, manifest.lists) == ("bank", ("bank",))
        assert not manifest.capabilities
        assert not hasattr(connector, "snapshot")
