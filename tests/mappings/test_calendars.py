"""Years of months, and of weeks in quarters of thirteen."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from revops.mappings.models import AccountingPeriod, LegalEntity
from revops.mappings.operations import CalendarRefused, make_calendar
from tests import factories


@pytest.fixture
def entity(db: None) -> LegalEntity:
    return factories.a_legal_entity("CAL")


def weeks(periods: list[AccountingPeriod]) -> list[int]:
    return [((period.ends - period.starts).days + 1) // 7 for period in periods]


class TestMonths:
    def test_a_calendar_year_has_twelve(self, entity: LegalEntity) -> None:
        made = make_calendar(entity, year=2024)

        assert [period.code for period in made][::11] == ["2024-01", "2024-12"]
        assert made[1].ends == date(2024, 2, 29)

    def test_a_year_may_begin_in_april(self, entity: LegalEntity) -> None:
        made = make_calendar(entity, year=2026, starts=date(2026, 4, 1))

        assert (made[0].code, made[-1].code) == ("2026-04", "2027-03")

    def test_the_same_year_again_is_the_same(self, entity: LegalEntity) -> None:
        first = make_calendar(entity, year=2024)

        assert make_calendar(entity, year=2024) == first
        assert AccountingPeriod.objects.count() == 12

    def test_no_day_is_left_out(self, entity: LegalEntity) -> None:
        make_calendar(entity, year=2024)

        with pytest.raises(CalendarRefused, match="gap"):
            make_calendar(entity, year=2026)
        make_calendar(entity, year=2025)
        make_calendar(entity, year=2023)


class TestWeeks:
    @pytest.mark.parametrize(
        ("kind", "quarter"),
        [("4-4-5", [4, 4, 5]), ("4-5-4", [4, 5, 4]), ("5-4-4", [5, 4, 4])],
    )
    def test_quarters_have_thirteen(
        self, entity: LegalEntity, kind: str, quarter: list[int]
    ) -> None:
        made = make_calendar(entity, year=2026, kind=kind, starts=date(2026, 2, 1))

        assert weeks(made) == quarter * 4
        assert made[0].code == "2026-P01"
        entity.refresh_from_db()
        assert entity.calendar == kind

    def test_a_long_year_ends_with_the_extra_week_and_the_next_follows(
        self, entity: LegalEntity
    ) -> None:
        made = make_calendar(entity, year=2023, kind="4-4-5", starts=date(2023, 1, 29), weeks=53)
        following = make_calendar(
            entity, year=2024, kind="4-4-5", starts=made[-1].ends + timedelta(days=1)
        )

        assert weeks(made)[-1] == 6
        assert following[0].starts == date(2024, 2, 4)
        with pytest.raises(CalendarRefused, match="gap"):
            make_calendar(entity, year=2025, kind="4-4-5", starts=date(2025, 2, 3))

    @pytest.mark.parametrize(
        "given",
        [
            {"kind": "4-4-5"}, {"kind": "weekly", "starts": date(2026, 1, 1)},
            {"kind": "4-4-5", "starts": date(2026, 1, 1), "weeks": 54},
            {"starts": date(2026, 1, 2)},
        ],
    )  # fmt: skip
    def test_refuses_what_makes_no_sense(self, entity: LegalEntity, given: dict) -> None:
        with pytest.raises(CalendarRefused):
            make_calendar(entity, year=2026, **given)
