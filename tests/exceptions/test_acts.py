from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection

from accounts.models import User
from accounts.queries import NotAllowed
from exceptions import kinds, operations
from exceptions.models import Case
from exceptions.operations import CaseRefused, comment, report, retry, retry_cause
from tests.cast import person
from tests.exceptions.kit import Calls, a_finding

AT = datetime(2026, 10, 31, 14, 0, tzinfo=UTC)


def a_held_case(identity: str = "CMD-1", **values: object) -> Case:
    finding = a_finding(identity, **values)
    report([finding], at=AT)
    return Case.objects.get(fingerprint=finding.fingerprint)


def a_case_in_doubt() -> Case:
    return a_held_case(kind="t_doubt", state="in_doubt", checks_at=AT)


@pytest.mark.django_db
class TestRetry:
    def test_runs_the_remedy_and_says_so_in_the_story(self, calls: Calls, ana: User) -> None:
        case = a_held_case()
        assert retry(case_id=case.pk, remedy="t_retry", by=ana) == (
            "It is sent again with the same key."
        )
        case.refresh_from_db()
        assert case.state == "retrying"
        assert calls.ran == [case.pk]
        entry = case.story.latest("pk")
        assert entry.text == "Retry: It is sent again with the same key."
        assert entry.by == ana

    def test_has_one_effect_when_pressed_twice(self, calls: Calls, ana: User) -> None:
        case = a_held_case()
        retry(case_id=case.pk, remedy="t_retry", by=ana)
        with pytest.raises(CaseRefused, match="retried already"):
            retry(case_id=case.pk, remedy="t_retry", by=ana)
        assert calls.ran == [case.pk]

    def test_refuses_a_case_that_is_resolved(self, calls: Calls, ana: User) -> None:
        case = a_held_case()
        operations.settle(fingerprints=[case.fingerprint], text="Posted.", at=AT)
        with pytest.raises(CaseRefused, match="resolved on 31 Oct 14:00 UTC"):
            retry(case_id=case.pk, remedy="t_retry", by=ana)
        assert calls.ran == []

    def test_never_sends_what_is_in_doubt(self, calls: Calls, ana: User) -> None:
        case = a_case_in_doubt()
        with pytest.raises(CaseRefused, match="never sent again unasked"):
            retry(case_id=case.pk, remedy="t_retry", by=ana)
        assert calls.ran == []

    def test_may_ask_about_what_is_in_doubt_again_and_again(self, calls: Calls, ana: User) -> None:
        case = a_case_in_doubt()
        retry(case_id=case.pk, remedy="t_check", by=ana)
        retry(case_id=case.pk, remedy="t_check", by=ana)
        case.refresh_from_db()
        assert case.state == "in_doubt"
        assert calls.ran == [case.pk, case.pk]

    def test_refuses_a_remedy_of_another_kind(self, calls: Calls, ana: User) -> None:
        case = a_held_case()
        with pytest.raises(CaseRefused, match="no remedy for this kind"):
            retry(case_id=case.pk, remedy="t_check", by=ana)

    def test_passes_on_why_a_remedy_does_not_allow_it(self, calls: Calls, ana: User) -> None:
        case = a_held_case(at_stake=10**9)
        with pytest.raises(CaseRefused, match="over a million"):
            retry(case_id=case.pk, remedy="t_retry", by=ana)

    def test_changes_nothing_when_the_remedy_refuses(self, calls: Calls, ana: User) -> None:
        case = a_held_case()
        calls.refuses = {case.pk}
        with pytest.raises(CaseRefused, match="The target says no"):
            retry(case_id=case.pk, remedy="t_retry", by=ana)
        case.refresh_from_db()
        assert case.state == "open"
        assert case.story.count() == 1

    @pytest.mark.parametrize("name", ["otis", "sue", "adam", "rae"])
    def test_is_refused_to_whoever_may_not(self, calls: Calls, name: str) -> None:
        case = a_held_case()
        with pytest.raises(NotAllowed, match="Finance analyst"):
            retry(case_id=case.pk, remedy="t_retry", by=person(name))
        assert calls.ran == []

    def test_knows_no_remedy_that_nobody_declared(self, calls: Calls, ana: User) -> None:
        with pytest.raises(kinds.RemedyUnknown):
            retry(case_id=1, remedy="magic", by=ana)


@pytest.mark.django_db
class TestRetryCause:
    def test_takes_every_open_case_and_says_who_was_left_out(self, calls: Calls, ana: User) -> None:
        cases = [a_held_case(f"CMD-{number}") for number in range(4)]
        big = a_held_case("CMD-big", at_stake=10**9)
        operations.settle(fingerprints=[cases[0].fingerprint], text="Posted.", at=AT)
        outcome = retry_cause(cause_key=big.cause_key, remedy="t_retry", by=ana)
        assert outcome.done == 3
        assert outcome.refused == {"It is over a million.": 1}
        assert "3 sent on their way." in outcome.sentence
        assert Case.objects.filter(state="retrying").count() == 3

    def test_has_one_effect_when_pressed_twice(self, calls: Calls, ana: User) -> None:
        cases = [a_held_case(f"CMD-{number}") for number in range(3)]
        retry_cause(cause_key=cases[0].cause_key, remedy="t_retry", by=ana)
        again = retry_cause(cause_key=cases[0].cause_key, remedy="t_retry", by=ana)
        assert again.done == 0
        assert again.refused == {"It is being retried already.": 3}
        assert sorted(calls.ran) == sorted(case.pk for case in cases)

    def test_goes_in_portions_through_a_large_cause(
        self, calls: Calls, ana: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("exceptions.operations.acts._CHUNK", 2)
        cases = [a_held_case(f"CMD-{number}") for number in range(5)]
        outcome = retry_cause(cause_key=cases[0].cause_key, remedy="t_bulk", by=ana)
        assert outcome.done == 5
        assert calls.batches == [2, 2, 1]

    def test_goes_on_when_one_case_refuses(self, calls: Calls, ana: User) -> None:
        cases = [a_held_case(f"CMD-{number}") for number in range(3)]
        calls.refuses = {cases[1].pk}
        outcome = retry_cause(cause_key=cases[0].cause_key, remedy="t_retry", by=ana)
        assert outcome.done == 2
        assert outcome.refused == {"The target says no.": 1}
        cases[1].refresh_from_db()
        assert cases[1].state == "open"

    def test_leaves_the_cases_of_other_causes_alone(self, calls: Calls, ana: User) -> None:
        case = a_held_case()
        other = a_held_case("CMD-2", cause_parts="else")
        retry_cause(cause_key=case.cause_key, remedy="t_retry", by=ana)
        other.refresh_from_db()
        assert other.state == "open"

    def test_is_refused_to_an_outsider(self, calls: Calls, otis: User) -> None:
        case = a_held_case()
        with pytest.raises(NotAllowed):
            retry_cause(cause_key=case.cause_key, remedy="t_retry", by=otis)


@pytest.mark.django_db(transaction=True)
class TestTwoPeople:
    def test_pressing_at_once_have_one_effect(self, calls: Calls) -> None:
        people = [person("ana"), person("mona")]
        case = a_held_case()
        start, told = threading.Barrier(2), []

        def press(by: User) -> None:
            try:
                start.wait(10)
                told.append(retry(case_id=case.pk, remedy="t_retry", by=by))
            except CaseRefused as refusal:
                told.append(str(refusal))
            finally:
                connection.close()

        pressing = [threading.Thread(target=press, args=(by,)) for by in people]
        for thread in pressing:
            thread.start()
        for thread in pressing:
            thread.join(30)
        refusal, done = sorted(told)
        assert done == "It is sent again with the same key."
        assert refusal.startswith("It is being retried already. ")
        assert any(f" {person.name} asked for that at " in refusal for person in people)
        assert calls.ran == [case.pk]


@pytest.mark.django_db
class TestComment:
    def test_is_kept_with_its_author_and_apart_from_the_story(
        self, calls: Calls, mona: User
    ) -> None:
        case = a_held_case()
        comment(case_id=case.pk, by=mona, text="  The customer called.  ")
        entry = case.story.get(comment=True)
        assert (entry.text, entry.by) == ("The customer called.", mona)

    @pytest.mark.parametrize(
        ("text", "reason"), [("   ", "something first"), ("x" * 5000, "4,000")]
    )
    def test_refuses_nothing_and_too_much(
        self, calls: Calls, mona: User, text: str, reason: str
    ) -> None:
        case = a_held_case()
        with pytest.raises(CaseRefused, match=reason):
            comment(case_id=case.pk, by=mona, text=text)

    def test_is_refused_to_an_auditor(self, calls: Calls, rae: User) -> None:
        case = a_held_case()
        with pytest.raises(NotAllowed):
            comment(case_id=case.pk, by=rae, text="Hello")
