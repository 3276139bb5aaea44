"""Money: integers of minor units that never mix, never drift and mirror when negative."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revops.kernel.money import (
    LIMIT,
    AmountInvalid,
    CurrencyMismatch,
    Money,
    allocate,
    conversion,
    divide_half_up,
    minor_digits,
    ratio,
    round_half_up,
    total,
)
from tests.for_each import for_each

quick = settings(max_examples=150, deadline=None, derandomize=True, database=None)

# ISO 4217 list one: every code in use whose minor unit is a number.
ISO_MINOR_UNITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN
        BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP
        GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT
        LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN
        NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE
        SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES
        WST XCD YER ZAR ZMW
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
EVERY_CODE = [(code, digits) for digits, codes in ISO_MINOR_UNITS.items() for code in codes.split()]

amounts = st.integers(min_value=-LIMIT + 1, max_value=LIMIT - 1)
currencies = st.sampled_from([code for code, _ in EVERY_CODE])


class TestMinorDigits:
    @for_each(("code", "digits"), EVERY_CODE)
    def test_follows_iso_4217(self, code: str, digits: int) -> None:
        assert minor_digits(code) == digits

    @pytest.mark.parametrize(
        "code", ["", "usd", "US", "USDD", "ZZZ", "US$", "ＵＳＤ", "XXX", "XAU"]
    )
    def test_refuses_a_code_that_no_money_is_counted_in(self, code: str) -> None:
        with pytest.raises(AmountInvalid, match="not an ISO 4217"):
            minor_digits(code)


class TestParse:
    @pytest.mark.parametrize(
        ("text", "currency", "minor"),
        [
            ("12990", "USD", 1299000),
            ("-1234.50", "USD", -123450),
            ("0.1", "USD", 10),
            ("-0.00", "USD", 0),
            ("10000", "JPY", 10000),
            ("100.000", "KWD", 100000),
            ("0.0001", "CLF", 1),
            ("9999999999999.99", "USD", LIMIT - 1),
        ],
    )
    def test_reads_a_plain_decimal(self, text: str, currency: str, minor: int) -> None:
        assert Money.parse(text, currency) == Money(minor, currency)

    @pytest.mark.parametrize(
        "text",
        [
            "", "-", ".5", "5.", "+5", "1E+2", "1e2", "1_000", "1,000.00", "1 000", " 1", "1\n",
            "NaN", "Infinity", "٣", "１２", "0x10", "--1", "1.2.3", "12.345", "1234567890123456",
            "10000000000000.00",
        ],
    )  # fmt: skip
    def test_refuses_what_a_person_or_a_system_could_mean_otherwise(self, text: str) -> None:
        with pytest.raises(AmountInvalid):
            Money.parse(text, "USD")

    def test_refuses_decimals_that_the_currency_does_not_have(self) -> None:
        with pytest.raises(AmountInvalid, match="no decimals"):
            Money.parse("100.5", "JPY")

    def test_never_repeats_a_long_text_in_its_refusal(self) -> None:
        with pytest.raises(AmountInvalid) as refusal:
            Money.parse("x" * 5000, "USD")

        assert len(str(refusal.value)) < 200

    @quick
    @given(minor=amounts, currency=currencies)
    def test_reads_back_what_it_shows(self, minor: int, currency: str) -> None:
        money = Money(minor, currency)

        assert Money.parse(format(money.decimal, "f"), currency) == money


class TestMoney:
    @pytest.mark.parametrize("minor", [1.0, "1", True, Decimal(1), None])
    def test_takes_nothing_but_whole_minor_units(self, minor: Any) -> None:
        with pytest.raises(AmountInvalid):
            Money(minor, "USD")

    @pytest.mark.parametrize("minor", [LIMIT, -LIMIT])
    def test_refuses_more_than_the_books_can_hold(self, minor: int) -> None:
        with pytest.raises(AmountInvalid):
            Money(minor, "USD")

    def test_refuses_a_sum_beyond_what_the_books_can_hold(self) -> None:
        with pytest.raises(AmountInvalid):
            Money(LIMIT - 1, "USD") + Money(1, "USD")

    def test_refuses_to_mix_currencies(self) -> None:
        dollar, euro = Money(1, "USD"), Money(1, "EUR")

        for mixed in (
            lambda: dollar + euro,
            lambda: dollar - euro,
            lambda: dollar < euro,
            lambda: dollar <= euro,
            lambda: dollar > euro,
            lambda: total([dollar, euro], "USD"),
        ):
            with pytest.raises(CurrencyMismatch):
                mixed()
        assert dollar != euro

    def test_writes_its_code_first_and_groups_thousands(self) -> None:
        assert str(Money(-123456, "USD")) == "USD\N{NO-BREAK SPACE}\N{MINUS SIGN}1,234.56"
        assert str(Money(10000, "JPY")) == "JPY\N{NO-BREAK SPACE}10,000"
        assert str(Money(8333, "KWD")) == "KWD\N{NO-BREAK SPACE}8.333"

    def test_sums_nothing_to_zero(self) -> None:
        assert total([], "KWD") == Money.zero("KWD")
        assert not Money.zero("KWD")

    def test_sums_several(self) -> None:
        assert total([Money(5, "USD"), Money(-7, "USD")], "USD") == -Money(2, "USD")
        assert abs(Money(-2, "USD")) == Money(2, "USD")


class TestTimes:
    @pytest.mark.parametrize(
        ("minor", "factor", "expected"),
        [
            (1200000, "0.0825", 99000),
            (1, "0.5", 1),
            (-1, "0.5", -1),
            (1, "0.49", 0),
            (3, "-0.5", -2),
        ],
    )
    def test_rounds_half_away_from_zero(self, minor: int, factor: str, expected: int) -> None:
        assert Money(minor, "USD").times(Decimal(factor)).minor == expected

    def test_does_not_round_twice_when_the_factor_is_long(self) -> None:
        almost_half = Decimal("0.00000000000000499999999999999999999")

        with localcontext(prec=6):
            assert Money(10**14, "USD").times(almost_half).minor == 0

    @pytest.mark.parametrize("factor", ["NaN", "Infinity", "1e400"])
    def test_refuses_a_factor_that_is_no_number(self, factor: str) -> None:
        with pytest.raises(AmountInvalid):
            Money(1, "USD").times(Decimal(factor))


class TestConvert:
    @pytest.mark.parametrize(
        ("minor", "source", "rate", "target", "expected"),
        [
            (1000000, "EUR", "1.1000", "USD", 1100000),
            (10000, "JPY", "0.0065", "USD", 6500),
            (10000, "USD", "153.8461", "JPY", 15385),
            (100000, "KWD", "3.25", "USD", 32500),
            (-83333, "EUR", "1.1", "USD", -91666),
        ],
    )
    def test_changes_the_minor_unit_with_the_currency(
        self, minor: int, source: str, rate: str, target: str, expected: int
    ) -> None:
        assert Money(minor, source).convert(Decimal(rate), target) == Money(expected, target)

    @pytest.mark.parametrize("rate", ["0", "-1.1", "NaN", "Infinity", "1e99"])
    def test_refuses_a_rate_that_is_none(self, rate: str) -> None:
        with pytest.raises(AmountInvalid):
            conversion("EUR", "USD", Decimal(rate))


class TestRounding:
    @quick
    @given(numerator=st.integers(-(10**18), 10**18), denominator=st.integers(1, 10**9))
    def test_mirrors_negatives_and_stays_within_a_half(
        self, numerator: int, denominator: int
    ) -> None:
        rounded = divide_half_up(numerator, denominator)

        assert divide_half_up(-numerator, denominator) == -rounded
        assert abs(2 * (rounded * denominator - numerator)) <= denominator

    @pytest.mark.parametrize(
        ("value", "expected"),
        [("0.5", 1), ("-0.5", -1), ("0.49", 0), ("1.5", 2), ("2.5", 3), ("-2.5", -3)],
    )
    def test_goes_half_away_from_zero(self, value: str, expected: int) -> None:
        assert round_half_up(Decimal(value)) == expected

    def test_is_exact_beyond_the_decimal_context(self) -> None:
        assert round_half_up(Decimal("123456789012345678901234567890.5")) == (
            123456789012345678901234567891
        )

    @pytest.mark.parametrize("value", ["NaN", "-Infinity"])
    def test_refuses_what_is_no_number(self, value: str) -> None:
        with pytest.raises(AmountInvalid):
            round_half_up(Decimal(value))

    def test_gives_an_exact_fraction(self) -> None:
        assert ratio(Decimal("-0.25")) == (-1, 4)


class TestAllocate:
    def test_gives_the_first_of_equal_lines_the_odd_cent(self) -> None:
        assert allocate(10000, [1, 1, 1]) == [3334, 3333, 3333]

    def test_gives_nothing_to_a_weight_of_zero(self) -> None:
        assert allocate(100, [0, 1, 0, 2]) == [0, 33, 0, 67]

    @pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [2, -1]])
    def test_refuses_weights_that_cannot_share(self, weights: list[int]) -> None:
        with pytest.raises(ValueError, match="Weights"):
            allocate(1, weights)

    @quick
    @given(
        amount=amounts,
        weights=st.lists(st.integers(0, 10**9), min_size=1, max_size=40).filter(any),
    )
    def test_is_exact_fair_and_mirrored(self, amount: int, weights: list[int]) -> None:
        parts = allocate(amount, weights)

        assert sum(parts) == amount
        assert parts == [-part for part in allocate(-amount, weights)]
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part * sum(weights) - amount * weight) < sum(weights)
