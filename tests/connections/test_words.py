from __future__ import annotations

from dataclasses import replace

import pytest
from django.conf import LazySettings

from connectors import registry
from connectors.contract import Grade
from connectors.manifest import Manifest
from revops.console.connections import words


@pytest.fixture
def erp() -> Manifest:
    return replace(
        registry.manifest("tryton"), send_budget_s=15, timeout_s=45, server_max_s=60,
        search_lag_s=0, skew_s=5,
    )  # fmt: skip


class TestGrade:
    def test_that_reads_first_says_how_long_it_waits(self, erp: Manifest) -> None:
        found = words.promise(erp)
        assert found.word == "Read first"
        assert "After a lost answer we wait 2\xa0min\xa05\xa0s" in found.sentence

    def test_of_a_unique_key(self, erp: Manifest) -> None:
        found = words.promise(replace(erp, grade=Grade.UNIQUE_KEY))
        assert found.word == "Refuses duplicates"
        assert "refuses a second posting" in found.sentence

    def test_of_a_window_names_its_length(self, erp: Manifest) -> None:
        window = replace(erp, grade=Grade.IDEMPOTENT_WINDOW, dedupe_window_s=86_400)
        found = words.promise(window)
        assert found.word == words.short(window) == "Key safe 1\xa0d"
        assert "knows our key again for 1\xa0d" in found.sentence

    def test_of_a_source_claims_nothing_about_writes(self) -> None:
        found = words.promise(registry.manifest("cloudevents"))
        assert (found.word, found.note) == ("Receives only", "")

    def test_is_not_known_without_a_connector(self) -> None:
        assert words.short(None) == "not known"


class TestSettleWindow:
    def test_adds_up_its_parts(self, erp: Manifest) -> None:
        length, why = words.settle_window(erp)
        assert length == "2\xa0min\xa05\xa0s"
        assert why.startswith("15\xa0s to send; 45\xa0s until we stop listening; 1\xa0min that")
        assert "can be found" not in why

    def test_names_a_slow_search(self, erp: Manifest) -> None:
        assert (
            "30\xa0s until it can be found" in words.settle_window(replace(erp, search_lag_s=30))[1]
        )

    def test_is_long_when_nobody_knows(self, erp: Manifest) -> None:
        length, why = words.settle_window(replace(erp, server_max_s=None))
        assert length == "20\xa0min"
        assert "Nobody knows" in why

    def test_is_the_one_that_holds_here(self, erp: Manifest, settings: LazySettings) -> None:
        settings.REVOPS_SETTLE_SCALE = 0.1
        assert words.settle_seconds(erp) == 12.5


class TestLimits:
    def test_of_a_target(self, erp: Manifest) -> None:
        found = dict(words.limits(erp))
        assert found["Calls at once"] == "1, it has one writer"
        assert found["An answer is awaited"] == "45\xa0s"
        assert found["Sending stops after"] == "5 failures in a row"
        assert found["But at least every"] == "10\xa0min"
        assert (
            dict(words.limits(replace(erp, one_writer=False, max_in_flight=8)))["Calls at once"]
            == "8"
        )

    def test_of_a_source(self) -> None:
        found = dict(words.limits(registry.manifest("stripe")))
        assert found["Polled every"] == "5\xa0min"
        assert found["Events can be had for"] == "30\xa0d"
        assert "Calls at once" not in dict(words.limits(registry.manifest("cloudevents")))


class TestLegend:
    def test_explains_the_grades_that_are_there(self, erp: Manifest) -> None:
        found = words.legend([erp, registry.manifest("cloudevents"), None, erp])
        assert [word for word, _ in found] == ["Read first", "Receives only", "In doubt"]
