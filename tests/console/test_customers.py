"""The customer as one: what it owes and has, what stands in its way, and the page of any record."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from revops.canonical.models import Contract, Credit, Drift, Invoice, Party, RecordChange
from tests import factories
from tests.conftest import SignIn
from tests.console.company import Company, Story, build


@pytest.fixture
def company(db: None) -> Company:
    return build()


@pytest.fixture
def browser(sign_in: SignIn, ana: User) -> Client:
    return sign_in(ana)


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


def page_of(browser: Client, told: Story) -> str:
    return text_of(browser.get(f"/customers/{told.customer.party_id}/"))


class TestCustomers:
    def test_are_listed_and_found_by_name(self, browser: Client, company: Company) -> None:
        every = text_of(browser.get("/customers/"))
        assert "Alder Health" in every
        assert "Northwind Robotics" in every
        some = text_of(browser.get("/customers/?q=north"))
        assert "Northwind Robotics" in some
        assert "Alder Health" not in some

    def test_are_searched_by_a_system_s_id(self, browser: Client, company: Company) -> None:
        wanted = company.stories["posted"].customer
        found = browser.get(f"/customers/?q={wanted.source_id}").content.decode()
        assert found.count('id="party-') == 1

    def test_an_empty_list_says_what_fills_it(self, browser: Client, db: None) -> None:
        assert "No customer is known yet" in text_of(browser.get("/customers/"))

    def test_support_may_look_and_outsiders_may_not(
        self, sign_in: SignIn, sue: User, otis: User, company: Company
    ) -> None:
        assert sign_in(sue).get("/customers/").status_code == 200
        assert sign_in(otis).get("/customers/").status_code == 403


class TestCustomer:
    def test_says_first_what_stands_in_the_way(self, browser: Client, company: Company) -> None:
        told = company.stories["refused"]
        page = page_of(browser, told)
        assert "Open EXC-" in page
        assert "Northwind Robotics" in page

    def test_adds_up_what_is_open_and_overdue(self, browser: Client, company: Company) -> None:
        told = company.stories["posted"]
        day = company.now.date()
        Invoice.objects.filter(pk=told.invoice.pk).update(
            applied=0, due_on=day - timedelta(days=5), state="overdue"
        )
        Invoice.objects.create(
            connection=company.billing, source_id="in_jpy", number="JP-1", customer=told.customer,
            currency="JPY", issued_on=day, net=5_000, tax=0, total=5_000, applied=2_000,
            content_sha256="x", correlation_id="co", created_at=company.now, updated_at=company.now,
        )  # fmt: skip
        page = page_of(browser, told)
        assert "USD 11,917.80" in page
        assert "JPY 3,000" in page
        assert "up to 5 days" in page

    def test_what_is_void_or_credited_is_not_open(self, browser: Client, company: Company) -> None:
        told = company.stories["posted"]
        Invoice.objects.filter(pk=told.invoice.pk).update(applied=0, credited=told.invoice.total)
        assert re.search(r"Open receivable\s*0.00", page_of(browser, told))

    def test_shows_contract_credits_and_differences(
        self, browser: Client, company: Company
    ) -> None:
        told, at = company.stories["posted"], company.now
        day = at.date()
        common = {"created_at": at, "updated_at": at, "correlation_id": "co"}
        Contract.objects.create(
            connection=company.billing, source_id="ctr_1", number="C-1", customer=told.customer,
            currency="USD", total=14_400_000, starts_on=day, ends_on=day + timedelta(days=364),
            **common,
        )  # fmt: skip
        Credit.objects.create(
            connection=company.billing, source_id="cn_1", number="CN-1", customer=told.customer,
            credit_type="sla_period", settles="balance", currency="USD", net=50_000, total=50_000,
            state="issued", **common,
        )  # fmt: skip
        Drift.objects.create(
            record_kind="party", record_id=told.customer.party_id, field="tax_id", money=True,
            other=company.billing, other_source_id=told.customer.source_id, owner_value="US-1",
            other_value="US-2", other_at=at, opened_at=at,
        )  # fmt: skip
        page = page_of(browser, told)
        assert "USD 144,000.00" in page
        assert "CN-1" in page
        assert "US-1" in page
        assert "US-2" in page

    def test_a_merged_one_leads_to_its_survivor(self, browser: Client, company: Company) -> None:
        one = company.stories["posted"].customer.party
        two = company.stories["refused"].customer.party
        Party.objects.filter(pk=two.pk).update(merged_into=one)
        answer = browser.get(f"/customers/{two.pk}/")
        assert (answer.status_code, answer["Location"]) == (301, f"/customers/{one.pk}/")

    def test_shows_support_no_case_and_no_thread(
        self, sign_in: SignIn, sue: User, company: Company
    ) -> None:
        page = page_of(sign_in(sue), company.stories["refused"])
        assert "EXC-" not in page
        assert "Open the thread" not in page

    def test_does_not_exist_under_another_number(self, browser: Client, db: None) -> None:
        assert browser.get("/customers/999999/").status_code == 404

    def test_costs_the_same_whatever_the_customer_has(
        self, browser: Client, company: Company, django_assert_max_num_queries: Any
    ) -> None:
        told = company.stories["posted"]
        for number in range(8):
            factories.an_invoice(company.billing, number=f"X-{number}", customer=told.customer)
        with django_assert_max_num_queries(40):
            browser.get(f"/customers/{told.customer.party_id}/")


class TestRecord:
    def test_says_what_changed_by_which_event(self, browser: Client, company: Company) -> None:
        told = company.stories["posted"]
        RecordChange.objects.create(
            record_kind="invoice", record_id=told.invoice.pk, field="state", before="issued",
            after="paid", event_id=told.event.pk, at=company.now,
        )  # fmt: skip
        page = text_of(browser.get(f"/records/invoice/{told.invoice.pk}/"))
        assert "issued" in page
        assert "paid" in page
        assert told.invoice.number in page

    @pytest.mark.parametrize("kind", ["customer", "subscription", "payment"])
    def test_every_kind_has_a_page(self, browser: Client, company: Company, kind: str) -> None:
        row: Any = getattr(company.stories["posted"], kind)
        assert browser.get(f"/records/{kind}/{row.pk}/").status_code == 200

    def test_there_is_none_for_what_nobody_recorded(self, browser: Client, db: None) -> None:
        for path in ("/records/invoice/999999/", "/records/nothing/1/"):
            assert browser.get(path).status_code == 404
