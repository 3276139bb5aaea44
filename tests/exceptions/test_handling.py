"""Who has a case, when it comes back, what came up again, and what is done to many at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.queries import NotAllowed
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from approvals.proof import Proof
from exceptions import operations
from exceptions.models import Case, SavedView
from exceptions.operations import CaseRefused, report, settle
from exceptions.operations.waking import wake_due
from exceptions.queries.causes import page_of_causes
from exceptions.queries.selection import Selection
from exceptions.queries.totals import figures
from revops.jobs.models import Job
from revops.kernel import clock
from tests import factories
from tests.exceptions.kit import Calls, a_finding
from tests.jobs.test_running import run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("calls")]
HOUR = timedelta(hours=1)


def reported(identity: str, **values: Any) -> Case:
    at = values.pop("at", None) or clock.now()
    finding = a_finding(identity, **values)
    report([finding], at=at)
    return Case.objects.filter(fingerprint=finding.fingerprint).latest("pk")


def tabs(person: User | None = None) -> dict[str, int]:
    chosen = Selection(at=clock.now(), person=person.pk if person else None)
    return figures(chosen.looked_up()).by_tab


class TestAssigning:
    def test_makes_cases_somebodys_and_tells_it(self, ana: User) -> None:
        case, other = reported("a"), reported("b")
        before = operations.assign(case_ids=[case.pk], by=ana, assignee_id=ana.pk)
        assert before == {case.pk: {"assignee": None, "team": "Finance"}}
        assert tabs(ana)["mine"] == 1
        assert [entry.text for entry in case.story.all()][-1] == "Assigned to Ana Lima."
        other.refresh_from_db()
        assert other.assignee is None

    def test_is_refused_to_and_for_who_does_not_work_on_cases(self, ana: User, sue: User) -> None:
        case = reported("a")
        with pytest.raises(NotAllowed):
            operations.assign(case_ids=[case.pk], by=sue, assignee_id=sue.pk)
        with pytest.raises(CaseRefused):
            operations.assign(case_ids=[case.pk], by=ana, assignee_id=sue.pk)


class TestSnoozing:
    def test_hides_a_case_from_every_tab_but_its_own(self, ana: User) -> None:
        case = reported("a")
        reported("b")
        operations.snooze(case_ids=[case.pk], by=ana, until=clock.now() + HOUR)
        assert (tabs()[""], tabs()["snoozed"]) == (1, 1)
        shown = Selection(at=clock.now(), status="snoozed").looked_up()
        assert [one.pk for one in shown.cases()] == [case.pk]
        assert figures(shown).shown.cases == 1

    def test_ends_when_its_time_has_come(self, ana: User) -> None:
        case = reported("a")
        until = clock.now() + HOUR
        operations.snooze(case_ids=[case.pk], by=ana, until=until)
        assert wake_due(at=until - HOUR / 2) == 0
        assert wake_due(at=until) == 1
        assert tabs()["snoozed"] == 0

    def test_ends_when_more_money_is_at_stake(self, ana: User) -> None:
        case = reported("a", at_stake=100)
        operations.snooze(case_ids=[case.pk], by=ana, until=None)
        reported("a", at_stake=100)
        assert tabs()["snoozed"] == 1
        reported("a", at_stake=101)
        assert tabs()["snoozed"] == 0

    def test_of_a_cause_takes_new_cases_along_until_there_are_too_many(self, ana: User) -> None:
        case = reported("a")
        operations.snooze(case_ids=[case.pk], by=ana, until=None)
        operations.snooze_causes(
            keys=[case.cause_key], by=ana, until=None, more_cases=2, more_percent=None
        )
        reported("b")
        assert (tabs()[""], tabs()["snoozed"]) == (0, 2)
        reported("c")
        assert (tabs()[""], tabs()["snoozed"]) == (3, 0)

    def test_of_a_cause_ends_when_its_money_has_grown(self, ana: User) -> None:
        case = reported("a", at_stake=1_000)
        operations.snooze(case_ids=[case.pk], by=ana, until=None)
        operations.snooze_causes(
            keys=[case.cause_key], by=ana, until=None, more_cases=None, more_percent=25
        )
        reported("b", at_stake=249)
        assert tabs()["snoozed"] == 2
        reported("c", at_stake=1)
        assert tabs()["snoozed"] == 0


class TestComingBack:
    def test_after_its_cause_was_settled_is_a_regression(self) -> None:
        case = reported("a")
        reported("b")
        settle(fingerprints=[case.fingerprint], text="Mended.", at=clock.now())
        reported("a")
        assert tabs()["regressed"] == 0, "another case of the cause was still open"
        for one in Case.objects.exclude(state="resolved"):
            settle(fingerprints=[one.fingerprint], text="Mended.", at=clock.now())
        reported("c")
        reported("d")
        assert tabs()["regressed"] == 2
        chosen = Selection(at=clock.now(), status="regressed").looked_up()
        (row,) = page_of_causes(chosen).rows
        assert row.status == "regressed"


class TestEscalating:
    def test_is_what_is_past_its_due_time(self) -> None:
        reported("a", at=clock.now() - timedelta(days=3))
        reported("b", cause_parts="other")
        assert tabs()["escalating"] == 1

    def test_is_what_doubled_within_a_day(self) -> None:
        now = clock.now()
        for number in range(5):
            reported(f"old-{number}", kind="t_slow", at=now - timedelta(days=2))
        for number in range(4):
            reported(f"new-{number}", kind="t_slow", at=now - HOUR)
        assert tabs()["escalating"] == 0
        reported("new-5", kind="t_slow", at=now - HOUR)
        assert tabs()["escalating"] == 10


class TestBlocking:
    def test_is_a_period_that_is_closed_or_ends_within_three_days(self) -> None:
        entity = factories.a_legal_entity("US")
        ends = clock.now().date()
        factories.a_period(entity, year=2001, month=1, state="closed")
        factories.a_period(entity, year=ends.year + 3, month=1)
        reported("a", legal_entity_id=entity.pk, period_code="2001-01")
        reported("b", legal_entity_id=entity.pk, period_code=f"{ends.year + 3}-01")
        assert tabs()["blocks"] == 1
        chosen = Selection(at=clock.now(), status="blocks").looked_up()
        assert figures(chosen).shown.cases == chosen.cases().count() == 1


class TestBulk:
    def drafted(self, client: Client, query: str = "", **form: object) -> Job:
        answer = client.post(f"/exceptions/bulk{query}", form)
        assert answer.status_code == 302, answer.content
        return Job.objects.latest("pk")

    def started(self, client: Client, job: Job) -> Job:
        client.post(f"/bulk/BLK-{job.pk}/start", {"reason": "The period is open again."})
        return run(job)

    def test_s2_of_all_that_match_holds_what_the_filter_shows(
        self, client: Client, ana: User
    ) -> None:
        client.force_login(ana)
        wanted = {reported(f"w-{n}", connection_slug="books").pk for n in range(3)}
        reported("other", connection_slug="elsewhere")
        factories.a_connection("books", "tryton")
        job = self.drafted(client, "?group=case&system=books", scope="filter", act="retry")
        assert set(job.items.values_list("subject_id", flat=True)) == wanted
        assert "System: Books" in job.scope_text

    def test_s1_of_ticked_causes_holds_their_cases(self, client: Client, ana: User) -> None:
        client.force_login(ana)
        case, twin = reported("a"), reported("b")
        reported("c", cause_parts="other")
        job = self.drafted(client, pick=[case.cause_key], act="assign", who="me")
        assert set(job.items.values_list("subject_id", flat=True)) == {case.pk, twin.pk}

    def test_s3_retries_each_once_and_says_who_was_left_out(
        self, client: Client, ana: User, calls: Calls
    ) -> None:
        client.force_login(ana)
        able, dear = reported("a"), reported("b", at_stake=200_000_000)
        doubt = reported("c", kind="t_doubt", state="in_doubt")
        job = self.drafted(client, scope="filter", act="retry")
        page = client.get(f"/bulk/BLK-{job.pk}/").content.decode()
        assert "Run on 3 cases" in page
        assert self.started(client, job).state == "done"
        self.started(client, job)
        assert sorted(calls.ran) == sorted([able.pk, dear.pk, doubt.pk])

    def test_assigns_and_takes_it_back(self, client: Client, ana: User, rob: User) -> None:
        client.force_login(ana)
        case, had = reported("a"), reported("b")
        operations.assign(case_ids=[had.pk], by=ana, assignee_id=rob.pk)
        job = self.started(
            client, self.drafted(client, scope="filter", act="assign", who=f"person:{ana.pk}")
        )
        assert tabs(ana)["mine"] == 2
        client.post(f"/bulk/BLK-{job.pk}/undo/")
        run(Job.objects.latest("pk"))
        case.refresh_from_db()
        had.refresh_from_db()
        assert (case.assignee, had.assignee) == (None, rob)

    def test_snoozes_and_takes_it_back(self, client: Client, ana: User) -> None:
        client.force_login(ana)
        reported("a")
        job = self.started(client, self.drafted(client, scope="filter", act="snooze", until="1d"))
        assert tabs()["snoozed"] == 1
        client.post(f"/bulk/BLK-{job.pk}/undo/")
        run(Job.objects.latest("pk"))
        assert tabs()["snoozed"] == 0

    def test_closes_without_a_fix_only_after_somebody_elses_yes(
        self, client: Client, ana: User, mona: User
    ) -> None:
        client.force_login(ana)
        entity = factories.a_legal_entity("US-INC")
        case = reported("a", legal_entity_id=entity.pk)
        job = self.started(client, self.drafted(client, scope="filter", act="resolve"))
        assert job.state == "waiting"
        asked = ApprovalRequest.objects.get(subject="cases_close")
        approvals.decide(
            request_id=asked.pk, by=mona, verdict="approve", seen=asked.sha256,
            proof=Proof(mona.pk, clock.now()),
        )  # fmt: skip
        assert run(job).state == "done"
        case.refresh_from_db()
        assert case.state == "resolved"
        assert f"BLK-{job.pk}" in case.resolution

    def test_takes_the_ticked_row_on_oneself_at_once(self, client: Client, ana: User) -> None:
        client.force_login(ana)
        case = reported("a")
        client.post("/exceptions/take?group=case", {"pick": case.pk})
        assert tabs(ana)["mine"] == 1


class TestWorking:
    def test_opens_the_oldest_of_the_dearest_and_skips_what_others_have(
        self, client: Client, ana: User, rob: User
    ) -> None:
        client.force_login(ana)
        now = clock.now()
        cheap = reported("cheap", cause_parts="cheap", at_stake=1)
        first = reported("first", at_stake=500_000, at=now - HOUR)
        taken = reported("taken", at_stake=500_000, at=now - 2 * HOUR)
        operations.assign(case_ids=[taken.pk], by=rob, assignee_id=rob.pk)
        answer = client.get("/exceptions/work")
        assert answer["Location"] == f"/exceptions/EXC-{first.pk}/?work=all"
        answer = client.get(f"/exceptions/work?skip={first.pk}")
        assert f"EXC-{cheap.pk}/" in answer["Location"]

    def test_goes_on_after_a_decision(self, client: Client, ana: User) -> None:
        client.force_login(ana)
        case = reported("a")
        answer = client.post(f"/exceptions/EXC-{case.pk}/t_retry/", {"work": "sort=money"})
        assert answer["Location"] == f"/exceptions/work?sort=money&skip={case.pk}"


class TestViews:
    def test_are_saved_opened_and_known_to_have_changed(
        self, client: Client, ana: User, rob: User
    ) -> None:
        client.force_login(ana)
        reported("a")
        form = {"name": "Dear ones", "query": "sort=money&kind=t_held", "shared": "yes"}
        answer = client.post("/exceptions/views/save", form)
        assert answer["Location"] == "/exceptions/?view=dear-ones"
        page = client.get("/exceptions/?view=dear-ones").content.decode()
        assert "View changed" not in page
        assert "Kind: Held back" in page
        changed = client.get("/exceptions/?view=dear-ones&sort=cases").content.decode()
        assert "View changed" in changed
        client.force_login(rob)
        assert "shared by Ana Lima" in client.get("/exceptions/").content.decode()
        client.post("/exceptions/views/delete", {"slug": "dear-ones"})
        assert SavedView.objects.exists()


class TestArrivals:
    def test_are_counted_since_the_list_was_read(self, client: Client, ana: User) -> None:
        client.force_login(ana)
        since = clock.now().timestamp()
        address = f"/exceptions/arrivals?since={since}"
        assert "new, show" not in client.get(address).content.decode()
        reported("a")
        assert "1 new, show" in client.get(address).content.decode()
