"""The audit trail's pages, and the files that leave the console."""

from __future__ import annotations

import csv
import json
import re
from html import unescape
from io import StringIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User
from accounts.queries import actor_of
from revops.audit.models import Event
from revops.web import exports
from tests.audit.unguarded import unguarded
from tests.conftest import SignIn
from tests.factories import an_act


def text_of(response: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(sign_in: SignIn, rae: User, settings: LazySettings, tmp_path: object) -> Client:
    settings.REVOPS_AUDIT_ANCHORS = tmp_path
    return sign_in(rae)


class TestTheTrail:
    def test_shows_who_did_what_when_to_what_and_why(self, browser: Client, mona: User) -> None:
        an_act(
            action="periods.close", by=actor_of(mona), kind="period", reference="US 2026-10",
            entity="US", before={"state": "open"}, after={"state": "closed"}, reason="Month end",
        )  # fmt: skip
        page = text_of(browser.get("/audit/"))
        for words in ("Closed", "Mona Patel", "Finance manager", "US 2026-10"):
            assert words in page
        assert "State open → closed" in page
        assert "Month end" in page
        assert "UTC" in page

    def test_is_filtered_by_its_address(self, browser: Client, mona: User, rob: User) -> None:
        an_act(by=actor_of(mona), reference="EXC-1", reason="Unlike the other")
        an_act(by=actor_of(rob), reference="EXC-2", action="cases.retry")
        for query, seen, gone in (
            ("q=EXC-1", "EXC-1", "EXC-2"),
            ("q=unlike", "EXC-1", "EXC-2"),
            (f"who=user:{rob.pk}", "EXC-2", "EXC-1"),
            ("action=cases.retry", "EXC-2", "EXC-1"),
            ("when=today&kind=case&q=2", "EXC-2", "EXC-1"),
        ):
            page = browser.get(f"/audit/?{query}").content.decode()
            listed = page.partition("<tbody>")[2]
            assert seen in listed, query
            assert gone not in listed, query
        assert "No act matches" in text_of(browser.get("/audit/?until=2001-01-01"))

    def test_is_paged_by_the_number_of_the_act(self, browser: Client) -> None:
        for n in range(30):
            an_act(reference=f"EXC-{n}")
        first = browser.get("/audit/")
        assert "EXC-29" in text_of(first)
        assert 'id="act-' in first.content.decode()
        following = first.context["page"].next
        second = text_of(browser.get("/audit/", following))
        assert "EXC-0" in second

    def test_marks_an_act_that_does_not_fit(self, browser: Client) -> None:
        act = an_act()
        with unguarded() as cursor:
            cursor.execute("UPDATE audit_event SET action = 'a.b' WHERE seq = %s", [act.seq])
        assert "Does not fit" in text_of(browser.get("/audit/"))
        assert "Hash does not fit" in text_of(browser.get(f"/audit/{act.seq}/"))

    def test_shows_nothing_of_markup_that_an_act_carries(self, browser: Client) -> None:
        an_act(reason="<script>alert(1)</script>", after={"x": "<img src=x onerror=alert(1)>"})
        page = browser.get("/audit/").content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page

    @pytest.mark.parametrize("person", ["ana", "mona", "rob", "sue", "adam"])
    def test_is_for_auditors(
        self, person: str, sign_in: SignIn, request: pytest.FixtureRequest
    ) -> None:
        page = sign_in(request.getfixturevalue(person)).get("/audit/")
        assert page.status_code == 403


class TestVerifying:
    def test_shows_its_outcome_and_is_an_act(self, browser: Client, rae: User) -> None:
        an_act()
        page = browser.post("/audit/verify", follow=True)
        assert "acts follow from one another" in text_of(page) or "1 act" in text_of(page)
        act = Event.objects.get(action="audit.verify")
        assert act.actor == f"user:{rae.pk}"
        assert "by Rae Tanaka" in text_of(page)

    def test_names_the_act_that_was_changed(self, browser: Client) -> None:
        act = an_act()
        with unguarded() as cursor:
            cursor.execute("UPDATE audit_event SET reference = 'EXC-9'")
        page = text_of(browser.post("/audit/verify", follow=True))
        assert f"Act {act.seq} is not what was written" in page


class TestEvidence:
    def test_is_the_current_filter_with_the_chain(self, browser: Client) -> None:
        an_act(reference="EXC-1", reason="=1+1")
        an_act(reference="EXC-2")
        answer = browser.post("/audit/evidence.csv?q=EXC-1")
        text = b"".join(answer).decode("utf-8-sig")
        taking, row = csv.DictReader(StringIO(text))  # taking a file is an act about it, too
        assert (taking["action"], row["reference"]) == ("export", "EXC-1")
        assert row["reason"] == "'=1+1"
        assert len(row["hash"]) == 64

    def test_for_a_verifier_has_no_gap(self, browser: Client) -> None:
        an_act()
        answer = b"".join(browser.post("/audit/evidence.jsonl")).decode()
        found = [json.loads(line)["seq"] for line in answer.splitlines()]
        assert found == [1, 2]  # the act, and the taking of this file


class TestFiles:
    """H14, I32: what a leaver could take along."""

    FILES = (
        "/audit/evidence.csv", "/audit/evidence.jsonl", "/exceptions/exceptions.csv",
        "/books/journals.csv", "/connections/connections.csv",
    )  # fmt: skip

    @pytest.mark.parametrize("address", FILES)
    def test_h14_every_file_leaves_an_act_with_what_was_asked_for(
        self, browser: Client, rae: User, address: str
    ) -> None:
        assert browser.post(f"{address}?q=x").status_code == 200
        act = Event.objects.get(action="export")
        assert act.actor == f"user:{rae.pk}"
        assert '"asked_for":"q=x"' in (act.detail or "")

    @pytest.mark.parametrize("address", FILES)
    def test_h14_no_file_is_taken_by_a_link(self, browser: Client, address: str) -> None:
        assert browser.get(address).status_code == 405
        assert not Event.objects.exists()

    def test_i32_nobody_takes_more_than_some_an_hour_and_the_auditor_sees_the_try(
        self, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(exports, "MOST_AN_HOUR", 3)
        found = [browser.post("/books/journals.csv").status_code for _ in range(4)]
        assert found == [200, 200, 200, 429]
        assert Event.objects.filter(action=exports.REFUSED).count() == 1

    def test_i32_one_person_does_not_use_up_the_files_of_another(
        self, browser: Client, sign_in: SignIn, ana: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(exports, "MOST_AN_HOUR", 1)
        browser.post("/books/journals.csv")
        assert sign_in(ana).post("/books/journals.csv").status_code == 200

    def test_h14_a_file_has_an_end(self, browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        from revops.console.audit import reading

        monkeypatch.setattr(reading, "MOST_ROWS", 2)
        for _ in range(5):
            an_act()
        text = b"".join(browser.post("/audit/evidence.csv")).decode("utf-8-sig")
        assert len(list(csv.DictReader(StringIO(text)))) == 2
