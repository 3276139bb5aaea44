"""What is sampled, against things that were counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from revops.delivery.decide import State
from revops.delivery.models import Attempt, AttemptKind
from revops.events.models import InboxState
from revops.kernel import clock
from revops.mappings.models import LegalEntity, PeriodState
from revops.measures.catalogue import MEASURES
from revops.measures.models import Sample
from revops.measures.operations.sampling import sample
from revops.measures.queries.page import read
from revops.measures.queries.samples import Sums, counted, series, total
from revops.measures.queries.standing import closed
from tests.factories import (
    a_case,
    a_command,
    a_journal,
    a_legal_entity,
    a_meaning,
    a_period,
    an_act,
    an_event,
    an_invoice,
)

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 18, 12, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def posting(
    entity: LegalEntity, *, came: datetime, seconds: int | None, **values: Any
) -> Any:  # fmt: skip
    """An event with its entry and command, posted so many seconds later or not yet."""
    inbound = an_event(received_at=came, state=InboxState.PROCESSED, processed_at=came)
    entry = a_journal(
        entity, business_event=a_meaning(inbound, legal_entity=entity.code),
        correlation_id=inbound.correlation_id,
    )  # fmt: skip
    ended = {} if seconds is None else {
        "state": State.POSTED.value, "external_id": f"m-{entry.pk}",
        "finished_at": came + timedelta(seconds=seconds),
    }  # fmt: skip
    return a_command(entry, **(ended | values))


def held(slug: str, *, at: datetime = NOON, entity: str = "") -> Sums:
    return total(series([slug], since=at - 48 * HOUR, step=HOUR, entity=entity)[slug])


class TestSample:
    def test_follows_postings_by_the_hour_in_which_their_event_came(self) -> None:
        us, uk = a_legal_entity("US-INC"), a_legal_entity("UK-LTD")
        posting(us, came=NOON - 10 * HOUR, seconds=4)
        posting(us, came=NOON - 10 * HOUR, seconds=280)
        posting(us, came=NOON - 10 * HOUR, seconds=None)
        posting(uk, came=NOON, seconds=7_000)
        posting(uk, came=NOON, seconds=None, state=State.CANCELLED.value)
        sample(at=NOON)
        mine = held("posting", entity="US-INC")
        assert (mine.count, mine.good, mine.open, mine.bad, mine.total) == (3, 2, 1, 0, 284)
        assert (mine.mean, mine.quantile(50), mine.quantile(95)) == (142, 5, 300)
        assert (held("posting").count, held("posting").quantile(100)) == (4, 7_200)

    def test_reads_an_old_hour_again_as_long_as_something_of_it_is_open(self) -> None:
        late = posting(a_legal_entity(), came=NOON - 60 * HOUR, seconds=None)
        sample(at=NOON)
        late.state, late.external_id = State.POSTED.value, "m-1"
        late.finished_at = NOON
        late.save()
        sample(at=NOON + HOUR / 4)
        assert Sample.objects.get(measure="posting").open == 1
        sample(at=NOON + HOUR)
        again = Sample.objects.get(measure="posting")
        assert (again.open, again.good, again.total) == (0, 1, 60 * 3_600)

    def test_counts_events_by_what_became_of_them(self) -> None:
        us = a_legal_entity("US-INC")
        for state in (InboxState.PROCESSED, InboxState.IGNORED, InboxState.PARKED):
            a_meaning(an_event(received_at=NOON, state=state), legal_entity="US-INC")
        an_event(received_at=NOON, state=InboxState.POISON, deliveries=4)
        sample(at=NOON)
        known = Sample.objects.get(measure="events", legal_entity=us)
        assert (known.count, known.good, known.open) == (3, 2, 1)
        unknown = Sample.objects.get(measure="events", legal_entity=None)
        assert (unknown.count, unknown.good, unknown.open) == (1, 0, 0)
        assert held("repeats").count == 3

    def test_counts_a_second_posting_that_a_question_prevented(self) -> None:
        us = a_legal_entity()
        asked = posting(us, came=NOON, seconds=90, attempts=1, fence=2)
        twice = posting(us, came=NOON, seconds=90, attempts=2, fence=2)
        for command, kinds in ((asked, ("send", "read")), (twice, ("send", "read", "send"))):
            for number, kind in enumerate(kinds, 1):
                Attempt.objects.create(
                    command=command, number=number, kind=AttemptKind(kind), fence=1,
                    intent_at=NOON, request_sha256="",
                )  # fmt: skip
        sample(at=NOON)
        assert held("doubles").count == 1

    def test_counts_cases_by_when_they_ended_and_by_their_age(self) -> None:
        us = a_legal_entity("US-INC")
        for hours in (2, 4):
            a_case(
                legal_entity=us, opened_at=NOON - hours * HOUR, resolved_at=NOON - HOUR,
                state="resolved",
            )  # fmt: skip
        for days in (0, 2, 5, 9):
            a_case(legal_entity=us, opened_at=NOON - timedelta(days=days, hours=1))
        sample(at=NOON)
        ended = held("cases", entity="US-INC")
        assert (ended.count, ended.mean) == (2, 2 * 3_600)
        standing = read(at=NOON).now["ageing"]
        assert standing.count == 4
        assert [sum(standing.spread[a:b]) for a, b in ((0, 18), (18, 20), (20, 22), (22, 25))] == [
            1, 1, 1, 1,
        ]  # fmt: skip

    def test_counts_what_people_gave_to_the_line_again(self) -> None:
        an_act(action="cases.retry", entity="US-INC")
        an_act(action="cases.replay")
        an_act(action="cases.comment")
        now = clock.now()
        sample(at=now)
        assert held("replays", at=now).count == 2

    def test_says_how_far_invoices_have_come_by_age(self) -> None:
        us, day = a_legal_entity("US-INC"), NOON.date()
        for age, applied in ((2, 0), (5, 10_000), (40, 10_000)):
            invoice = an_invoice(
                legal_entity=us, issued_on=day - timedelta(days=age), applied=applied
            )
            entry = a_journal(us, record_kind="invoice", record_id=invoice.pk)
            if age != 2:
                a_command(entry, state=State.POSTED.value, external_id=f"m-{age}")
        an_invoice(legal_entity=us, issued_on=day)
        sample(at=NOON)
        shown = read(at=NOON, entity="US-INC").now
        young, older = shown["age_7"], shown["age_60"]
        assert (young.count, young.open, young.total, young.good) == (3, 2, 1, 1)
        assert (older.count, older.open, older.total, older.good) == (1, 1, 1, 1)
        assert shown["age_30"].count == 0

    def test_twice_is_as_good_as_once(self) -> None:
        posting(a_legal_entity(), came=NOON, seconds=4)
        sample(at=NOON)
        before = list(Sample.objects.order_by("measure", "hour").values("measure", "count"))
        sample(at=NOON)
        assert before == list(Sample.objects.order_by("measure", "hour").values("measure", "count"))

    def test_forgets_what_is_no_longer_there(self) -> None:
        case = a_case(opened_at=NOON - HOUR, resolved_at=NOON, state="resolved")
        sample(at=NOON)
        assert held("cases").count == 1
        case.delete()
        sample(at=NOON)
        assert held("cases").count == 0

    def test_every_statement_can_be_read_from_empty_tables(self) -> None:
        sample(at=NOON)
        assert list(Sample.objects.values_list("measure", "count")) == [("ageing", 0)]
        assert len(MEASURES) == 12


class TestObjective:
    def test_counts_what_is_open_as_missed_once_its_time_is_over(self) -> None:
        us = a_legal_entity()
        posting(us, came=NOON - 3 * HOUR, seconds=200)
        posting(us, came=NOON - 3 * HOUR, seconds=400)
        posting(us, came=NOON - 3 * HOUR, seconds=None)
        posting(us, came=NOON, seconds=None)
        sample(at=NOON)
        hours = series(["posting"], since=NOON - 48 * HOUR, step=HOUR)["posting"]
        found = counted(hours, within_seconds=300, at=NOON, since=NOON - 48 * HOUR)
        assert (found.due, found.met) == (3, 1)


class TestClosing:
    def test_is_days_from_the_end_to_the_first_act(self, mona: User) -> None:
        us = a_legal_entity("US-INC", zone="UTC")
        today = clock.now().date()
        period = a_period(us, month=10, ends=today - timedelta(days=4), state=PeriodState.CLOSED)
        for _ in range(2):
            an_act(action="periods.close", kind="period", reference=f"US-INC {period.code}")
        found = closed(since=today - timedelta(days=30))
        assert [(one.entity, one.period, one.days) for one in found] == [("US-INC", period.code, 4)]
