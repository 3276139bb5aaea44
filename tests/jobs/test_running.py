"""Jobs: frozen when drafted, run once, in slices that hold whatever happens to a worker."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from accounts.models import Assignment, User
from accounts.queries import NotAllowed
from revops.audit.models import Event
from revops.jobs import operations, queries
from revops.jobs.models import Job, JobState
from revops.jobs.operations import JobRefused
from revops.kernel import clock
from tests.jobs.kit import Act, declared

pytestmark = pytest.mark.django_db
WHY = "They belong to somebody else."


@pytest.fixture
def act() -> Iterator[Act]:
    made = Act()
    with declared(made, batch=4):
        yield made


def a_draft(by: User, *ids: int) -> Job:
    return operations.draft(kind="t_act", ids=ids or range(1, 11), by=by, scope_text="All things")


def run(job: Job) -> Job:
    """Slice by slice, each when it is due."""
    at = clock.now()
    for _ in range(50):
        at += timedelta(minutes=1)
        if not operations.advance(at):
            break
    job.refresh_from_db()
    return job


class TestDraft:
    def test_holds_each_record_once_and_says_who_is_left_out(self, act: Act, ana: User) -> None:
        job = a_draft(ana, 3, 1, 7, 3)
        told = list(job.items.values_list("subject_id", "state", "outcome").order_by("position"))
        assert told == [
            (3, "pending", ""), (1, "pending", ""), (7, "excluded", "It ends in a seven.")
        ]  # fmt: skip
        assert job.entities == ["US-INC"]

    def test_changes_nothing_and_does_not_run_by_itself(self, act: Act, ana: User) -> None:
        job = a_draft(ana)
        assert not operations.advance()
        assert run(job).state == JobState.DRAFT
        assert act.ran == []

    def test_adds_up_by_entity_and_period_without_those_left_out(self, act: Act, ana: User) -> None:
        sums = queries.sums(a_draft(ana))
        assert (sums.whole.items, sums.whole.by_currency) == (9, {"USD": 900})
        assert [(part.name, part.items) for part in sums.periods] == [("2026-10", 9)]
        assert sums.excluded == [("It ends in a seven.", 1)]

    def test_is_refused_to_who_may_not_do_the_act(self, act: Act, sue: User) -> None:
        with pytest.raises(NotAllowed):
            a_draft(sue)


class TestStart:
    def test_pressed_twice_runs_once(self, act: Act, ana: User) -> None:
        job = a_draft(ana)
        operations.start(job_id=job.pk, by=ana, reason=WHY)
        run(job)
        operations.start(job_id=job.pk, by=ana, reason=WHY)
        assert run(job).state == JobState.DONE
        assert act.ran == [1, 2, 3, 4, 5, 6, 8, 9, 10]
        assert Event.objects.filter(action="jobs.start", reference=str(job)).count() == 1

    def test_wants_a_reason(self, act: Act, ana: User) -> None:
        job = a_draft(ana)
        with pytest.raises(JobRefused, match="Say why"):
            operations.start(job_id=job.pk, by=ana, reason=" ")

    def test_is_its_makers(self, act: Act, ana: User, mona: User) -> None:
        job = a_draft(ana)
        with pytest.raises(JobRefused, match="Ana"):
            operations.start(job_id=job.pk, by=mona, reason=WHY)

    def test_of_nothing_is_refused(self, act: Act, ana: User) -> None:
        job = a_draft(ana, 7, 17)
        with pytest.raises(JobRefused, match="Nothing"):
            operations.start(job_id=job.pk, by=ana, reason=WHY)


class TestAdvance:
    def test_works_in_slices_and_keeps_what_each_said(self, act: Act, ana: User) -> None:
        act.refuses = {2}
        job = a_draft(ana)
        operations.start(job_id=job.pk, by=ana, reason=WHY)
        assert run(job).state == JobState.DONE
        assert act.slices == [4, 4, 1]
        assert queries.tally(job).by_state == {"done": 8, "failed": 1, "excluded": 1}
        assert job.items.get(subject_id=2).outcome == "It says no."

    def test_goes_on_beside_a_record_that_breaks(self, act: Act, ana: User) -> None:
        act.breaks = {3}
        job = a_draft(ana)
        operations.start(job_id=job.pk, by=ana, reason=WHY)
        run(job)
        assert "RuntimeError" in job.items.get(subject_id=3).outcome
        assert queries.tally(job).of("done") == 8

    def test_keeps_to_its_rate(self, act: Act, ana: User) -> None:
        job = a_draft(ana)
        Job.objects.filter(pk=job.pk).update(rate=6)
        operations.start(job_id=job.pk, by=ana, reason=WHY)
        at = clock.now()
        assert operations.advance(at)
        assert act.ran == [1]
        assert not operations.advance(at + timedelta(seconds=9))
        assert operations.advance(at + timedelta(seconds=11))

    def test_goes_on_after_a_worker_was_killed_between_claim_and_slice(
        self, act: Act, ana: User
    ) -> None:
        job = a_draft(ana)
        operations.start(job_id=job.pk, by=ana, reason=WHY)
        later = clock.now() + timedelta(seconds=60)
        Job.objects.filter(pk=job.pk).update(state="running", tries=1, due_at=later)
        assert not operations.advance(later - timedelta(seconds=1))
        assert run(job).state == JobState.DONE
        assert sorted(act.ran) == sorted(set(act.ran))

    def test_puts_aside_what_ends_its_worker_again_and_again(self, act: Act, ana: User) -> None:
        job = a_draft(ana)
        operations.start(job_id=job.pk, by=ana, reason=WHY)
        Job.objects.filter(pk=job.pk).update(state="running", tries=4)
        run(job)
        assert "ended its worker" in job.items.get(subject_id=1).outcome
        assert 1 not in act.ran
        assert queries.tally(job).of("done") == 8

    def test_stops_when_its_maker_lost_the_right(self, act: Act, ana: User) -> None:
        job = a_draft(ana)
        operations.start(job_id=job.pk, by=ana, reason=WHY)
        Assignment.objects.filter(user=ana).update(valid_to=clock.now())
        assert run(job).state == JobState.STOPPED
        assert act.ran == []

    def test_leaves_legal_entities_that_its_maker_lost(self, act: Act, ana: User) -> None:
        job = a_draft(ana)
        operations.start(job_id=job.pk, by=ana, reason=WHY)
        Assignment.objects.filter(user=ana).update(legal_entity="DE-GMBH")
        run(job)
        assert act.ran == []
        assert queries.tally(job).of("failed") == 9


class TestSteering:
    def test_stop_keeps_what_is_done_and_go_on_does_the_rest(self, act: Act, ana: User) -> None:
        job = a_draft(ana)
        operations.start(job_id=job.pk, by=ana, reason=WHY)
        operations.advance(clock.now() + timedelta(minutes=1))
        operations.stop(job_id=job.pk, by=ana)
        assert run(job).state == JobState.STOPPED
        assert queries.tally(job).of("pending") == 5
        operations.retry_failed(job_id=job.pk, by=ana)
        assert run(job).state == JobState.DONE
        assert act.ran == [1, 2, 3, 4, 5, 6, 8, 9, 10]

    def test_retry_does_only_what_failed(self, act: Act, ana: User) -> None:
        act.refuses = {2}
        job = a_draft(ana)
        operations.start(job_id=job.pk, by=ana, reason=WHY)
        run(job)
        act.ran, act.refuses = [], set()
        operations.retry_failed(job_id=job.pk, by=ana)
        assert run(job).state == JobState.DONE
        assert act.ran == [2]
        with pytest.raises(JobRefused, match="Nothing"):
            operations.retry_failed(job_id=job.pk, by=ana)

    def test_undo_takes_back_what_was_done_once(self, act: Act, ana: User) -> None:
        act.refuses = {2}
        job = a_draft(ana)
        operations.start(job_id=job.pk, by=ana, reason=WHY)
        run(job)
        back = operations.undo(job_id=job.pk, by=ana)
        assert operations.undo(job_id=job.pk, by=ana) == back
        assert run(back).state == JobState.DONE
        assert act.undone == [1, 3, 4, 5, 6, 8, 9, 10]
        assert queries.tally(job).by_state == {"undone": 8, "failed": 1, "excluded": 1}


class TestHold:
    def test_waits_for_a_yes(self, ana: User) -> None:
        act = Act()
        with declared(act, hold=lambda job, by: "A manager decides."):
            job = a_draft(ana)
            operations.start(job_id=job.pk, by=ana, reason=WHY)
            assert run(job).state == JobState.WAITING
            operations.release(job_id=job.pk)
            assert run(job).state == JobState.DONE

    def test_ends_with_a_no(self, ana: User) -> None:
        act = Act()
        with declared(act, hold=lambda job, by: "A manager decides."):
            job = a_draft(ana)
            operations.start(job_id=job.pk, by=ana, reason=WHY)
            operations.drop(job_id=job.pk, why="Refused by Mona.")
            assert run(job).state == JobState.STOPPED
            assert act.ran == []
