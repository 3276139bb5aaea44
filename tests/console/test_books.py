"""The pages of the books: what was recorded, how revenue is spread, and that it ties."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.test import Client

from accounts.models import User
from revops.ledger.models import Recognition, RevenueSchedule
from tests import factories
from tests.conftest import SignIn
from tests.console.company import Company, Story, build


@pytest.fixture
def company(db: None) -> Company:
    return build()


@pytest.fixture
def browser(sign_in: SignIn, ana: User) -> Client:
    return sign_in(ana)


def a_schedule(company: Company, told: Story) -> RevenueSchedule:
    """The deferred revenue of an invoice, spread evenly over its month and the next."""
    first = told.entry.accounting_date.replace(day=1)
    latest = (first + timedelta(days=32)).replace(day=1)
    return RevenueSchedule.objects.create(
        legal_entity=company.entity, entry=told.entry, business_key=told.entry.business_key,
        line_id="il_1", chain=told.entry.business_key, sku="price_team", currency="USD",
        total=1_200_000, functional_currency="USD", functional_total=1_200_000,
        service_start=first, service_end=latest + timedelta(days=27), convention="month_even",
        deferral_account="2300", revenue_account="4000", mapping_version=1,
        correlation_id=told.entry.correlation_id,
    )  # fmt: skip


class TestJournals:
    def test_lists_entries_with_what_the_erp_says(self, browser: Client, company: Company) -> None:
        page = browser.get("/books/").content.decode()
        for story, word in (("posted", "Posted"), ("refused", "Missing"), ("doubt", "In doubt")):
            assert f"JE-{company.stories[story].entry.pk}" in page
            assert word in page

    @pytest.mark.parametrize(
        ("query", "shown"),
        [
            ("standing=posted", {"posted"}),
            ("standing=missing", {"refused"}),
            ("standing=waiting", {"doubt", "waiting"}),
            ("account=4000", set()),
            ("entity=NOBODY", set()),
        ],
    )
    def test_filters_by_what_the_address_says(
        self, browser: Client, company: Company, query: str, shown: set[str]
    ) -> None:
        factories.a_ledger_account("4000", "Revenue")
        page = browser.get(f"/books/?document=invoice&{query}").content.decode()
        found = {
            name for name, told in company.stories.items() if f'id="entry-{told.entry.pk}"' in page
        }
        assert found == shown

    def test_finds_an_entry_by_its_number(self, browser: Client, company: Company) -> None:
        wanted = company.stories["refused"].entry
        page = browser.get(f"/books/?q=JE-{wanted.pk}").content.decode()
        assert page.count('id="entry-') == 1
        assert f'id="entry-{wanted.pk}"' in page

    def test_the_file_holds_what_the_list_shows(self, browser: Client, company: Company) -> None:
        answer = browser.post("/books/journals.csv?standing=posted&document=invoice")
        text = answer.getvalue().decode("utf-8-sig")
        (row,) = csv.DictReader(StringIO(text))
        assert row["journal_id"] == f"JE-{company.stories['posted'].entry.pk}"
        assert (row["currency"], row["amount"]) == ("USD", "11917.80")

    def test_is_refused_to_support_and_outsiders(
        self, sign_in: SignIn, sue: User, otis: User
    ) -> None:
        for person in (sue, otis):
            assert sign_in(person).get("/books/").status_code == 403

    def test_says_what_fills_it_when_it_is_empty(self, browser: Client) -> None:
        assert "No journal has been made yet" in browser.get("/books/").content.decode()


class TestSchedules:
    def test_shows_each_period_with_what_is_in_the_books(
        self, browser: Client, company: Company
    ) -> None:
        told = company.stories["posted"]
        made = a_schedule(company, told)
        period = company.period
        Recognition.objects.create(
            schedule=made, period_code=period, amount=600_000, functional_amount=600_000,
            entry=told.entry,
        )  # fmt: skip
        page = browser.get(f"/books/schedules/{made.pk}/").content.decode()
        assert page.count("6,000.00") >= 4
        assert f"JE-{told.entry.pk}" in page
        assert "Recognised" in page
        listed = browser.get("/books/schedules/?sku=price_team").content.decode()
        assert "USD 6,000.00" in listed.replace("\xa0", " ")

    def test_says_that_the_calendar_does_not_reach_so_far(
        self, browser: Client, company: Company
    ) -> None:
        made = a_schedule(company, company.stories["posted"])
        RevenueSchedule.objects.filter(pk=made.pk).update(
            service_end=made.service_end + timedelta(days=3650)
        )
        answer = browser.get(f"/books/schedules/{made.pk}/")
        assert answer.status_code == 200
        assert "cannot be spread yet" in answer.content.decode()

    def test_does_not_exist_under_another_number(self, browser: Client) -> None:
        assert browser.get("/books/schedules/999999/").status_code == 404


class TestBooks:
    def test_the_trial_balance_balances(self, browser: Client, company: Company) -> None:
        page = browser.get(f"/books/trial-balance/?entity=US&period={company.period}")
        text = page.content.decode()
        assert "Balanced" in text
        assert "Not balanced" not in text
        assert "Accounts receivable" in text

    def test_says_where_deferred_revenue_does_not_tie(
        self, browser: Client, company: Company
    ) -> None:
        # The small company books deferred revenue without schedules: that must be seen.
        a_schedule(company, company.stories["posted"])
        text = browser.get("/books/deferred-revenue/").content.decode()
        assert "do not tie" in text or "does not tie" in text.lower()
        assert "Differs" in text
