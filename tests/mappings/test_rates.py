"""Rates are published once, corrected by a newer revision, and never edited."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.db.utils import IntegrityError

from revops.ledger import books
from revops.mappings.models import ExchangeRate, RatePolicy
from revops.mappings.operations import NewRate, RateRefused, publish_rates, set_rate_policy
from tests import factories

DAY = date(2026, 1, 31)


def rate(value: str = "1.0845", day: date = DAY, **values: str) -> NewRate:
    return NewRate(
        values.get("currency", "EUR"), values.get("quote", "USD"), day, Decimal(value),
        values.get("source", "ECB"),
    )  # fmt: skip


@pytest.mark.django_db
class TestPublishing:
    def test_counts_what_is_new_corrected_and_said_before(self) -> None:
        assert publish_rates([rate()], by="t").new == 1
        assert publish_rates([rate()], by="t").unchanged == 1
        assert publish_rates([rate("1.0900")], by="t").corrected == 1

        assert list(ExchangeRate.objects.order_by("revision").values_list("revision", "rate")) == [
            (1, Decimal("1.084500000000")), (2, Decimal("1.090000000000")),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "wrong",
        [
            rate("0"), rate("-1"), rate("NaN"), rate("1.1234567890123"), rate("1e13"),
            rate(currency="USD"), rate(currency="XXX"), rate(source=""), rate(source="x" * 61),
        ],
    )  # fmt: skip
    def test_refuses_what_is_no_rate_and_then_publishes_none(self, wrong: NewRate) -> None:
        with pytest.raises(RateRefused):
            publish_rates([rate(day=date(2026, 2, 1)), wrong], by="t")
        assert not ExchangeRate.objects.exists()

    def test_refuses_two_rates_for_one_day(self) -> None:
        with pytest.raises(RateRefused, match="two rates"):
            publish_rates([rate("1.1"), rate("1.2")], by="t")

    def test_the_database_refuses_to_change_or_delete_one(self) -> None:
        publish_rates([rate()], by="t")
        for change in (
            lambda: ExchangeRate.objects.update(rate=2),
            lambda: ExchangeRate.objects.all().delete(),
        ):
            with pytest.raises((DatabaseError, IntegrityError)), transaction.atomic():
                change()

    def test_the_books_see_a_new_rate_at_once(self) -> None:
        entity = factories.a_legal_entity()
        books.forget()
        publish_rates([rate("1.1")], by="t")
        assert books.all_books()[entity.pk].on(DAY).rate("EUR").value == Decimal("1.1")
        publish_rates([rate("1.2")], by="t")
        assert books.all_books()[entity.pk].on(DAY).rate("EUR").value == Decimal("1.2")


@pytest.mark.django_db
class TestPolicies:
    def test_count_from_their_day_and_are_a_version_of_the_maps(self) -> None:
        entity = factories.a_legal_entity()
        publish_rates([rate("1.1", date(2026, 1, 1))], by="t")
        set_rate_policy(entity, since=date(2026, 1, 20), max_age_days=31, by="Ada")
        books.forget()

        held = books.all_books()[entity.pk]

        assert held.on(date(2026, 1, 31)).rate("EUR").value == Decimal("1.1")
        with pytest.raises(Exception, match="exchange rate"):
            held.on(date(2026, 1, 19)).rate("EUR")
        assert held.mapping_version == RatePolicy.objects.get().version_id

    def test_the_next_one_ends_the_one_before(self) -> None:
        entity = factories.a_legal_entity()
        set_rate_policy(entity, since=date(2026, 1, 1), max_age_days=31, by="Ada")
        set_rate_policy(entity, since=date(2026, 2, 1), max_age_days=3, by="Ada")

        assert [one.valid.upper for one in RatePolicy.objects.order_by("pk")] == [
            date(2026, 2, 1), None,
        ]  # fmt: skip
        with pytest.raises(RateRefused, match="later"):
            set_rate_policy(entity, since=date(2026, 1, 15), by="Ada")


@pytest.mark.django_db
class TestFile:
    def load(self, path: Path, text: str, *more: str) -> str:
        file = path / "rates.csv"
        file.write_text(text, encoding="utf-8")
        out = StringIO()
        call_command("rates", str(file), *more, stdout=out)
        return out.getvalue()

    def test_is_published(self, tmp_path: Path) -> None:
        said = self.load(
            tmp_path,
            "day,currency,quote,rate\n2026-01-31,EUR,USD,1.0845\n2026-01-31,JPY,USD,0.0067\n",
            "--source=ECB",
        )

        assert said.strip() == "2 new, 0 corrected, 0 unchanged."
        assert ExchangeRate.objects.get(currency="JPY").source == "ECB"

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("2026-01-31,EUR,USD,1 084", "Line 2"),
            ("2026-01-31,EUR,USD,1.0845e1", "Line 2"),
            ("31.01.2026,EUR,USD,1.0845", "Line 2"),
            ("2026-01-31,EURO,USD,1.0845", "EURO"),
        ],
    )
    def test_says_which_line_is_wrong_and_publishes_none(
        self, tmp_path: Path, line: str, message: str
    ) -> None:
        text = f"day,currency,quote,rate\n{line}\n2026-01-31,GBP,USD,1.25\n"
        with pytest.raises(CommandError, match=message):
            self.load(tmp_path, text, "--source=ECB")
        assert not ExchangeRate.objects.exists()

    def test_needs_its_columns(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="lacks: quote, rate"):
            self.load(tmp_path, "day,currency\n2026-01-31,EUR\n")
