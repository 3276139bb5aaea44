from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.commands import Unfit
from connectors.systems.tryton import wire
from connectors.systems.tryton.connector import connector
from connectors.systems.tryton.desk import journal, line, simple
from connectors.systems.tryton.journal import content_of, read, text

AMOUNTS = st.integers(min_value=-(10**15), max_value=10**15)
DIGITS = st.integers(min_value=0, max_value=4)


class TestDecimals:
    @given(AMOUNTS, DIGITS)
    def test_minor_units_survive_the_way_there_and_back(self, amount: int, digits: int) -> None:
        assert wire.minor(wire.decimal(amount, digits), digits) == amount

    @pytest.mark.parametrize(
        ("amount", "digits", "text"),
        [
            (1_299_000, 2, "12990.00"),
            (1, 2, "0.01"),
            (-5, 2, "-0.05"),
            (0, 3, "0.000"),
            (7, 0, "7"),
        ],
    )
    def test_are_written_with_all_their_digits(self, amount: int, digits: int, text: str) -> None:
        assert wire.decimal(amount, digits) == {"__class__": "Decimal", "decimal": text}

    @pytest.mark.parametrize(
        ("text", "minor"),
        [("10", 1000), ("10.5", 1050), ("10.500", 1050), ("-0.00", 0), ("-0.05", -5),
         ("10.005", None), ("1e3", None), ("", None), ("NaN", None),
         ("1 000", None), ("١٠", None), ("--5", None), (".5", None)],
    )  # fmt: skip
    def test_are_read_exactly_or_not_at_all(self, text: str, minor: int | None) -> None:
        assert wire.minor({"__class__": "Decimal", "decimal": text}, 2) == minor

    @pytest.mark.parametrize("value", [None, 10, "10.00", {"decimal": "1"}, {"__class__": "date"}])
    def test_other_values_are_no_decimals(self, value: Any) -> None:
        assert wire.minor(value, 2) is None


class TestDates:
    @given(st.dates())
    def test_survive_the_way_there_and_back(self, day: Any) -> None:
        assert wire.iso(wire.date(day.isoformat())) == day.isoformat()

    @pytest.mark.parametrize("value", [None, "2026-01-01", {"__class__": "date"}, {"year": 2026}])
    def test_other_values_are_no_dates(self, value: Any) -> None:
        assert wire.iso(value) == ""


class TestDigest:
    def test_does_not_depend_on_the_order_of_lines(self) -> None:
        turned = journal(1, lines=list(reversed(journal(1).payload["lines"])))
        assert content_of(turned.payload) == content_of(journal(1).payload)

    def test_does_not_depend_on_words(self) -> None:
        other = journal(1, description="Another text", number="INV-9")
        assert content_of(other.payload) == content_of(journal(1).payload)

    @pytest.mark.parametrize(
        "other",
        [
            simple(1, 1001),
            simple(1, accounting_date="2026-03-30"),
            simple(1, currency="EUR"),
            journal(1, lines=[line("1050", debit=1000), line("4100", credit=1000)]),
            journal(1, lines=[line("1050", credit=1000), line("4000", debit=1000)]),
            journal(1, lines=[line("1050", debit=500), line("1050", debit=500),
                              line("4000", credit=1000)]),
        ],
    )  # fmt: skip
    def test_differs_with_date_currency_accounts_and_amounts(self, other: Any) -> None:
        assert content_of(other.payload) != content_of(simple(1).payload)

    def test_of_what_cannot_be_sent_equals_nothing(self) -> None:
        assert connector.digest({"lines": "none"}) == ""


class TestPayload:
    @pytest.mark.parametrize(
        "changes",
        [
            {"accounting_date": "31.03.2026"},
            {"accounting_date": None},
            {"lines": [{"account": "1050"}]},
            {"lines": [{"account": "1050", "debit": 1.5, "credit": 0}]},
            {"lines": [{"account": "1050", "debit": True, "credit": 0}]},
            {"lines": [{"account": "1050", "debit": -5, "credit": 0}]},
            {"lines": [{"account": "1050", "debit": 5, "credit": 5}]},
            {"lines": [{"account": "1050", "debit": 10**15, "credit": 0}]},
        ],
    )
    def test_that_is_malformed_is_refused_in_words(self, changes: dict[str, Any]) -> None:
        with pytest.raises(Unfit) as unfit:
            read("journal.post", dict(simple(1).payload) | changes)
        assert unfit.value.code == "refused"
        assert unfit.value.reason.startswith("The journal cannot be read: ")

    def test_without_lines_is_refused(self) -> None:
        with pytest.raises(Unfit, match="has no lines"):
            read("journal.post", dict(simple(1).payload) | {"lines": []})

    def test_becomes_one_line_of_text_for_people(self) -> None:
        told = (" Annual\nplan\t for  Acme ", "x" * 900)
        short, long = (read("journal.post", journal(1, description=one).payload) for one in told)
        assert text(short) == "INV-1 Annual plan for Acme"
        assert len(text(long)) == 240
