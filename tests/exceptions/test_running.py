from __future__ import annotations

import pytest
from django.test import Client

from accounts.authority import NotAllowed
from accounts.models import User
from exceptions import kinds
from exceptions.models import Case, CaseState, PlaybookRun, RunState
from exceptions.operations import CaseRefused, report, running, settle
from exceptions.playbooks import RUN, every_playbook, parse
from exceptions.queries.runs import latest_run, records
from revops.kernel import clock
from tests.conftest import SignIn
from tests.exceptions.kit import Calls, a_finding

PAGE = """# A fault

It happened.

## How to fix it

1. Look at it.
2. Have it agreed. [approve]
3. Press **Retry**. [run t_retry]
"""


@pytest.fixture
def case(calls: Calls, db: None, monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.setattr(running, "playbook", lambda slug: parse("a_fault", PAGE))
    finding = a_finding()
    report([finding], at=clock.now())
    return Case.objects.get(fingerprint=finding.fingerprint)


def _take(
    case: Case, by: User, position: int, outcome: str = "done", note: str = ""
) -> PlaybookRun:
    return running.take(case_id=case.pk, position=position, outcome=outcome, note=note, by=by)


class TestRun:
    def test_goes_step_by_step_to_its_end(
        self, case: Case, calls: Calls, ana: User, mona: User, rob: User
    ) -> None:
        running.start(case_id=case.pk, by=ana)
        _take(case, ana, 1)
        with pytest.raises(NotAllowed):
            _take(case, rob, 2)
        with pytest.raises(CaseRefused, match="took no step before"):
            _take(case, ana, 2)
        _take(case, mona, 2)
        _take(case, ana, 3)
        assert calls.ran == [case.pk]
        with pytest.raises(CaseRefused, match="not resolved yet"):
            _take(case, ana, 4)
        settle(fingerprints=[case.fingerprint], text="Posted.", at=clock.now())
        assert _take(case, ana, 4).state == RunState.DONE
        shown = latest_run(case)
        assert shown is not None
        assert [one.taken.by for one in shown.steps if one.taken] == [ana, mona, ana, ana]
        record = records()["a_fault"]
        assert (record.runs, record.percent, record.version) == (1, 100, 1)
        assert record.usual

    def test_stops_at_a_refused_remedy_and_says_how_to_undo(
        self, case: Case, calls: Calls, ana: User, mona: User
    ) -> None:
        calls.refuses.add(case.pk)
        running.start(case_id=case.pk, by=ana)
        _take(case, ana, 1)
        _take(case, mona, 2)
        assert _take(case, ana, 3).state == RunState.STOPPED
        last = case.story.latest("pk")
        assert last.text.startswith("Playbook stopped at step 3: The target says no. Nothing was")
        case.refresh_from_db()
        assert case.state == CaseState.OPEN
        assert records()["a_fault"].percent == 0

    def test_wants_a_word_for_a_failed_step_and_takes_each_once(
        self, case: Case, ana: User, mona: User
    ) -> None:
        running.start(case_id=case.pk, by=ana)
        with pytest.raises(CaseRefused, match="already"):
            running.start(case_id=case.pk, by=mona)
        with pytest.raises(CaseRefused, match="what failed"):
            _take(case, ana, 1, "failed")
        _take(case, mona, 1, "skipped")
        with pytest.raises(CaseRefused, match="already"):
            _take(case, ana, 1)
        with pytest.raises(CaseRefused, match="took no step before"):
            _take(case, mona, 2)
        assert _take(case, mona, 2, "failed", "Nobody agrees").state == RunState.STOPPED

    def test_keeps_its_version_when_the_page_changes(
        self, case: Case, ana: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        running.start(case_id=case.pk, by=ana)
        _take(case, ana, 1, "failed", "Not there")
        monkeypatch.setattr(
            running, "playbook", lambda slug: parse("a_fault", PAGE.replace("Look", "Read"))
        )
        assert running.start(case_id=case.pk, by=ana).version.number == 2

    def test_is_begun_and_gone_on_with_on_the_page_of_the_case(
        self, case: Case, sign_in: SignIn, ana: User
    ) -> None:
        browser: Client = sign_in(ana)
        address = f"/exceptions/EXC-{case.pk}/playbook/"
        assert browser.post(address, {"act": "start"}).status_code == 302
        assert browser.post(address, {"act": "done", "position": "1"}).status_code == 302
        assert browser.post(address, {"act": "done", "position": "1"}).status_code == 409
        assert case.runs.get().taken.count() == 1


class TestPages:
    def test_press_only_remedies_of_a_kind_that_uses_them(self) -> None:
        offered: dict[str, set[str]] = {}
        for kind in kinds.all():
            offered.setdefault(kind.playbook, set()).update(kind.remedies)
        wrong = [
            f"{page.slug}: {slug}"
            for page in every_playbook()
            for step in page.plan
            if step.kind == RUN
            for slug in step.remedies
            if slug not in offered.get(page.slug, set())
        ]
        assert not wrong, "\n".join(wrong)

    def test_press_a_remedy_wherever_their_kind_has_one(self) -> None:
        run = {page.slug: {step.kind for step in page.plan} for page in every_playbook()}
        without = [
            kind.slug
            for kind in kinds.all()
            if kind.remedies and kind.playbook in run and RUN not in run[kind.playbook]
        ]
        assert not set(without) - {"mapping_missing", "event_conflict", "credit_not_issued",
                                   "credit_outdated"}, without  # fmt: skip
