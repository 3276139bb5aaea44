"""Which period people close: it is over when its last day is, where the books are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from revops.close.board import current
from revops.close.certificate.queries import offered
from revops.kernel import clock
from revops.mappings.models import AccountingPeriod
from tests import factories as make

pytestmark = pytest.mark.django_db


BEFORE = datetime(2026, 11, 30, 22, 50, tzinfo=UTC)
# December in Berlin, and for some hours November in New York.
BETWEEN = (datetime(2026, 11, 30, 23, 20, tzinfo=UTC), datetime(2026, 12, 1, 4, 50, tzinfo=UTC))
AFTER = datetime(2026, 12, 1, 5, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _group() -> None:
    for code, zone in (("US", "America/New_York"), ("DE", "Europe/Berlin")):
        entity = make.a_legal_entity(code, zone=zone)
        for month in (10, 11, 12):
            make.a_period(entity, month=month)


def everywhere(at: datetime) -> tuple[str, str, str]:
    """That of Germany, of America and of both."""
    return (current(at, entity="DE"), current(at, entity="US"), current(at))


class TestCurrent:
    def test_is_the_newest_that_is_over(self) -> None:
        assert everywhere(BEFORE) == ("2026-10", "2026-10", "2026-10")
        for at in BETWEEN:
            assert everywhere(at) == ("2026-11", "2026-10", "2026-10")
        assert everywhere(AFTER) == ("2026-11", "2026-11", "2026-11")

    def test_is_the_one_that_runs_when_all_that_is_over_is_closed(self) -> None:
        AccountingPeriod.objects.filter(code="2026-10").update(state="closed")
        for at in (BEFORE, *BETWEEN):
            assert everywhere(at) == ("2026-11", "2026-11", "2026-11")
        AccountingPeriod.objects.filter(code="2026-11").update(state="closed")
        assert everywhere(BETWEEN[0]) == ("2026-12", "2026-11", "2026-11")
        assert everywhere(AFTER) == ("2026-12", "2026-12", "2026-12")


class TestOffered:
    """What the page of certificates shows first."""

    @pytest.mark.parametrize(
        ("at", "chosen", "newest"),
        [
            (BEFORE, "2026-10", "2026-11"),
            (BETWEEN[0], "2026-10", "2026-12"),
            (BETWEEN[1], "2026-10", "2026-12"),
            (AFTER, "2026-11", "2026-12"),
        ],
    )
    def test_is_over_everywhere(
        self, monkeypatch: pytest.MonkeyPatch, at: datetime, chosen: str, newest: str
    ) -> None:
        monkeypatch.setattr(clock, "now", lambda: at)
        found = offered()
        assert (found.chosen, found.codes[0]) == (chosen, newest)
