"""Which day it is where the legal entities are: for some hours of each day, two of them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from revops.mappings.queries import Today, today
from tests import factories as make

pytestmark = pytest.mark.django_db
# A quarter past midnight of 1 December in Berlin; the evening before in New York.
AT = datetime(2026, 11, 30, 23, 15, tzinfo=UTC)
NOVEMBER, DECEMBER = date(2026, 11, 30), date(2026, 12, 1)


@pytest.fixture(autouse=True)
def _group() -> None:
    make.a_legal_entity("US", zone="America/New_York")
    make.a_legal_entity("DE", zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("entity", "expected"),
    [
        ("US", Today(NOVEMBER, NOVEMBER)),
        ("DE", Today(DECEMBER, DECEMBER)),
        ("", Today(NOVEMBER, DECEMBER)),
        ("nobody", Today(NOVEMBER, NOVEMBER)),
    ],
)
def test_is_that_of_the_legal_entity_or_of_all(entity: str, expected: Today) -> None:
    assert today(AT, entity=entity) == expected


def test_is_one_day_where_all_have_the_same() -> None:
    noon = datetime(2026, 11, 30, 12, tzinfo=UTC)
    assert today(noon) == Today(NOVEMBER, NOVEMBER)
