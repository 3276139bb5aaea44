"""Users and roles on pages; and that pages show only a person's own entities."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import Assignment, BreakGlass, User
from accounts.operations import create_token
from approvals.models import ApprovalRequest, State
from approvals.operations import decide
from approvals.proof import Proof
from revops.kernel import clock
from tests import factories as make
from tests.cast import person

pytestmark = pytest.mark.django_db
OWN, FOREIGN = "US-INC", "DE-GMBH"


@pytest.fixture
def bea(db: None) -> User:
    made = User.objects.create_user("bea@example.com", "Bea Ostrom")
    Assignment.objects.create(user=made, role="admin")
    return made


@pytest.fixture
def lena(db: None) -> User:
    """A finance analyst of one entity."""
    made = User.objects.create_user("lena@example.com", "Lena Vogt")
    Assignment.objects.create(user=made, role="finance", legal_entity=OWN)
    return made


class TestUsers:
    def test_shows_who_holds_what(self, adam: User, ana: User, lena: User, sign_in: Any) -> None:
        page = sign_in(adam).get("/users/").content.decode()
        assert "Lena Vogt" in page
        assert f"Finance analyst · {OWN}" in page

    def test_marks_a_conflict(self, adam: User, ana: User, sign_in: Any) -> None:
        Assignment.objects.create(user=ana, role="support")
        assert "Conflict of duties" in sign_in(adam).get("/users/").content.decode()

    def test_asks_for_a_role_which_a_second_administrator_gives(
        self, adam: User, bea: User, otis: User, sign_in: Any
    ) -> None:
        make.a_legal_entity(OWN)
        answer = sign_in(adam).post(
            f"/users/{otis.pk}/ask",
            {"role": "finance", "where": f"entity:{OWN}", "reason": "Joins the team"},
        )
        assert answer.status_code == 302
        request = ApprovalRequest.objects.get(subject="role_change")
        assert request.state == State.WAITING
        assert not otis.assignments.exists()
        assert "Waiting for approval" in sign_in(adam).get("/users/").content.decode()
        decide(
            request_id=request.pk, verdict="approve", by=bea, seen=request.sha256,
            proof=Proof(bea.pk, clock.now()),
        )  # fmt: skip
        made = otis.assignments.get()
        assert (made.legal_entity, made.granted_by, made.approved_by) == (OWN, adam, bea)

    def test_says_why_a_role_cannot_be_asked_for(self, adam: User, sue: User, sign_in: Any) -> None:
        answer = sign_in(adam).post(
            f"/users/{sue.pk}/ask", {"role": "manager", "where": "", "reason": "More"}
        )
        assert answer.status_code == 422
        assert "must not approve" in answer.content.decode()

    def test_is_reviewed_as_a_file(self, adam: User, lena: User, sign_in: Any) -> None:
        answer = sign_in(adam).post("/users/access-review.csv")
        text = b"".join(answer.streaming_content).decode().lstrip("\ufeff")
        rows = {row["email"]: row for row in csv.DictReader(StringIO(text))}
        assert rows["lena@example.com"]["legal_entities"] == OWN
        out = StringIO()
        call_command("access_review", stdout=out)
        assert "lena@example.com" in out.getvalue()


class TestBreakGlass:
    def test_is_asked_granted_and_told_to_everybody(
        self, adam: User, mona: User, ana: User, sign_in: Any
    ) -> None:
        asked = {"actions": ["cases.retry"], "minutes": "20", "reason": "Nobody is there"}
        assert sign_in(adam).post("/break-glass/", asked).status_code == 302
        glass = BreakGlass.objects.get()
        assert sign_in(adam).post(
            f"/break-glass/{glass.pk}/answer", {"choice": "grant"}
        ).status_code == 403  # fmt: skip
        sign_in(mona).post(f"/break-glass/{glass.pk}/answer", {"choice": "grant"})
        assert "Adam Berg has extra rights until" in sign_in(ana).get("/").content.decode()


class TestI1ForeignEntities:
    """What belongs to another entity is not there: not by its address, nor in any count."""

    def test_i1_are_not_found_by_their_address(self, lena: User, sign_in: Any) -> None:
        foreign = make.a_legal_entity(FOREIGN)
        entry = make.a_journal(foreign)
        case = make.a_case(legal_entity=foreign)
        invoice = make.an_invoice(legal_entity=foreign)
        page: Client = sign_in(lena)
        for address in (
            f"/journals/JE-{entry.pk}/",
            f"/exceptions/EXC-{case.pk}/",
            f"/customers/{make.a_customer(legal_entity=foreign).party_id}/",
            f"/records/invoice/{invoice.pk}/",
            f"/lineage/invoice/{invoice.pk}/",
        ):
            assert page.get(address).status_code == 404, address
            assert sign_in(person("ana")).get(address).status_code == 200, address

    def test_i1_are_in_no_list_search_export_or_switch(self, lena: User, sign_in: Any) -> None:
        for code in (OWN, FOREIGN):
            entity = make.a_legal_entity(code)
            make.a_journal(entity, description=f"Books of {code}")
            make.a_case(legal_entity=entity, subject_label=f"CASE-{code}", customer_name=code)
            make.a_customer(legal_entity=entity, name=f"Customer {code}")
        page: Client = sign_in(lena)
        for address in (
            "/", "/exceptions/?group=case", "/customers/", "/books/", "/books/trial-balance/",
            "/find?q=Customer", f"/find?q={FOREIGN}",
        ):  # fmt: skip
            shown = page.get(address).content.decode().replace(f'value="{FOREIGN}"', "")
            assert f"Customer {FOREIGN}" not in shown, address
            assert f"CASE-{FOREIGN}" not in shown, address
            assert f"Northwind {FOREIGN}" not in shown, address
        for address in ("/exceptions/exceptions.csv", "/books/journals.csv"):
            text = b"".join(page.post(address).streaming_content).decode()
            assert FOREIGN not in text
            assert OWN in text

    def test_i1_are_not_told_to_a_token_of_another_entity(self) -> None:
        invoice = make.an_invoice(legal_entity=make.a_legal_entity(FOREIGN))
        _, text = create_token(name="t", scopes=["read:lookups", f"entity:{OWN}"])
        headers = {"Authorization": f"Bearer {text}"}
        answer = Client().get(f"/api/v1/lookups/invoice/?id={invoice.number}", headers=headers)
        assert answer.status_code == 404
