"""“Tell me at 14:32”: one notice, when a case is settled or when its check is due."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import User
from exceptions.models import Case, Watch
from exceptions.operations import CaseRefused, report, settle, watching
from revops.kernel import clock
from revops.notices.models import Notice
from tests.conftest import SignIn
from tests.exceptions.kit import a_finding

pytestmark = pytest.mark.django_db


def doubtful(identity: str = "one") -> Case:
    at = clock.now()
    finding = a_finding(
        identity, kind="in_doubt", state="in_doubt", checks_at=at + timedelta(minutes=5)
    )
    report([finding], at=at)
    return Case.objects.get(fingerprint=finding.fingerprint)


class TestWatching:
    def test_tells_once_when_it_is_settled(self, ana: User, rob: User) -> None:
        case = doubtful()
        for by in (ana, ana, rob):
            watching.watch(case_id=case.pk, by=by)
        assert watching.tell_of_due(at=clock.now()) == 0
        settle(fingerprints=[case.fingerprint], text="The ERP holds it.", at=clock.now())
        told = list(Notice.objects.filter(kind="case_watched").order_by("recipient"))
        assert [one.recipient for one in told] == [ana, rob]
        assert told[0].title.startswith(f"{case} is settled")
        assert told[0].text == "The ERP holds it."
        assert watching.tell_of_due(at=clock.now() + timedelta(hours=1)) == 0
        with pytest.raises(CaseRefused, match="settled already"):
            watching.watch(case_id=case.pk, by=ana)

    def test_tells_once_when_it_is_due_and_not_settled(self, ana: User) -> None:
        case = doubtful()
        watching.watch(case_id=case.pk, by=ana)
        assert watching.tell_of_due(at=clock.now() + timedelta(minutes=6)) == 1
        assert Notice.objects.get().title.startswith(f"{case} is due")
        settle(fingerprints=[case.fingerprint], text="Posted.", at=clock.now())
        assert Notice.objects.count() == 1
        assert not Watch.objects.filter(told_at=None).exists()

    def test_is_asked_for_on_the_page_with_a_key(self, sign_in: SignIn, ana: User) -> None:
        case = doubtful()
        browser, address = sign_in(ana), f"/exceptions/EXC-{case.pk}/"
        assert 'data-key="w">Tell me at' in browser.get(address).content.decode()
        assert browser.post(f"{address}watch/")["Location"] == address
        page = browser.get(address).content.decode()
        assert "You are told when it is settled" in page
        assert 'id="watch"' not in page
