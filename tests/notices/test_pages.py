"""The bell, the list, and how one wants to be told."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Assignment, User
from revops.notices import operations, queries
from revops.notices.kinds import KINDS
from revops.notices.models import Notice, Preference
from tests.conftest import SignIn
from tests.factories import a_legal_entity

pytestmark = pytest.mark.django_db


def tell(person: User, number: int = 12, **given: str) -> Notice:
    operations.tell(
        **{
            "recipients": [person.pk], "kind": "approval_asked",
            "title": f"APR-{number}: a <credit>", "text": "It waits for you.",
            "link": f"/approvals/APR-{number}/", "key": f"asked:{number}",
        } | given
    )  # fmt: skip
    return Notice.objects.get(recipient=person, key=given.get("key", f"asked:{number}"))


class TestBell:
    def test_counts_what_is_unread_on_every_page(self, sign_in: SignIn, ana: User) -> None:
        page = sign_in(ana).get("/notices/").content.decode()
        assert "Notices, none unread" in page
        tell(ana)
        page = sign_in(ana).get("/").content.decode()
        assert '<span class="count">1</span><span class="hidden-text"> unread notices' in page

    def test_counts_nobody_elses(self, sign_in: SignIn, ana: User, mona: User) -> None:
        tell(mona)
        assert "Notices, none unread" in sign_in(ana).get("/").content.decode()


class TestList:
    def test_shows_ones_own_with_a_link_to_the_thing(
        self, sign_in: SignIn, ana: User, mona: User
    ) -> None:
        tell(ana)
        tell(mona, 13)
        page = sign_in(ana).get("/notices/").content.decode()
        assert 'href="/approvals/APR-12/">APR-12: a &lt;credit&gt;</a>' in page
        assert "APR-13" not in page

    def test_marks_one_or_all_as_read(self, sign_in: SignIn, ana: User, mona: User) -> None:
        first = tell(ana)
        tell(ana, 13)
        theirs = tell(mona, 14)
        browser = sign_in(ana)
        for value in (str(theirs.pk), "x", "9" * 30):
            browser.post("/notices/read", {"notice": value})
        assert queries.unread_count(ana) == 2
        answer = browser.post("/notices/read", {"notice": first.pk, "next": "//evil.example/"})
        assert answer["Location"] == "/notices/"
        assert queries.unread_count(ana) == 1
        browser.post("/notices/read", {"notice": "all"})
        assert (queries.unread_count(ana), queries.unread_count(mona)) == (0, 1)
        assert "All read" in browser.get("/notices/?view=unread").content.decode()

    def test_the_link_leads_to_the_thing_after_signing_in(self, ana: User) -> None:
        answer = Client().get(tell(ana).link)
        assert answer["Location"] == "/sign-in/?next=/approvals/APR-12/"

    def test_i1_shows_nothing_of_an_entity_that_the_person_sees_no_more(
        self, sign_in: SignIn, ana: User
    ) -> None:
        for code in ("NW-US", "NW-DE"):
            a_legal_entity(code)
        Assignment.objects.filter(user=ana).update(legal_entity="NW-US")
        tell(ana, 1, entity="NW-US")
        tell(ana, 2, entity="NW-DE")
        tell(ana, 3)
        page = sign_in(ana).get("/notices/").content.decode()
        assert [f"APR-{n}:" in page for n in (1, 2, 3)] == [True, False, True]


class TestWishes:
    def form(self, **given: str) -> dict[str, str]:
        return {f"mail-{slug}": "now" for slug in KINDS} | {"hour": "8"} | given

    def test_are_kept_and_shown(self, sign_in: SignIn, ana: User) -> None:
        form = self.form(**{"mail-approval_asked": "digest", "chat-credit_moved": "on"}, hour="17")
        browser = sign_in(ana)
        assert browser.post("/notices/settings/", form)["Location"] == "/notices/settings/"
        kept = {one.kind: (one.mail, one.chat) for one in Preference.objects.filter(person=ana)}
        assert kept["approval_asked"] == ("digest", False)
        assert kept["credit_moved"] == ("now", True)
        page = browser.get("/notices/settings/").content.decode()
        assert '<option value="17" selected>17:00' in page
        assert '<option value="digest" selected>Once a day' in page

    def test_lead_back_to_the_page_that_the_form_stands_on(
        self, sign_in: SignIn, ana: User
    ) -> None:
        answer = sign_in(ana).post("/notices/settings/", self.form(next="/me/"))
        assert answer["Location"] == "/me/"

    @pytest.mark.parametrize("wrong", [{"hour": "99"}, {"mail-approval_asked": "hourly"}])
    def test_are_refused_in_words(self, sign_in: SignIn, ana: User, wrong: dict[str, str]) -> None:
        answer = sign_in(ana).post("/notices/settings/", self.form(**wrong))
        assert answer.status_code == 422
        assert "Choose" in answer.content.decode()
        assert not Preference.objects.exists()
