"""The usage pages: what they show, to whom, and how a line explains itself."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from revops.kernel import clock
from revops.usage.models import Account, RatedLine
from revops.usage.templatetags.quantities import quantity, share
from tests.conftest import SignIn
from tests.usage.kit import (
    NOVEMBER,
    a_buyer,
    a_price,
    a_subscription,
    an_entitlement,
    take_in,
    used,
)

pytestmark = pytest.mark.django_db
TIERS = [
    {"up_to": "500", "unit_price": "2", "flat_amount": 0},
    {"up_to": None, "unit_price": "0.5", "flat_amount": 0},
]


@pytest.fixture
def page(sign_in: SignIn, ana: User) -> Client:
    return sign_in(ana)


@pytest.fixture(autouse=True)
def _sold() -> None:
    a_price(model="tiered", tiers=TIERS)
    an_entitlement(a_subscription(a_buyer()), 2_000)


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(answer.content.decode().replace("\xa0", " ").split())


class TestTheList:
    def test_shows_used_entitled_billable_and_the_last_record(self, page: Client) -> None:
        take_in(used("a", 2_250), at=NOVEMBER)
        shown = text(page.get("/usage/?period=2026-10"))
        for words in ("Contoso cus_1", "2,250", "2,000", "112.5 %", "USD 13.75", "over"):
            assert words in shown, words

    def test_shows_who_is_not_known(self, page: Client) -> None:
        take_in(used("a", 7, customer="nobody_9"))
        shown = text(page.get("/usage/"))
        assert "customer nobody_9" in shown
        assert "/exceptions/?kind=usage_unmatched" in shown

    def test_shows_late_usage_by_itself(self, page: Client) -> None:
        take_in(used("a", 1_500), at=NOVEMBER)
        take_in(used("b", 100), at=NOVEMBER)
        assert "USD 0.50" in text(page.get("/usage/?period=2026-11"))
        assert "Contoso cus_1" in text(page.get("/usage/?show=late"))

    def test_is_filtered_by_words_and_entity(self, page: Client) -> None:
        take_in(used("a", 1_500), at=NOVEMBER)
        assert "Contoso cus_1" in text(page.get("/usage/?q=sub_1"))
        assert "Contoso cus_1" not in text(page.get("/usage/?q=sub_2"))
        assert "Contoso cus_1" not in text(page.get("/usage/?entity=NOBODY"))
        assert "Contoso cus_1" not in text(page.get("/usage/?show=unpriced"))

    def test_asks_as_often_for_many_rows_as_for_few(
        self, page: Client, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(2, 30):
            a_subscription(a_buyer(f"cus_{number}"), f"sub_{number}")
            take_in(used(f"u{number}", 2_000, customer=f"cus_{number}"))
        with django_assert_max_num_queries(18):
            page.get("/usage/?period=2026-10")

    def test_is_open_to_support_and_not_to_outsiders(
        self, sign_in: SignIn, sue: User, otis: User
    ) -> None:
        assert sign_in(sue).get("/usage/").status_code == 200
        assert sign_in(otis).get("/usage/").status_code == 403


class TestAnAccount:
    def test_shows_its_days_and_lines(self, page: Client) -> None:
        take_in(used("a", 2_250), at=NOVEMBER)
        account = Account.objects.get()
        shown = text(page.get(f"/usage/{account.pk}/?period=2026-10"))
        for words in ("12 Oct", "2,250", "price_calls", "USD 13.75", "the next invoice"):
            assert words in shown, words
        assert page.get("/usage/99999/").status_code == 404

    def test_says_what_is_amiss(self, page: Client) -> None:
        take_in(used("a", 5, meter="storage"))
        shown = text(page.get(f"/usage/{Account.objects.get().pk}/"))
        assert "No price of its plan charges “storage”" in shown

    def test_can_be_rated_for_good_before_its_time(
        self, page: Client, sign_in: SignIn, rob: User
    ) -> None:
        now = clock.now()
        take_in(used("a", 1_500, on=now.isoformat()), at=now)
        account = Account.objects.get()
        assert sign_in(rob).post(f"/usage/{account.pk}/rate-now/").status_code == 403
        assert RatedLine.objects.get().state == "running"
        answer = page.post(f"/usage/{account.pk}/rate-now/", follow=True)
        assert "1 line rated for good." in text(answer)
        assert RatedLine.objects.get().state == "rated"
        again = page.post(f"/usage/{account.pk}/rate-now/", follow=True)
        assert "There was nothing new to rate." in text(again)
        assert page.post("/usage/99999/rate-now/").status_code == 404


class TestALine:
    def test_explains_how_its_amount_came(self, page: Client) -> None:
        take_in(used("a", 2_250), at=NOVEMBER)
        line = RatedLine.objects.get()
        shown = text(page.get(f"/usage/lines/{line.pk}/"))
        for words in ("Up to 500", "Over 500", "1,000", "375", "USD 13.75", line.line_id, "Final"):
            assert words in shown, words

    def test_shows_every_revision_with_its_reason(self, page: Client) -> None:
        take_in(used("a", 2_250), at=NOVEMBER)
        take_in(used("b", 10), at=NOVEMBER)
        late = RatedLine.objects.get(revision=2)
        shown = text(page.get(f"/usage/lines/{late.pk}/"))
        assert "Late for 2026-10: next invoice" in shown
        assert "Usage came after the period was rated." in shown
        assert "First rated" in shown

    def test_leads_to_its_raw_records(self, page: Client) -> None:
        take_in(*(used(f"use-{n:03}", 100) for n in range(60)), at=NOVEMBER)
        take_in(used("other", 1, on="2026-11-03T12:00:00Z"), at=NOVEMBER)
        line = RatedLine.objects.get(used_from=date(2026, 10, 1))
        first = text(page.get(f"/usage/lines/{line.pk}/records/"))
        assert "use-000" in first
        assert "other" not in first
        assert "of 60" in first
        assert page.get("/usage/lines/99999/records/").status_code == 404

    def test_that_is_not_there_is_not_found(self, page: Client) -> None:
        assert page.get("/usage/lines/99999/").status_code == 404


class TestQuantities:
    def test_are_grouped_and_short(self) -> None:
        assert quantity(Decimal("12345.750000000000")) == "12,345.75"
        assert quantity("-1000") == "−1,000"
        assert quantity(Decimal("0E-12")) == "0"
        assert quantity(Decimal("-0.5")) == "−0.5"
        assert share(Decimal("1.5"), Decimal(3)) == "50.0\xa0%"
