"""Accounting periods for people: which are open, what their end made, closing and opening."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from revops.console.periods.reading import DOCUMENT, figures
from revops.kernel import clock
from revops.lineage.queries.hops import DOCUMENTS
from revops.mappings.models import AccountingPeriod, LegalEntity, PeriodRun
from revops.pipeline.period_end.runs import KINDS
from tests import factories
from tests.conftest import SignIn
from tests.console.company import Company, build


@pytest.fixture
def entity(db: None) -> LegalEntity:
    return factories.a_legal_entity("US", name="US Inc")


@pytest.fixture
def year(entity: LegalEntity) -> list[AccountingPeriod]:
    """Last year's three first months, the first of them closed."""
    last = clock.now().year - 1
    made = [factories.a_period(entity, year=last, month=month) for month in (1, 2, 3)]
    made[0].state = "closed"
    made[0].save()
    return made


@pytest.fixture
def browser(sign_in: SignIn, mona: User) -> Client:
    return sign_in(mona)


def ran(period: AccountingPeriod, kind: str, **values: Any) -> PeriodRun:
    made = {"by": "daily", "correlation_id": "co-end", "at": clock.now(), "latest_at": clock.now()}
    return PeriodRun.objects.create(period=period, kind=kind, **(made | values))


def text(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


class TestCalendar:
    def test_shows_a_year_and_what_is_open_from_before(
        self, browser: Client, year: list[AccountingPeriod], entity: LegalEntity
    ) -> None:
        now = clock.now().year
        factories.a_period(entity, year=now, month=1)
        page = text(browser, "/books/periods/")
        assert f'id="period-{year[0].pk}"' not in page
        assert f'id="period-{year[1].pk}"' in page
        assert "Open, has ended" in page
        before = text(browser, f"/books/periods/?year={now - 1}")
        assert f'id="period-{year[0].pk}"' in before
        assert "Closed" in before

    def test_of_one_entity_when_it_is_chosen(
        self, browser: Client, year: list[AccountingPeriod]
    ) -> None:
        other = factories.a_legal_entity("UK", name="UK Ltd")
        factories.a_period(other, year=year[0].starts.year, month=1)
        page = text(browser, f"/books/periods/?year={year[0].starts.year}&entity=UK")
        assert 'id="cal-UK"' in page
        assert 'id="cal-US"' not in page

    def test_says_where_a_run_failed(self, browser: Client, year: list[AccountingPeriod]) -> None:
        ran(year[1], "usage")
        ran(year[1], "remeasurement", state="failed", note="There is no rate.")
        assert "1 of 2 runs failed" in text(browser, "/books/periods/")

    def test_without_any_says_so(self, browser: Client) -> None:
        assert "No calendar yet" in text(browser, "/books/periods/")

    def test_of_a_bad_year_is_of_the_nearest(
        self, browser: Client, year: list[AccountingPeriod]
    ) -> None:
        for bad in ("1066", "x", "²"):
            assert f'id="period-{year[1].pk}"' in text(browser, f"/books/periods/?year={bad}")


class TestPeriod:
    def test_shows_what_its_end_made_and_leads_to_the_entries(
        self, sign_in: SignIn, ana: User, db: None
    ) -> None:
        company: Company = build()
        entry = company.stories["posted"].entry
        period = entry.period
        ran(period, "noncurrent", entries=2, figures={"schedules": 3, "noncurrent": 12_000})
        page = text(sign_in(ana), f"/books/periods/{period.pk}/")
        assert "3 schedules, USD 120.00 beyond a year" in page
        assert f"?entity=US&amp;period={period.code}&amp;document=invoice" in page
        listed = sign_in(ana).get(f"/books/?entity=US&period={period.code}&document=invoice")
        assert f"JE-{entry.pk}" in listed.content.decode()

    def test_says_the_figures_in_words(self) -> None:
        assert figures({"balances": 2, "EUR": -150}, "JPY") == (
            "2 foreign balances, JPY\u00a0−150 on EUR"
        )
        assert figures({"lines": 0}, "USD") == "nothing to do"

    def test_finds_the_entries_of_every_kind_of_run(self) -> None:
        assert set(DOCUMENT) == set(KINDS)
        assert set(DOCUMENT.values()) <= set(DOCUMENTS)

    def test_there_is_none_of_an_unknown_number(self, browser: Client) -> None:
        assert browser.get("/books/periods/999999/").status_code == 404


class TestClosing:
    def test_is_done_where_it_is_signed(
        self, browser: Client, year: list[AccountingPeriod]
    ) -> None:
        page = text(browser, f"/books/periods/{year[1].pk}/")
        assert f'href="/close/{year[1].code}/' in page

    def test_softly_is_said(self, browser: Client, year: list[AccountingPeriod]) -> None:
        AccountingPeriod.objects.filter(pk=year[1].pk).update(state="soft_closed")
        page = text(browser, f"/books/periods/{year[1].pk}/")
        assert "is closed softly: its preparer has signed." in page

    def test_says_which_one_comes_first(
        self, browser: Client, year: list[AccountingPeriod]
    ) -> None:
        page = text(browser, f"/books/periods/{year[2].pk}/")
        assert f"{year[1].code} is still open" in page

    def test_cannot_be_of_what_still_runs(self, browser: Client, entity: LegalEntity) -> None:
        today = date.today()
        period = factories.a_period(entity, year=today.year + 1, month=1)
        assert "so it cannot be closed yet" in text(browser, f"/books/periods/{period.pk}/")

    def test_opens_the_latest_closed_one_again(
        self, browser: Client, year: list[AccountingPeriod]
    ) -> None:
        path = f"/books/periods/{year[0].pk}/"
        assert browser.post(f"{path}open", {"confirm": "yes"}).status_code == 302
        year[0].refresh_from_db()
        assert year[0].state == "open"
        assert "Opened again by" in text(browser, path)

    @pytest.mark.parametrize("who", ["ana", "rae", "adam"])
    def test_opening_is_for_the_manager_alone(
        self, who: str, sign_in: SignIn, year: list[AccountingPeriod]
    ) -> None:
        from tests.cast import person

        client = sign_in(person(who))
        assert (
            client.post(f"/books/periods/{year[0].pk}/open", {"confirm": "yes"}).status_code == 403
        )
