"""Who sees which page of credits, and what it says to them."""

from __future__ import annotations

import re

import pytest

from revops.credits import life
from revops.credits.models import ServiceCredit
from revops.credits.tasks import turn
from tests.cast import CAST, person
from tests.conftest import SignIn
from tests.credits.desk import Desk

ASK = ("sue", "ana", "mona", "rob")
FOLLOW = (*ASK, "rae")
REPORT = ("ana", "mona", "rob", "rae")
# (address, who gets a page); everybody else is refused.
PAGES = (
    ("/credits/", FOLLOW),
    ("/credits/new", ASK),
    ("/credits/find?q=x", ASK),
    ("/credits/leakage/", REPORT),
    ("/credits/terms/", FOLLOW),
)


@pytest.fixture
def asked(desk: Desk) -> ServiceCredit:
    desk.year()
    desk.promised()
    return desk.ask(case_id=desk.case().pk)


class TestRoles:
    @pytest.mark.parametrize(("address", "who"), PAGES, ids=[address for address, _ in PAGES])
    def test_pages_answer_their_people_and_nobody_else(
        self, desk: Desk, sign_in: SignIn, address: str, who: tuple[str, ...]
    ) -> None:
        answers = {name: sign_in(person(name)).get(address).status_code for name in CAST}
        assert {name for name, status in answers.items() if status == 200} == set(who)
        assert {answers[name] for name in CAST if name not in who} == {403}

    def test_support_sees_its_own_requests_alone(
        self, desk: Desk, sign_in: SignIn, asked: ServiceCredit
    ) -> None:
        desk.ruled()
        desk.case("ZD-2")
        turn()
        others = ServiceCredit.objects.get(ticket="ZD-2")
        ServiceCredit.objects.filter(pk=asked.pk).update(asked_by=desk.ana)

        page = sign_in(desk.sue).get("/credits/")

        assert others.number in page.content.decode()
        assert not re.search(rf"{asked.number}\b", page.content.decode())
        assert sign_in(desk.sue).get(f"/credits/{asked.pk}/").status_code == 404
        assert sign_in(desk.ana).get(f"/credits/{asked.pk}/").status_code == 200


class TestRequest:
    def test_says_before_it_is_sent_what_posts_and_who_decides(
        self, desk: Desk, sign_in: SignIn
    ) -> None:
        desk.year()
        desk.promised()
        desk.case()

        page = sign_in(desk.sue).get("/credits/new?ticket=ZD-1").content.decode()

        assert "Not you: you are asking." in page
        assert "4900" in page
        assert "2420" in page
        assert "10 % of the month" in page
        assert not ServiceCredit.objects.exists()

    def test_saves_itself_and_is_sent_after_a_check(self, desk: Desk, sign_in: SignIn) -> None:
        desk.year()
        desk.promised()
        case = desk.case()
        browser = sign_in(desk.sue)
        typed = {"sought": "ZD-1", "chosen_from": "ZD-1", "case": case.pk, "amount": "50.00",
                 "credit_type": "sla_period", "reason": "uptime", "ticket": "ZD-1"}  # fmt: skip

        saved = browser.post("/credits/new", typed, headers={
            "HX-Request": "true", "HX-Target": "judged"})  # fmt: skip
        credit = ServiceCredit.objects.get()
        assert saved.headers["HX-Replace-Url"] == f"/credits/{credit.pk}/edit"
        assert b"<html" not in saved.content
        browser.post("/credits/new", typed | {"credit": credit.pk, "amount": "60.00"})
        assert ServiceCredit.objects.get().amount == 6_000

        checked = browser.post(f"/credits/{credit.pk}/edit", typed | {"act": "check"})
        assert checked.headers["Location"] == f"/credits/{credit.pk}/send"
        assert "Check before it goes" in browser.get(checked.headers["Location"]).content.decode()
        sent = browser.post(f"/credits/{credit.pk}/send")
        assert sent.headers["Location"] == f"/credits/{credit.pk}/"
        assert ServiceCredit.objects.get().state == life.WAITING

    def test_names_every_field_that_is_missing(self, desk: Desk, sign_in: SignIn) -> None:
        desk.year()
        answer = sign_in(desk.sue).post("/credits/new", {"sought": "in_1", "act": "check"})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert '<a href="#amount">Say how much, before tax.</a>' in page
        assert "<title>Error: Request a credit" in page

    def test_offers_an_exception_where_the_rule_says_no(self, desk: Desk, sign_in: SignIn) -> None:
        desk.year()
        page = sign_in(desk.sue).post(
            "/credits/new", {"sought": "in_1", "amount": "10", "act": "check"}
        ).content.decode()  # fmt: skip
        assert "Ask for an exception." in page
        assert "An SLA credit needs a case that missed its SLA." in page

    def test_of_somebody_else_is_not_written_in(
        self, desk: Desk, sign_in: SignIn, asked: ServiceCredit
    ) -> None:
        ServiceCredit.objects.update(state="draft")
        assert sign_in(desk.ana).post(f"/credits/{asked.pk}/edit", {}).status_code == 403
        assert sign_in(desk.ana).post(f"/credits/{asked.pk}/send").status_code in (403, 404)


class TestHome:
    def test_of_support_holds_cases_requests_and_the_finder(
        self, desk: Desk, sign_in: SignIn, asked: ServiceCredit
    ) -> None:
        desk.case("ZD-2")
        page = sign_in(desk.sue).get("/").content.decode()
        assert 'id="seek"' in page
        assert asked.number in page
        assert "ZD-2" in page
        assert "/exceptions/" not in page

    @pytest.mark.parametrize(
        ("words", "where"), [("in_1", "/records/invoice/"), ("ZD-1", "/records/support_case/"),
                             ("CUS_1", "/customers/")],
    )  # fmt: skip
    def test_finds_an_invoice_a_case_and_a_customer(
        self, desk: Desk, sign_in: SignIn, words: str, where: str
    ) -> None:
        desk.year()
        desk.case()
        found = sign_in(desk.sue).get("/credits/find", {"q": words})
        assert found.status_code == 302
        assert found.headers["Location"].startswith(where)


class TestLeakage:
    def test_adds_up_by_currency_what_was_promised_and_what_came_of_it(
        self, desk: Desk, sign_in: SignIn, asked: ServiceCredit
    ) -> None:
        desk.issue(desk.decide(asked))
        page = sign_in(desk.ana).get("/credits/leakage/").content.decode().replace("\xa0", " ")
        assert "Of USD 90.00 asked for, USD 90.00 was approved and USD 90.00 issued" in page
        assert "<svg" in page
        assert "The same as a table" in page
