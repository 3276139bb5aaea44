from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import User
from accounts.queries import actor_of
from exceptions.models import Case
from exceptions.operations import report, settle
from revops.audit.operations import record
from revops.canonical.models import MergeProposal, Party
from revops.kernel import clock
from tests import factories
from tests.conftest import SignIn
from tests.console.company import Company, build, journal, order, stop_erp
from tests.exceptions.kit import a_finding

DAY = timedelta(days=1)


@pytest.fixture
def company(db: None) -> Company:
    return build()


@pytest.fixture
def browser(sign_in: SignIn, ana: User) -> Client:
    return sign_in(ana)


def text_of(response: Any) -> str:
    """What a person reads; no-break spaces count as spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


@pytest.mark.django_db
class TestFind:
    def test_leads_straight_to_the_thread(self, browser: Client, company: Company) -> None:
        invoice = company.stories["refused"].invoice
        response = browser.get("/find", {"q": invoice.number})
        assert response.status_code == 302
        assert response["Location"] == f"/lineage/invoice/{invoice.pk}/"

    def test_leads_to_a_case(self, browser: Client, company: Company) -> None:
        case = Case.objects.first()
        assert case is not None
        assert browser.get("/find", {"q": str(case)})["Location"] == f"/exceptions/{case}/"

    def test_lists_several_by_what_they_are(self, browser: Client, company: Company) -> None:
        told = company.stories["posted"]
        twin = factories.an_invoice(factories.a_connection("chargebee", label="Chargebee"))
        factories.a_reference(twin, told.invoice.number)
        page = text_of(browser.get("/find", {"q": told.invoice.number}))
        assert f"2 records have the id {told.invoice.number}" in page
        assert "Chargebee, by its external id" in page

    def test_says_where_it_looked_when_there_is_nothing(
        self, browser: Client, company: Company
    ) -> None:
        page = text_of(browser.get("/find", {"q": "INV-0"}))
        assert "No record with the id INV-0" in page
        assert "Checked 2 systems" in page

    def test_does_not_search_or_repeat_an_e_mail_address(
        self, browser: Client, company: Company
    ) -> None:
        response = browser.get("/find", {"q": "pat@contoso.example"})
        assert "E-mail addresses are not searched for here" in text_of(response)
        assert "pat@contoso.example" not in text_of(response)

    def test_is_refused_to_support(self, sign_in: SignIn, sue: User) -> None:
        assert sign_in(sue).get("/find", {"q": "INV-1"}).status_code == 403


@pytest.mark.django_db
class TestLineage:
    def test_says_why_an_invoice_is_not_in_the_erp_in_its_first_line(
        self, browser: Client, company: Company
    ) -> None:
        told = company.stories["refused"]
        page = text_of(browser.get(f"/lineage/invoice/{told.invoice.pk}/"))
        assert (
            f"Invoice {told.invoice.number} is not in Tryton US: "
            f"period {told.entry.period.code} is closed in Tryton US." in page
        )
        assert "not explained" in page

    @pytest.mark.parametrize(
        ("name", "verdict"),
        [
            ("posted", "is in Tryton US as MOV/"),
            ("doubt", "may or may not be in Tryton US: it was sent and not answered."),
            ("waiting", "is not in Tryton US yet: Tryton US is locked by another user."),
        ],
    )
    def test_has_a_verdict_for_every_stage(
        self, browser: Client, company: Company, name: str, verdict: str
    ) -> None:
        invoice = company.stories[name].invoice
        assert verdict in text_of(browser.get(f"/lineage/invoice/{invoice.pk}/"))

    def test_draws_a_lane_for_every_hop_without_inline_style(
        self, browser: Client, company: Company
    ) -> None:
        told = company.stories["refused"]
        shown = browser.get(f"/lineage/invoice/{told.invoice.pk}/").content.decode()
        assert shown.count('<td class="lane"><svg') == 7
        assert 'class="absent"' in shown
        assert "style=" not in shown

    def test_opens_the_first_problem_beside_the_thread(
        self, browser: Client, company: Company
    ) -> None:
        told = company.stories["refused"]
        page = text_of(browser.get(f"/lineage/invoice/{told.invoice.pk}/"))
        assert "Sent: refused. The period is closed." in page
        assert told.command.key in page

    def test_gives_htmx_the_pane_of_another_hop(self, browser: Client, company: Company) -> None:
        told = company.stories["refused"]
        response = browser.get(
            f"/lineage/invoice/{told.invoice.pk}/?hop=event-{told.event.pk}",
            headers={"HX-Request": "true", "HX-Target": "pane"},
        )
        shown = response.content.decode()
        assert "<html" not in shown
        assert told.event.source_event_id in shown
        assert "pat@contoso.example" not in shown
        assert "••••@••" in shown

    def test_adds_up_what_is_invoiced_and_not_its_payments(
        self, browser: Client, company: Company
    ) -> None:
        told = company.stories["posted"]
        fee = journal(
            company,
            told.invoice,
            500,
            company.now,
            "co-fee",
            document_type="fee",
            business_key="stripe:fee",
            description="Fee",
        )
        order(company, fee, "posted")
        page = text_of(browser.get(f"/lineage/invoice/{told.invoice.pk}/"))
        assert "Invoices in the ERPUSD 11,917.801 posting" in page

    def test_lists_every_id_on_its_other_tab(self, browser: Client, company: Company) -> None:
        told = company.stories["posted"]
        page = text_of(browser.get(f"/lineage/invoice/{told.invoice.pk}/?tab=list"))
        for id in (told.command.key, told.event.source_event_id, str(told.command.external_id)):
            assert id in page

    def test_of_a_payment_leads_to_the_same_thread(self, browser: Client, company: Company) -> None:
        told = company.stories["posted"]
        assert told.payment is not None
        page = text_of(browser.get(f"/lineage/payment/{told.payment.pk}/"))
        assert told.invoice.number in page
        assert "The card was declined." in page

    @pytest.mark.parametrize(
        "address", ["/lineage/invoice/999999/", "/lineage/teapot/1/", "/journals/JE-999999/"]
    )
    def test_does_not_exist_for_what_nobody_recorded(
        self, browser: Client, company: Company, address: str
    ) -> None:
        assert browser.get(address).status_code == 404

    def test_shows_an_administrator_no_case(
        self, sign_in: SignIn, adam: User, company: Company
    ) -> None:
        """The thread is open to administrators, the cases are not."""
        told = company.stories["refused"]
        page = text_of(sign_in(adam).get(f"/lineage/invoice/{told.invoice.pk}/"))
        assert "is not in Tryton US: the period is closed." in page
        assert "EXC-" not in page
        assert "What was sent can be read by:" in page


@pytest.mark.django_db
class TestJournal:
    def test_leads_back_to_event_rule_and_mapping_version(
        self, browser: Client, company: Company
    ) -> None:
        told = company.stories["refused"]
        response = browser.get(f"/journals/JE-{told.entry.pk}/")
        page = text_of(response)
        for words in (
            "Accounts receivable",
            "RuleJ1",
            "version",
            "Opening maps",
            "invoice.issued/1",
        ):
            assert words in page, words
        assert f"/lineage/event/{told.event.pk}/" in response.content.decode()
        assert "is not in Tryton US" in page


@pytest.mark.django_db
class TestHome:
    def test_says_first_what_endangers_which_close(self, browser: Client, company: Company) -> None:
        page = text_of(browser.get("/"))
        assert "Most costly causes" in page
        assert "Tryton US did not answer" in page
        assert "checks itself at" in page
        assert "Newest postings" in page

    def test_shows_a_target_that_is_stopped_with_its_story(
        self, browser: Client, company: Company
    ) -> None:
        stop_erp(company)
        page = text_of(browser.get("/"))
        assert "5 of 10 calls failed" in page
        assert "Stopped" in page

    def test_says_that_nothing_waits_when_nothing_does(self, browser: Client) -> None:
        page = text_of(browser.get("/"))
        assert "Nothing waits for you: no exception is open." in page
        assert "No journal has been made yet" in page

    def test_tells_what_came_and_what_was_settled_since_the_person_was_here(
        self, sign_in: SignIn, ana: User
    ) -> None:
        before = clock.now()
        with transaction.atomic():
            record("export", by=actor_of(ana), kind="file", reference="cases")
            record("session.begun", by=actor_of(ana), kind="session", reference="s")
        known = {"kind": "period_closed", "cause_parts": "old", "cause": "Known before"}
        report([a_finding("old", **known)], at=before - DAY)
        mended = a_finding("mended", kind="period_closed", cause_parts="mended")
        report([mended, a_finding("new", kind="period_closed")], at=clock.now())
        settle(fingerprints=[mended.fingerprint], text="Posted.", at=clock.now())
        page = text_of(sign_in(ana).get("/"))
        news = page.partition("New since you left")[2].partition("Newest postings")[0]
        assert "October 2026 is closed in Books" in news
        assert "1 new case" in news
        assert "1 case settled" in news
        assert "Known before" not in news

    def test_shows_pairs_of_customers_to_confirm_and_says_who_decides(
        self, browser: Client, sign_in: SignIn, rob: User
    ) -> None:
        now = clock.now()
        left, right = (
            Party.objects.create(name=name, created_at=now, updated_at=now)
            for name in ("Alder Health", "Alder Healthcare")
        )
        MergeProposal.objects.create(left=left, right=right, score=Decimal("0.91"), created_at=now)
        page = text_of(browser.get("/"))
        assert "Alder Health and Alder Healthcare" in page
        assert "91 % alike" in page
        assert "A manager or somebody of RevOps decides." in page
        assert "somebody of RevOps decides" not in text_of(sign_in(rob).get("/"))

    def test_shows_an_administrator_what_was_posted_and_not_to_whom(
        self, sign_in: SignIn, adam: User, company: Company
    ) -> None:
        page = text_of(sign_in(adam).get("/"))
        postings = page.partition("Newest postings")[2]
        assert "Invoice" in postings
        assert "JE-" in postings
        assert "Alder Health" not in postings

    def test_shows_an_administrator_connections_and_no_cases(
        self, sign_in: SignIn, adam: User, company: Company
    ) -> None:
        page = text_of(sign_in(adam).get("/"))
        assert "Tryton US" in page
        assert "Most costly causes" not in page

    def test_begins_with_the_systems_for_who_runs_them(
        self, sign_in: SignIn, rob: User, adam: User, rae: User, company: Company
    ) -> None:
        stop_erp(company)
        revops = text_of(sign_in(rob).get("/"))
        assert "1 connection does not take everything." in revops
        assert "Open top cause" in revops
        assert "Work the queue" not in revops
        admin = text_of(sign_in(adam).get("/"))
        assert "Review changes" in admin
        assert "sign-ins refused" in admin
        assert "Open top cause" not in admin
        auditor = text_of(sign_in(rae).get("/"))
        assert "Needs you in the systems" not in auditor
        assert "Work the queue" not in auditor
        assert "Look at the queue" in auditor

    def test_tells_support_that_nothing_is_theirs_yet(
        self, sign_in: SignIn, sue: User, company: Company
    ) -> None:
        page = text_of(sign_in(sue).get("/"))
        assert "Request a credit" in page
        assert "Alder Health" not in page

    def test_is_refused_to_an_outsider(self, sign_in: SignIn, otis: User) -> None:
        assert sign_in(otis).get("/").status_code == 403

    def test_follows_the_entity_switch(self, browser: Client, company: Company) -> None:
        factories.a_legal_entity("UK", name="UK Ltd")
        page = text_of(browser.get("/?entity=UK"))
        assert "Nothing waits for you" in page


@pytest.mark.django_db
class TestPlaybooks:
    def test_are_listed_and_read(self, browser: Client) -> None:
        assert "Ambiguous posting" in text_of(browser.get("/playbooks/"))
        page = text_of(browser.get("/playbooks/in_doubt/"))
        assert "How to fix it" in page
        assert "Used by cases of the kind In doubt." in page

    def test_do_not_exist_under_other_names(self, browser: Client) -> None:
        assert browser.get("/playbooks/nothing/").status_code == 404

    def test_are_refused_to_support(self, sign_in: SignIn, sue: User) -> None:
        assert sign_in(sue).get("/playbooks/").status_code == 403


@pytest.mark.django_db
class TestRail:
    def test_counts_open_cases_and_hides_what_a_role_may_not_use(
        self, browser: Client, company: Company, sign_in: SignIn, adam: User
    ) -> None:
        assert "Exceptions 2" in text_of(browser.get("/"))
        assert "/exceptions/" not in sign_in(adam).get("/").content.decode()


@pytest.mark.django_db
class TestLongThreads:
    def test_are_paged_and_lead_to_a_problem_on_another_page(
        self, browser: Client, company: Company, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("revops.console.views.threads._HOPS", 3)
        told = company.stories["refused"]
        address = f"/lineage/invoice/{told.invoice.pk}/"
        first = browser.get(f"{address}?hop=customer-{told.customer.pk}").content.decode()
        assert first.count('<td class="lane"><svg') == 3
        assert f"?hop=posting-{told.command.pk}&amp;page=2" in first
        second = text_of(browser.get(f"{address}?page=2"))
        assert "ERP posting" in second
        assert "Hops 4–6 of 7" in second
