from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from exceptions import operations
from exceptions.models import Case, CaseEntry
from exceptions.operations import CaseRefused, comment, edit_comment
from exceptions.queries.people import Seer, named_in
from revops.audit.models import Event
from revops.kernel import clock
from revops.notices.models import Notice
from tests.conftest import SignIn
from tests.exceptions.kit import Calls, a_finding

MONAS = [Seer(1, "Mona Patel", works=True), Seer(2, "Ana Lima", works=True)]


@pytest.fixture
def case(calls: Calls, db: None) -> Case:
    finding = a_finding()
    operations.report([finding], at=clock.now())
    return Case.objects.get(fingerprint=finding.fingerprint)


class TestNames:
    @pytest.mark.parametrize(
        ("text", "named"),
        [
            ("@Mona Patel, see this", {1}),
            ("(@mona) and @ANA LIMA.", {1, 2}),
            ("mona@example.com", set()),
            ("@Monatomic", set()),
            ("@nobody", set()),
        ],
    )
    def test_are_found_after_an_at(self, text: str, named: set[int]) -> None:
        assert named_in(text, MONAS) == named

    def test_one_first_name_of_two_people_is_nobody(self) -> None:
        two = [*MONAS, Seer(3, "Mona Berg", works=True)]
        assert named_in("@Mona @Mona Berg", two) == {3}


@pytest.mark.django_db
class TestMentions:
    def test_tell_those_who_see_the_case_and_nobody_else(
        self, case: Case, ana: User, mona: User, sue: User
    ) -> None:
        comment(case_id=case.pk, by=ana, text="@Mona Patel @Sue Adeyemi @Ana Lima: is this right?")
        told = Notice.objects.get()
        assert (told.recipient, told.kind) == (mona, "mention")
        assert told.title == f"Ana Lima named you on {case}"
        assert told.link == f"/exceptions/{case}/#comments"


@pytest.mark.django_db
class TestEditing:
    def _said(self, case: Case, by: User) -> CaseEntry:
        comment(case_id=case.pk, by=by, text="Ask billing")
        return CaseEntry.objects.get(comment=True)

    def test_is_shown_and_the_trail_keeps_both(
        self, case: Case, sign_in: SignIn, ana: User, mona: User
    ) -> None:
        made = self._said(case, ana)
        browser: Client = sign_in(ana)
        address = f"/exceptions/{case}/comments/{made.pk}/"
        browser.post(address, {"text": "Ask @Mona"})

        page = browser.get(f"/exceptions/{case}/").content.decode()
        assert "Ask @Mona" in page
        assert "edited" in page
        act = Event.objects.get(action="cases.comment_edit")
        detail = json.loads(act.detail or "")
        assert detail["before"] == {"comment": "Ask billing"}
        assert detail["after"] == {"comment": "Ask @Mona"}
        assert Notice.objects.get().recipient == mona
        browser.post(address, {"text": "Ask @Mona again"})
        assert Notice.objects.count() == 1

    def test_is_for_who_wrote_it_and_for_five_minutes(
        self, case: Case, ana: User, mona: User
    ) -> None:
        made = self._said(case, ana)
        with pytest.raises(CaseRefused, match="Only who wrote"):
            edit_comment(case_id=case.pk, entry_id=made.pk, by=mona, text="Mine")
        CaseEntry.objects.filter(pk=made.pk).update(at=clock.now() - timedelta(minutes=6))
        with pytest.raises(CaseRefused, match="five minutes"):
            edit_comment(case_id=case.pk, entry_id=made.pk, by=ana, text="Too late")
        assert CaseEntry.objects.get(comment=True).text == "Ask billing"


@pytest.mark.django_db
class TestHandling:
    def test_takes_assigns_snoozes_and_brings_back(
        self, case: Case, sign_in: SignIn, ana: User, mona: User
    ) -> None:
        browser, address = sign_in(ana), f"/exceptions/{case}/handle/"
        answer = browser.post(address, {"act": "take", "work": "all"})
        assert answer["Location"].startswith("/exceptions/work?")
        case.refresh_from_db()
        assert case.assignee == ana
        browser.post(address, {"act": "assign", "who": f"person:{mona.pk}"})
        browser.post(address, {"act": "snooze", "until": "worse"})
        case.refresh_from_db()
        assert (case.assignee, case.snoozed, case.snoozed_until) == (mona, True, None)
        assert 'id="wake"' in browser.get(f"/exceptions/{case}/").content.decode()
        browser.post(address, {"act": "wake"})
        case.refresh_from_db()
        assert not case.snoozed

    def test_leads_from_a_cause_to_a_preview(self, case: Case, sign_in: SignIn, ana: User) -> None:
        browser = sign_in(ana)
        page = browser.get(f"/exceptions/causes/{case.cause_key}/").content.decode()
        assert f'name="pick" value="{case.cause_key}"' in page
        answer = browser.post(
            "/exceptions/bulk",
            {"act": "snooze", "pick": case.cause_key, "until": "worse", "more_cases": "10"},
        )
        assert answer["Location"].startswith("/bulk/BLK-")
