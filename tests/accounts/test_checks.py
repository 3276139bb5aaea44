"""What a production installation is refused for."""

from __future__ import annotations

import pytest
from django.test import override_settings

from accounts.checks import fit_for_production

GOOD = {
    "REVOPS_DEMO": False, "REVOPS_ALLOW_LOOPBACK": False, "REVOPS_ENCRYPTION_KEYS": ["x"],
    "REVOPS_SECOND_FACTOR": "required",
}  # fmt: skip


class TestFitForProduction:
    def test_has_nothing_against_a_proper_installation(self) -> None:
        with override_settings(**GOOD):
            assert fit_for_production(None) == []

    @pytest.mark.parametrize(
        ("change", "id"),
        [
            ({"REVOPS_DEMO": True}, "accounts.E001"),
            ({"REVOPS_ALLOW_LOOPBACK": True}, "accounts.E002"),
            ({"REVOPS_ENCRYPTION_KEYS": []}, "accounts.E003"),
            ({"REVOPS_SECOND_FACTOR": "off"}, "accounts.E005"),
        ],
    )
    def test_names_each_thing_that_must_not_be(self, change: dict[str, object], id: str) -> None:
        with override_settings(**(GOOD | change)):
            assert [found.id for found in fit_for_production(None)] == [id]
