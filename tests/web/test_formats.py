from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.template import Context, Template
from django.utils import timezone

from revops.kernel.money import AmountInvalid, Money
from revops.web import formats

NOW = datetime(2026, 10, 31, 14, 5, 9, tzinfo=UTC)


class TestMoney:
    @pytest.mark.parametrize(
        ("minor", "currency", "html"),
        [
            (123456, "USD", '<data value="1234.56">USD\u00a01,234.56</data>'),
            (1486000, "JPY", '<data value="1486000">JPY\u00a01,486,000</data>'),
            (1234567, "KWD", '<data value="1234.567">KWD\u00a01,234.567</data>'),
            (-123456, "USD", '<data value="-1234.56">USD\u00a0\u22121,234.56</data>'),
            (-5, "EUR", '<data value="-0.05">EUR\u00a0\u22120.05</data>'),
            (0, "GBP", '<data value="0.00">GBP\u00a00.00</data>'),
        ],
    )
    def test_is_written_with_its_code_first_and_its_own_decimals(
        self, minor: int, currency: str, html: str
    ) -> None:
        assert formats.money(Money(minor, currency)) == html
        assert formats.money(minor, currency) == html

    def test_in_a_column_of_one_currency_has_no_code(self) -> None:
        assert formats.amount(Money(123456, "USD")) == '<data value="1234.56">1,234.56</data>'

    def test_as_a_difference_shows_its_sign(self) -> None:
        assert "+1.00" in formats.money(100, "USD", signed=True)
        assert "\u22121.00" in formats.money(-100, "USD", signed=True)
        assert ">USD\u00a00.00<" in formats.money(0, "USD", signed=True)

    def test_that_nobody_knows_is_not_written_as_zero(self) -> None:
        assert "not known" in formats.money(None)

    def test_refuses_a_code_that_is_no_currency(self) -> None:
        with pytest.raises(AmountInvalid):
            formats.money(100, "<b>")

    def test_of_the_largest_amount_keeps_every_digit(self) -> None:
        assert "9,999,999,999,999.99" in formats.money(10**15 - 1, "USD")


class TestWhen:
    @pytest.fixture(autouse=True)
    def _today(self) -> object:
        with time_machine.travel(NOW, tick=False), timezone.override(ZoneInfo("Europe/Berlin")):
            yield

    def test_shows_the_readers_time_and_carries_utc(self) -> None:
        assert formats.when(NOW) == (
            '<time datetime="2026-10-31T14:05:09Z">31\u00a0Oct\u00a015:05</time>'
        )

    def test_adds_the_year_when_it_is_another(self) -> None:
        assert "31\u00a0Dec\u00a02025\u00a0" in formats.when(datetime(2025, 12, 31, 9, tzinfo=UTC))

    def test_takes_the_year_of_the_readers_zone(self) -> None:
        new_year_in_berlin = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)
        assert "1\u00a0Jan\u00a000:30" in formats.when(new_year_in_berlin)

    def test_in_evidence_is_utc_to_the_second(self) -> None:
        assert ">2026-10-31\u00a014:05:09<" in formats.when(NOW, "utc")

    def test_refuses_an_instant_without_a_zone(self) -> None:
        with pytest.raises(ValueError, match="zone"):
            formats.when(datetime(2026, 10, 31))  # noqa: DTZ001  the point of the test

    def test_refuses_a_form_that_does_not_exist(self) -> None:
        with pytest.raises(ValueError, match="form"):
            formats.when(NOW, "long")


class TestLengths:
    @pytest.mark.parametrize(
        ("length", "text"),
        [
            (timedelta(seconds=38), "38 s"),
            (timedelta(0), "0 s"),
            (timedelta(minutes=14, seconds=59), "14 min"),
            (timedelta(hours=3, minutes=10), "3 h 10 min"),
            (timedelta(hours=3), "3 h"),
            (timedelta(days=3, hours=4, minutes=59), "3 d 4 h"),
            (timedelta(days=20, hours=4), "20 d"),
        ],
    )
    def test_are_told_in_their_two_largest_units(self, length: timedelta, text: str) -> None:
        assert formats.span_text(length).replace("\u00a0", " ") == text

    def test_of_a_clock_that_runs_ahead_are_nothing(self) -> None:
        assert formats.age(NOW + timedelta(minutes=5), at=NOW) == "0\u00a0s"

    def test_until_an_instant_say_on_which_side_it_is(self) -> None:
        assert formats.until(NOW + timedelta(hours=2), at=NOW) == "in\u00a02\u00a0h"
        assert formats.until(NOW - timedelta(hours=2), at=NOW) == "2\u00a0h\u00a0ago"

    def test_to_a_deadline_turn_amber_then_red(self) -> None:
        assert "word" not in formats.due(NOW + timedelta(days=3), at=NOW)
        assert "warn-word" in formats.due(NOW + timedelta(hours=3), at=NOW)
        assert "crit-word" in formats.due(NOW - timedelta(seconds=1), at=NOW)

    @pytest.mark.parametrize(
        ("milliseconds", "text"), [(310, "310 ms"), (1149, "1.1 s"), (125_000, "2 min")]
    )
    def test_of_a_call_have_the_unit_that_fits(self, milliseconds: int, text: str) -> None:
        assert formats.duration(milliseconds).replace("\u00a0", " ") == text


class TestNumbers:
    def test_have_separators_and_a_true_minus(self) -> None:
        assert formats.number(12345) == "12,345"
        assert formats.number(-12345) == "\u221212,345"

    @pytest.mark.parametrize(
        ("part", "whole", "text"),
        [(912, 1000, "91.2 %"), (1, 3, "33.3 %"), (2, 3, "66.7 %"), (0, 5, "0.0 %")],
    )
    def test_as_percent_have_one_decimal(self, part: int, whole: int, text: str) -> None:
        assert formats.percent(part, whole).replace("\u00a0", " ") == text

    def test_as_percent_of_nothing_are_not_known(self) -> None:
        assert "not known" in formats.percent(0, 0)


class TestAccountingDate:
    def test_is_the_day_alone(self) -> None:
        assert ">2026-10-31<" in formats.accounting_date(date(2026, 10, 31))

    def test_refuses_an_instant(self) -> None:
        with pytest.raises(TypeError, match="not an instant"):
            formats.accounting_date(NOW)


class TestTags:
    def test_are_there_without_loading_a_library(self) -> None:
        template = Template(
            "{{ total|money }}|{% money 100 'USD' %}|{{ total|amount }}|{{ gap|signed }}|"
            "{{ at|when:'utc' }}|{{ at|age }}|{{ day|accounting_date }}|{{ 1200|number }}"
        )
        context = Context(
            {
                "total": Money(100, "USD"),
                "gap": Money(100, "USD"),
                "at": NOW,
                "day": date(2026, 1, 2),
            }
        )
        with time_machine.travel(NOW, tick=False):
            written = template.render(context).split("|")
        assert written[0] == written[1] == formats.money(100, "USD")
        assert "+1.00" in written[3]
        assert written[5:] == ["0\u00a0s", formats.accounting_date(date(2026, 1, 2)), "1,200"]
