from __future__ import annotations

import csv
import re
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.test import Client

from accounts.models import User
from exceptions.models import Case
from exceptions.operations import report, settle
from revops.jobs.models import Job
from revops.jobs.operations import advance
from revops.kernel import clock
from tests.cast import person
from tests.conftest import SignIn
from tests.console.company import Company, build
from tests.exceptions.kit import Calls, a_finding

HTMX = {"HX-Request": "true"}


@pytest.fixture
def company(db: None) -> Company:
    return build()


@pytest.fixture
def browser(sign_in: SignIn, ana: User) -> Client:
    return sign_in(ana)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that reads or writes; saying whose rows are seen does neither."""
    asked: list[str] = []
    before = psycopg.Cursor.execute

    def execute(self: Any, query: Any, *args: Any, **values: Any) -> Any:
        if not str(query).startswith("SELECT set_config("):
            asked.append(str(query))
        return before(self, query, *args, **values)

    monkeypatch.setattr(psycopg.Cursor, "execute", execute)
    return asked


def text_of(response: Any) -> str:
    """What a person reads; no-break spaces count as spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


def a_held_case(identity: str = "CMD-1", **values: Any) -> Case:
    at = values.pop("at", None) or clock.now()
    finding = a_finding(identity, **values)
    report([finding], at=at)
    return Case.objects.get(fingerprint=finding.fingerprint)


@pytest.mark.django_db
class TestQueue:
    def test_lists_causes_with_their_money_and_fix(self, browser: Client, company: Company) -> None:
        page = text_of(browser.get("/exceptions/"))
        assert "Tryton US did not answer" in page
        assert "USD 17,915.87" in page
        assert "Post it in the next open period, open the period again" in page

    def test_lists_cases_when_asked(self, browser: Client, company: Company) -> None:
        page = text_of(browser.get("/exceptions/?group=case"))
        number = company.stories["refused"].invoice.number
        assert f"Invoice {number}" in page

    def test_asks_the_database_no_more_for_a_hundred_causes(
        self, browser: Client, calls: Calls, statements: list[str]
    ) -> None:
        a_held_case("first", cause_parts="first")
        browser.get("/exceptions/?rows=100")
        statements.clear()
        browser.get("/exceptions/?rows=100")
        few = len(statements)
        report([a_finding(f"{n}", cause_parts=f"{n}") for n in range(90)], at=clock.now())
        statements.clear()
        browser.get("/exceptions/?rows=100")
        assert len(statements) == few <= 15
        for address in ("?rows=100&group=case", "?group=case&q=closed", "?q=closed&status=new"):
            statements.clear()
            browser.get(f"/exceptions/{address}")
            assert len(statements) <= 15, address

    def test_gives_htmx_the_list_with_figures_and_tabs_beside_it(
        self, browser: Client, company: Company
    ) -> None:
        response = browser.get("/exceptions/?q=closed", headers=HTMX | {"HX-Target": "list"})
        shown = response.content.decode()
        assert "<html" not in shown
        assert 'id="list"' in shown
        assert 'id="figures" hx-swap-oob="true"' in shown
        assert response.headers["HX-Push-Url"] == "/exceptions/?q=closed"

    def test_names_what_it_ignores_and_fails_on_nothing(
        self, browser: Client, company: Company
    ) -> None:
        response = browser.get(
            "/exceptions/?colour=red&page=-1&after=zzz&system=nobody&group=case&sort=x%00"
        )
        assert response.status_code == 200
        assert "does not know it: colour" in text_of(response)

    @pytest.mark.parametrize(
        ("address", "words"),
        [
            ("/exceptions/", "No open exceptions"),
            ("/exceptions/?q=zzz", "Nothing matches these filters"),
            ("/exceptions/?status=resolved", "Nothing has been resolved yet"),
        ],
    )
    def test_says_why_it_is_empty(self, browser: Client, address: str, words: str) -> None:
        assert words in text_of(browser.get(address))

    def test_is_refused_to_support_in_words(self, sign_in: SignIn, sue: User) -> None:
        response = sign_in(sue).get("/exceptions/")
        assert response.status_code == 403
        assert "It is open to:" in text_of(response)


@pytest.mark.django_db
class TestCsv:
    def read(self, response: Any) -> list[dict[str, str]]:
        text = b"".join(response.streaming_content).decode()
        assert text.startswith("\N{ZERO WIDTH NO-BREAK SPACE}")
        return list(csv.DictReader(StringIO(text[1:])))

    def test_holds_the_current_filter_in_plain_decimals(
        self, browser: Client, company: Company
    ) -> None:
        (row,) = self.read(browser.post("/exceptions/exceptions.csv?kind=period_closed"))
        assert (row["currency"], row["at_stake"], row["cases_of_cause"]) == ("USD", "17915.87", "1")
        rows = self.read(browser.post("/exceptions/exceptions.csv?group=case"))
        assert {row["at_stake"] for row in rows} == {"17915.87", "6480.00"}
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["due_at"]) for row in rows)

    def test_disarms_cells_that_a_spreadsheet_would_run(
        self, browser: Client, calls: Calls
    ) -> None:
        a_held_case(customer_name='=HYPERLINK("http://x")', subject_label="@cmd", at_stake=-500)
        (row,) = self.read(browser.post("/exceptions/exceptions.csv?group=case"))
        assert row["customer"] == '\'=HYPERLINK("http://x")'
        assert row["subject"] == "'@cmd"
        assert row["at_stake"] == "-5.00"

    def test_has_one_line_for_each_currency_of_a_cause(self, browser: Client, calls: Calls) -> None:
        a_held_case("a")
        a_held_case("b", currency="EUR")
        rows = self.read(browser.post("/exceptions/exceptions.csv"))
        assert sorted(row["currency"] for row in rows) == ["EUR", "USD"]

    def test_of_more_cases_than_a_file_holds_is_a_job_that_gives_the_file_when_it_is_over(
        self, browser: Client, sign_in: SignIn, ana: User, mona: User, rae: User, calls: Calls,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        monkeypatch.setattr("exceptions.views.queue.MOST_ROWS", 2)
        for number in range(3):
            a_held_case(f"CMD-{number}", subject_label=f"INV-{number}")
        a_held_case("small", subject_label="INV-small", at_stake=1)
        refused = sign_in(rae).post("/exceptions/exceptions.csv?group=case")
        assert refused.status_code == 422
        assert "Narrow the list" in text_of(refused)
        asked = browser.post("/exceptions/exceptions.csv?group=case&amount_min=100")
        job = Job.objects.get()
        assert asked.headers["Location"] == f"/bulk/{job}/"
        assert "Amount from: 100" in job.scope_text
        reason = {"reason": "The auditors asked for the backlog."}
        assert browser.post(f"/bulk/{job}/start", reason).status_code == 302
        assert len(self.read(browser.post(f"/bulk/{job}/job.csv"))) == 3
        while advance():
            pass
        assert "Take the file" in text_of(browser.get(f"/bulk/{job}/"))
        rows = self.read(browser.post(f"/bulk/{job}/job.csv"))
        assert [row["subject"] for row in rows] == ["INV-0", "INV-1", "INV-2"]
        # Somebody else reads what became of each record, as of any job.
        assert "record" in self.read(sign_in(mona).post(f"/bulk/{job}/job.csv"))[0]


@pytest.mark.django_db
class TestCause:
    def test_previews_what_one_press_does(self, browser: Client, calls: Calls) -> None:
        case = a_held_case("a")
        a_held_case("b")
        a_held_case("c", at_stake=10**9)
        page = text_of(browser.get(f"/exceptions/causes/{case.cause_key}/"))
        assert "Retry: 2 cases, USD 200.00" in page
        assert "Retry leaves 1 alone. It is over a million." in page

    def test_asks_the_database_a_fixed_number_of_times(
        self, browser: Client, company: Company, statements: list[str]
    ) -> None:
        case = Case.objects.filter(kind="period_closed").earliest("pk")
        for address, most in ((f"/exceptions/causes/{case.cause_key}/", 16), ("/", 15)):
            browser.get(address)
            statements.clear()
            assert browser.get(address).status_code == 200
            assert len(statements) <= most, "\n".join(statements)

    def test_retries_all_of_it_and_says_what_happened(self, browser: Client, calls: Calls) -> None:
        case = a_held_case("a")
        a_held_case("b")
        address = f"/exceptions/causes/{case.cause_key}/"
        page = text_of(browser.post(f"{address}t_retry/", follow=True))
        assert "2 sent on their way." in page
        assert len(calls.ran) == 2
        browser.post(f"{address}t_retry/")
        assert len(calls.ran) == 2

    def test_says_that_it_is_settled_when_nothing_is_open(
        self, browser: Client, calls: Calls
    ) -> None:
        case = a_held_case()
        settle(fingerprints=[case.fingerprint], text="Books holds it.", at=clock.now())
        page = text_of(browser.get(f"/exceptions/causes/{case.cause_key}/"))
        assert "No case of this cause is open." in page
        assert "Books holds it." in page

    def test_does_not_exist_when_nobody_saw_it(self, browser: Client) -> None:
        assert browser.get("/exceptions/causes/nothing/").status_code == 404

    def test_offers_an_auditor_nothing_to_press(
        self, sign_in: SignIn, rae: User, calls: Calls
    ) -> None:
        case = a_held_case()
        auditor = sign_in(rae)
        assert b'<form method="post" action="/exceptions/' not in (
            auditor.get(f"/exceptions/causes/{case.cause_key}/").content
        )
        denied = auditor.post(f"/exceptions/causes/{case.cause_key}/t_retry/")
        assert denied.status_code == 403
        assert calls.ran == []


@pytest.mark.django_db
class TestCase:
    def address(self, company: Company, name: str) -> str:
        case = Case.objects.get(command=company.stories[name].command)
        return f"/exceptions/EXC-{case.pk}/"

    def test_says_what_happened_why_it_matters_and_what_to_do(
        self, browser: Client, company: Company
    ) -> None:
        page = text_of(browser.get(self.address(company, "refused")))
        for words in (
            "is not in Tryton US",
            "The posting belongs to a period that no longer takes postings.",
            "Post it in the next open period, open the period again",
            "Post to Tryton US",
            "Playbook: Closed period",
            "Balanced",
        ):
            assert words in page

    def test_in_doubt_offers_to_ask_and_never_to_send(
        self, browser: Client, company: Company
    ) -> None:
        response = browser.get(self.address(company, "doubt"))
        page = text_of(response)
        assert "may or may not be in Tryton US" in page
        assert "It checks itself at" in page
        assert "Sending again isn’t offered." in page
        assert b'id="do-check"' in response.content
        assert b'id="do-retry"' not in response.content

    def test_asks_the_database_a_fixed_number_of_times(
        self, browser: Client, company: Company, statements: list[str]
    ) -> None:
        address = self.address(company, "refused")
        browser.get(address)
        statements.clear()
        browser.get(address)
        assert len(statements) <= 21  # of these 5 are the frame’s

    def test_masks_addresses_of_people_in_what_systems_answered(
        self, browser: Client, company: Company
    ) -> None:
        shown = browser.get(self.address(company, "refused")).content.decode()
        assert "clerk@books.example" not in shown
        assert "••••@••" in shown

    def test_shows_payloads_to_whoever_may_read_them_only(
        self, browser: Client, company: Company, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from accounts import roles

        address = self.address(company, "refused")
        assert b"accounting_date" in browser.get(address).content
        rule = replace(roles.RULES["payload.view"], roles=frozenset({roles.Role.AUDITOR}))
        monkeypatch.setitem(roles.RULES, "payload.view", rule)
        hidden = browser.get(address)
        assert b"accounting_date" not in hidden.content
        assert "What was sent can be read by: Auditor." in text_of(hidden)

    def test_is_retried_without_javascript(self, browser: Client, calls: Calls) -> None:
        case = a_held_case()
        response = browser.post(f"/exceptions/EXC-{case.pk}/t_retry/")
        assert response.status_code == 302
        page = text_of(browser.get(response["Location"]))
        assert "It is sent again with the same key." in page
        assert "It is on its way." in page
        assert calls.ran == [case.pk]

    def test_is_retried_in_place_with_htmx(self, browser: Client, calls: Calls) -> None:
        case = a_held_case()
        response = browser.post(f"/exceptions/EXC-{case.pk}/t_retry/", headers=HTMX)
        shown = response.content.decode()
        assert response.status_code == 200
        assert "<html" not in shown
        assert 'hx-trigger="every 5s"' in shown
        assert 'hx-swap-oob="innerHTML:#notice"' in shown
        assert "It is sent again with the same key." in shown

    def test_refuses_a_second_press_with_409_in_words(self, browser: Client, calls: Calls) -> None:
        case = a_held_case()
        browser.post(f"/exceptions/EXC-{case.pk}/t_retry/")
        for headers in ({}, HTMX):
            response = browser.post(f"/exceptions/EXC-{case.pk}/t_retry/", headers=headers)
            assert response.status_code == 409
            assert "It is being retried already." in text_of(response)
        assert calls.ran == [case.pk]

    def test_takes_a_comment_and_gives_back_what_it_cannot_keep(
        self, browser: Client, calls: Calls
    ) -> None:
        case = a_held_case()
        address = f"/exceptions/EXC-{case.pk}/comments/"
        assert (
            "<b>hi</b>"
            not in browser.post(address, {"text": "<b>hi</b>"}, follow=True).content.decode()
        )
        assert case.story.get(comment=True).text == "<b>hi</b>"
        long = "x" * 4001
        response = browser.post(address, {"text": long}, headers=HTMX | {"HX-Target": "comments"})
        assert response.status_code == 422
        assert "at most 4,000 characters" in text_of(response)
        assert long in response.content.decode()

    def test_offers_an_auditor_evidence_and_nothing_to_press(
        self, sign_in: SignIn, rae: User, company: Company
    ) -> None:
        response = sign_in(rae).get(self.address(company, "refused"))
        assert b"accounting_date" in response.content
        assert b'id="do-' not in response.content
        assert "It is open to: Finance analyst" in text_of(response)

    @pytest.mark.parametrize("name", ["sue", "adam", "otis"])
    def test_is_refused_to_whoever_may_not(self, sign_in: SignIn, calls: Calls, name: str) -> None:
        case = a_held_case()
        client = sign_in(person(name))
        for method, address in (
            (client.get, f"/exceptions/EXC-{case.pk}/"),
            (client.post, f"/exceptions/EXC-{case.pk}/t_retry/"),
            (client.post, f"/exceptions/EXC-{case.pk}/comments/"),
        ):
            assert method(address).status_code == 403
        assert calls.ran == []

    def test_of_a_kind_that_is_no_longer_declared_still_has_a_page(
        self, browser: Client, calls: Calls
    ) -> None:
        case = a_held_case(at=clock.now() - timedelta(days=9))
        Case.objects.update(kind="long_gone")
        assert browser.get(f"/exceptions/EXC-{case.pk}/").status_code == 200
        assert browser.get("/exceptions/").status_code == 200


@pytest.mark.django_db
class TestSearch:
    def test_leaves_e_mail_addresses_out_of_addresses(
        self, browser: Client, company: Company
    ) -> None:
        response = browser.get(
            "/exceptions/?q=pat@contoso.example", headers=HTMX | {"HX-Target": "list"}
        )
        assert response.headers["HX-Push-Url"] == "/exceptions/"
        assert "does not know it: q" in text_of(response)
