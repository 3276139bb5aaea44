"""Replaying: seen truly beforehand, never booked twice, and many only with somebody else's yes."""

from __future__ import annotations

import html
import json
import random
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.authority import NotAllowed
from accounts.models import User
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from approvals.operations import ApprovalRefused
from approvals.proof import Proof
from exceptions.models import Case
from revops.audit.models import Event as Act
from revops.contracts.examples import EXAMPLES
from revops.contracts.export import generated
from revops.delivery.models import Gate, OutboundCommand
from revops.events.models import BusinessEvent, InboundEvent
from revops.jobs import operations as jobs
from revops.jobs.models import Job
from revops.kernel import clock
from revops.ledger.models import JournalEntry, RevenueSchedule
from revops.mappings.models import LegalEntity, MappingVersion, SkuMap
from revops.pipeline.normalize import API_TYPE
from revops.pipeline.replay import limits
from revops.pipeline.replay.chosen import Chosen
from revops.pipeline.replay.contract import rehearse
from revops.pipeline.replay.kind import SLUG
from revops.pipeline.replay.limits import ALONE
from revops.pipeline.replay.rehearse import Pile, dry_run
from tests.factories import a_case, a_connection, a_meaning, an_event
from tests.pipeline.rehearsal import Rehearsal

WHY = "The mapping was mended"


def every() -> list[int]:
    return list(InboundEvent.objects.order_by("pk").values_list("pk", flat=True))


def replayed(ids: Iterable[int], by: User) -> Job:
    """Drafted, started and done."""
    job = jobs.draft(kind=SLUG, ids=ids, by=by, rate=60_000)
    jobs.start(job_id=job.pk, by=by, reason=WHY)
    while jobs.advance():
        pass
    job.refresh_from_db()
    return job


def decided(asked: ApprovalRequest, by: User, verdict: str) -> None:
    approvals.decide(
        request_id=asked.pk, verdict=verdict, by=by, seen=asked.sha256, reason=WHY,
        proof=Proof(by.pk, clock.now()),
    )  # fmt: skip


def books() -> tuple[object, ...]:
    """All that a replay must leave as it is."""
    return (
        sorted(JournalEntry.objects.values_list("pk", "content_sha256")),
        sorted(RevenueSchedule.objects.values_list("pk", "total", "stopped_on")),
        sorted(OutboundCommand.objects.values_list("pk", "key", "payload_sha256", "state")),
        sorted(BusinessEvent.objects.exclude(inbound=None).values_list("pk", "contract")),
    )


def unmapped(line: Rehearsal) -> tuple[Case, list[SkuMap]]:
    """An invoice that could not be booked, and the maps that were missing."""
    found = SkuMap.objects.filter(sku="price_team_yearly")
    held = list(found)
    found.delete()
    MappingVersion.objects.create(note="without the plan", made_by="test")
    line.subscribe(pays=True)
    line.deliver()
    line.run()
    (case,) = line.open_cases()
    return case, held


class TestTheDryRun:
    def test_says_create_before_and_skip_after_and_writes_nothing(self, line: Rehearsal) -> None:
        line.subscribe(pays=True)
        line.deliver()
        before = dry_run(every())
        assert before.counts[Pile.CREATE] > 0
        assert not before.counts[Pile.FAIL]
        assert not JournalEntry.objects.exists()
        line.run()
        held = books()
        after = dry_run(every())
        assert after.counts == {pile: len(every()) * (pile is Pile.SKIP) for pile in Pile}
        assert not after.journals
        assert books() == held

    def test_says_what_fails_next_and_what_a_mend_would_book(self, line: Rehearsal) -> None:
        case, held = unmapped(line)
        chosen = list(Chosen(case=case.pk).events().values_list("pk", flat=True))
        assert chosen == [case.inbound_id]
        assert dry_run(chosen).fails == [("mapping_missing", case.cause, 1)]
        SkuMap.objects.bulk_create(held)
        mended = dry_run(chosen)
        assert mended.counts[Pile.CREATE] == 1
        assert {leg.account for leg, _ in mended.journals} >= {"1100", "2300"}


class TestAReplay:
    def test_books_what_could_not_be_booked_once_and_settles_its_case(
        self, line: Rehearsal, rob: User
    ) -> None:
        case, held = unmapped(line)
        SkuMap.objects.bulk_create(held)
        MappingVersion.objects.create(note="with the plan", made_by="test")
        job = replayed(Chosen(case=case.pk).events().values_list("pk", flat=True), rob)
        assert job.state == "done"
        line.settle()
        case.refresh_from_db()
        assert case.state == "resolved"
        assert JournalEntry.objects.filter(document_type="invoice").count() == 1
        line.assert_books_agree()

    def test_of_any_events_any_number_of_times_leaves_the_books_as_they_are(
        self, line: Rehearsal, rob: User
    ) -> None:
        line.subscribe(pays=True)
        invoice = line.subscribe()
        line.stripe.void(invoice)
        line.deliver()
        line.poll()
        line.settle()
        held, moves = books(), line.moves()
        chance = random.Random(8_920)
        ids = every()
        for _ in range(5):
            some = chance.sample(ids, chance.randint(1, len(ids)))
            for _ in range(chance.randint(1, 3)):
                replayed(some[:ALONE], rob)
                if chance.random() < 0.5:
                    line.advance()  # sometimes the next one comes before the line is through
            line.settle()
            assert books() == held
        assert line.moves() == moves
        assert not line.open_cases()
        line.assert_books_agree()


@pytest.mark.django_db
class TestTheJob:
    def test_leaves_out_what_is_on_its_way_and_what_is_gone(self, rob: User) -> None:
        waits = an_event(state="received")
        gone = an_event(state="processed", body=b"")
        dead = an_event(state="quarantined")
        job = replayed([waits.pk, gone.pk, dead.pk], rob)
        told = {item.subject_id: (item.state, item.outcome) for item in job.items.all()}
        assert told[waits.pk] == ("excluded", "It is on its way through the line already.")
        assert told[gone.pk] == ("excluded", "Its payload was deleted when its time was over.")
        assert told[dead.pk][0] == "done"
        dead.refresh_from_db()
        assert dead.state == "received"

    def test_of_many_waits_for_somebody_elses_yes(self, rob: User, ana: User, mona: User) -> None:
        ids = [an_event(state="quarantined").pk for _ in range(ALONE + 1)]
        job = replayed(ids, rob)
        assert job.state == "waiting"
        assert not InboundEvent.objects.filter(state="received").exists()
        asked = ApprovalRequest.objects.get(subject="events_replay")
        for nobody in (rob, ana):
            with pytest.raises((NotAllowed, ApprovalRefused)):
                decided(asked, nobody, "approve")
        decided(asked, mona, "approve")
        while jobs.advance():
            pass
        assert InboundEvent.objects.filter(state="received").count() == ALONE + 1

    def test_of_much_money_waits_as_well_but_one_event_never(
        self, line: Rehearsal, rob: User
    ) -> None:
        """What counts is what the open cases of its events have at stake, in the entity's money."""
        books = {"legal_entity": LegalEntity.objects.get(code="US-INC"), "currency": "USD"}
        events = [an_event(state="quarantined") for _ in range(4)]
        for event, minor in zip(events, (600_000, 400_000, 1, 9_000_000), strict=True):
            a_case(inbound=event, command=None, at_stake=minor, **books)
        assert replayed([events[0].pk, events[1].pk], rob).state == "done"
        assert replayed([events[3].pk], rob).state == "done"
        InboundEvent.objects.update(state="quarantined")
        job = replayed([one.pk for one in events[:3]], rob)
        assert job.state == "waiting"
        assert job.note.startswith("More than USD 10,000 at stake in US-INC.")
        asked = ApprovalRequest.objects.get(subject="events_replay")
        assert (asked.amount, asked.currency, asked.entity) == (1_000_001, "USD", "US-INC")

    def test_leaves_most_of_a_targets_rate_to_others(self, line: Rehearsal, rob: User) -> None:
        Gate.objects.update(rate=1)
        ids = [an_event(state="quarantined").pk for _ in range(10)]
        job = jobs.draft(kind=SLUG, ids=ids, by=rob, rate=6_000)
        jobs.start(job_id=job.pk, by=rob, reason=WHY)
        assert jobs.advance()
        # 30 % of 60 a minute are 18, of which ten seconds' worth is given back at once.
        assert InboundEvent.objects.filter(state="received").count() == 3
        job.refresh_from_db()
        assert job.due_at is not None
        assert job.due_at - clock.now() > timedelta(seconds=8)
        (budget,) = limits.budget(ids, {})
        assert (budget.calls, budget.available, budget.minutes) == (10, 18, 1)

    def test_is_dropped_when_the_answer_is_no(self, rob: User, mona: User) -> None:
        job = replayed([an_event(state="poison").pk for _ in range(ALONE + 1)], rob)
        asked = ApprovalRequest.objects.get(subject="events_replay")
        decided(asked, mona, "reject")
        job.refresh_from_db()
        assert job.state == "stopped"
        assert not InboundEvent.objects.filter(state="received").exists()

    def test_is_an_act_with_its_reason(self, rob: User) -> None:
        job = replayed([an_event(state="ignored").pk], rob)
        act = Act.objects.get(action="jobs.start")
        assert act.reference == str(job)


@pytest.mark.django_db
class TestThePage:
    def test_leads_from_a_choice_over_its_dry_run_to_a_job(self, client: Client, rob: User) -> None:
        client.force_login(rob)
        elsewhere = an_event(a_connection("crm", "salesforce"), state="ignored")
        dead = an_event(state="quarantined", body=b"[]")
        a_meaning(dead)
        page = client.get("/events/replay/?show=dead")
        assert page.context["run"].counts[Pile.FAIL] == 1
        answer = client.post("/events/replay/draft?show=dead", {"order": "happened", "rate": "60"})
        job = Job.objects.get()
        assert answer["Location"] == f"/bulk/BLK-{job.pk}/"
        assert (job.rate, job.options) == (60, {"order": "happened"})
        assert [item.subject_id for item in job.items.all()] == [dead.pk]
        assert elsewhere.state == "ignored"

    def test_takes_nothing_where_nothing_was_chosen(self, client: Client, rob: User) -> None:
        client.force_login(rob)
        an_event(state="quarantined")
        assert client.get("/events/replay/").context["run"] is None
        assert client.post("/events/replay/draft").status_code == 422
        assert not Job.objects.exists()

    def test_takes_the_events_in_the_order_that_was_asked_for(
        self, client: Client, rob: User
    ) -> None:
        client.force_login(rob)
        now = clock.now()
        later = an_event(state="poison", occurred_at=now)
        earlier = an_event(state="poison", occurred_at=now.replace(year=now.year - 1))
        client.post("/events/replay/draft?show=dead", {"order": "happened", "rate": "600"})
        places = Job.objects.get().items.order_by("position")
        assert [item.subject_id for item in places] == [earlier.pk, later.pk]

    def test_finds_the_event_of_a_case(self, client: Client, rob: User) -> None:
        client.force_login(rob)
        event = an_event(state="quarantined")
        an_event(state="quarantined")
        case = a_case(inbound=event, command=None)
        page = client.get(f"/events/replay/?case={case.pk}")
        assert list(page.context["run"].piles) == [event.pk]


CONTRACT = "price.updated/1"


def told_price(**changed: object) -> BusinessEvent:
    """A price that a system told of, raw and understood."""
    data = EXAMPLES[CONTRACT] | changed
    body = {"contract": CONTRACT, "occurred_at": "2026-11-01T00:00:00+00:00", "data": data}
    inbound = an_event(type=API_TYPE, state="processed", body=json.dumps(body).encode())
    return a_meaning(inbound, contract=CONTRACT, subject="price", data=json.dumps(data))


@pytest.mark.django_db
class TestTheRehearsalOfAContract:
    def test_says_which_events_would_fail_and_why(self) -> None:
        fine, short = told_price(label="Team plan"), told_price(label="x")
        schema = generated()[CONTRACT]
        schema["properties"]["label"]["minLength"] = 3
        found = rehearse(contract=CONTRACT, last=100, schema=schema)
        assert (found.looked_at, found.passed) == (2, 1)
        assert found.causes == [("label", "needs at least 3 characters", 1)]
        assert [one.inbound_id for one in found.failures] == [short.inbound_id]
        assert fine.inbound_id != short.inbound_id

    def test_reads_the_raw_events_again_where_no_schema_is_given(self) -> None:
        told_price()
        broken = told_price(unit_price="dear")
        InboundEvent.objects.filter(pk=told_price().inbound_id).update(body=b"")
        found = rehearse(contract=CONTRACT, last=100)
        assert (found.looked_at, found.skipped, found.failed) == (2, 1, 1)
        assert found.failures[0].inbound_id == broken.inbound_id
        assert found.causes[0][0] == "unit_price"

    def test_takes_only_the_newest(self) -> None:
        for _ in range(3):
            told_price()
        assert rehearse(contract=CONTRACT, last=2).looked_at == 2

    def test_is_a_page_that_keeps_what_was_typed(self, client: Client, rob: User) -> None:
        client.force_login(rob)
        told_price()
        asked = {"contract": CONTRACT, "last": "100"}
        page = client.post("/events/rehearsal/", asked | {"schema": '{"required": ["colour"]}'})
        assert page.context["found"].causes == [("colour", "is missing", 1)]
        for wrong in ("{", '{"oneOf": []}', "[]"):
            refused = client.post("/events/rehearsal/", asked | {"schema": wrong})
            assert refused.status_code == 422, wrong
            assert wrong in html.unescape(refused.content.decode())

    def test_is_a_command_that_ends_badly_when_any_would_fail(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        told_price()
        call_command("contract_rehearsal", CONTRACT)
        assert "1 events, 1 hold, 0 would fail" in capsys.readouterr().out
        proposed = tmp_path / "proposed.json"
        proposed.write_text('{"required": ["colour"]}', encoding="utf-8")
        with pytest.raises(SystemExit):
            call_command("contract_rehearsal", CONTRACT, "--schema", str(proposed))
        assert "1 × colour: is missing" in capsys.readouterr().out
        with pytest.raises(CommandError):
            call_command("contract_rehearsal", "nothing/1")
