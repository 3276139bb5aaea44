from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from revops.console.connections.queries.feeds import describe as describe_feed
from revops.console.connections.queries.rows import one
from revops.delivery.gate import Breaker, GateRow
from revops.delivery.queries import CANNOT_SEND, Waiting, describe, health
from revops.events.models import SourceCursor
from revops.kernel import clock
from revops.store import sql
from tests.connections.kit import a_call, a_source, an_erp, stopped, waiting
from tests.factories import an_event

NOW = datetime(2026, 11, 20, 14, 2, 30, tzinfo=UTC)
SOON = NOW + timedelta(minutes=1)
PAST = NOW - timedelta(minutes=4)


def queue(*counts: int, due_at: datetime | None = None) -> list[Waiting]:
    return [Waiting("USD", "invoice", count, 100, PAST, due_at=due_at) for count in counts]


def told(
    waits: list[Waiting] | None = None, *, by: str = "Ines", why: str = "upgrade", **gate: Any
) -> tuple[str, str]:
    row = SimpleNamespace(paused_by=by, pause_reason=why)
    return describe(GateRow(**gate), NOW, row, waits or [])


class TestStateOfATarget:
    def test_is_healthy_when_nothing_waits(self) -> None:
        assert told() == ("healthy", "Everything is sent as it comes.")

    def test_counts_what_it_sends(self) -> None:
        assert told(queue(1)) == ("healthy", "Sending. 1 posting waits.")
        assert told(queue(1200, 3))[1] == "Sending. 1,203 postings wait."

    def test_is_stopped_until_the_next_trial(self) -> None:
        status, words = told(
            queue(96), breaker=Breaker.OPEN, retry_at=SOON, story="calls were not answered"
        )
        assert status == "stopped"
        assert words == (
            "Nothing is sent because calls were not answered. 96 postings wait. "
            "The next trial is at 14:03:30 UTC."
        )

    def test_says_that_a_trial_is_due(self) -> None:
        assert "The next trial is due now." in told(breaker=Breaker.OPEN, retry_at=PAST)[1]

    def test_is_signed_out_when_credentials_are_refused(self) -> None:
        story = "the credentials were not accepted"
        assert told(breaker=Breaker.OPEN, retry_at=SOON, story=story)[0] == "signed_out"

    def test_is_on_trial(self) -> None:
        assert told(breaker=Breaker.HALF_OPEN)[0] == "on_trial"

    def test_is_slowed_as_long_as_it_was_asked(self) -> None:
        assert told(not_before=SOON) == (
            "slowed", "It asked us to slow down until 14:03:30 UTC. Nothing waits.",
        )  # fmt: skip
        assert told(not_before=PAST)[0] == "healthy"

    def test_puts_what_people_decided_first(self) -> None:
        down = {"breaker": Breaker.OPEN, "retry_at": SOON}
        assert told(paused_at=PAST, **down)[0] == "paused"
        assert told(window_from=PAST, window_to=SOON, **down)[0] == "maintenance"
        assert told(paused_at=PAST, paused_until=PAST, **down)[0] == "stopped"
        assert told(window_from=SOON, window_to=SOON, **down)[0] == "stopped"

    @pytest.mark.parametrize("why", ["upgrade", "upgrade.", "upgrade. "])
    def test_ends_the_sentence_of_a_reason_once(self, why: str) -> None:
        assert told(paused_at=PAST, why=why)[1] == "Ines paused sending: upgrade. Nothing waits."

    def test_names_the_day_when_it_is_another(self) -> None:
        words = told(paused_at=PAST, paused_until=NOW + timedelta(days=1))[1]
        assert "until 2026-11-21 14:02 UTC" in words

    def test_tells_the_time_of_the_reader(self) -> None:
        with timezone.override("America/New_York"):
            assert "09:03:30 EST" in told(breaker=Breaker.OPEN, retry_at=SOON)[1]

    def test_recovers_in_the_open(self) -> None:
        assert told(queue(5), slow_start=4)[0] == "sending"
        assert told(slow_start=4)[0] == "healthy"
        assert told(failures=2)[0] == "at_risk"

    def test_is_late_when_nobody_sends_what_is_due(self) -> None:
        assert told(queue(2, due_at=PAST))[0] == "late"
        assert told(queue(2, due_at=NOW - timedelta(seconds=30)))[0] == "healthy"


@pytest.mark.django_db
class TestHealth:
    def test_sums_by_kind_and_currency_without_mixing(self) -> None:
        erp = an_erp()
        waiting(erp, 100)
        waiting(erp, 50, currency="EUR")
        waiting(erp, 900, state="unknown", settle_until=SOON)
        waiting(erp, 7_000, state="posted", external_id="12")
        waiting(an_erp("other"), 3)

        found = health([erp.pk])

        assert set(found) == {erp.pk}
        items = {item.currency: item for item in found[erp.pk].waiting}
        assert (items["USD"].count, items["USD"].amount) == (2, 1_000)
        assert (items["USD"].doubtful, items["USD"].doubtful_amount) == (1, 900)
        assert (items["EUR"].count, items["EUR"].amount, items["EUR"].doubtful) == (1, 50, 0)
        assert found[erp.pk].in_doubt == 1
        assert found[erp.pk].settles_at == SOON

    def test_counts_calls_of_each_connection(self) -> None:
        one, other = an_erp(), an_erp("other")
        for outcome in ("ok", "in_doubt", "throttled", "not_sent"):
            a_call(waiting(one), outcome)
        a_call(waiting(one), "ok", kind="read")
        a_call(waiting(other), "auth")

        found = health([one.pk, other.pk])

        mine, theirs = found[one.pk].calls, found[other.pk].calls
        assert (mine.sent, mine.failed, mine.asked, mine.capped) == (4, 2, 1, False)
        assert (theirs.sent, theirs.failed, theirs.asked) == (1, 1, 0)

    def test_knows_an_idle_connection(self) -> None:
        erp = an_erp(rate=3)
        found = health([erp.pk])[erp.pk]
        assert (found.waiting_count, found.oldest_at, found.calls.sent) == (0, None, 0)
        assert found.gate.rate == 3
        assert found.gate.breaker is Breaker.CLOSED

    def test_counts_what_cannot_be_sent_to(self) -> None:
        now = clock.now()
        an_erp("a", **stopped())
        an_erp("b", breaker="half_open")
        an_erp("c", **stopped(paused_at=now))
        an_erp("d", **stopped(paused_at=now, paused_until=now - timedelta(seconds=1)))
        an_erp("e", **stopped(window_from=now - timedelta(1), window_to=now + timedelta(1)))
        assert sql.one(CANNOT_SEND).count == 2


def feed(cursor: dict[str, Any] | None = None, *, missing: bool = False, **row: Any) -> Any:
    held = {"heard_at": NOW, "waiting": 0, "parked": 0, "aside": 0, "oldest_at": None}
    facts = SimpleNamespace(**(held | {"now": NOW, "due_at": None} | row))
    known = {"next_at": SOON, "polled_at": PAST, "found": 3} | (cursor or {})
    return describe_feed(facts, SourceCursor(**known), webhooks_missing=missing)


class TestStateOfASource:
    def test_is_healthy(self) -> None:
        assert feed() == ("healthy", "Events are taken as they come.")

    def test_says_why_polling_fails_and_since_when(self) -> None:
        status, words = feed({"problem": "Stripe answered 503"})
        assert status == "at_risk"
        assert "Stripe answered 503. The latest good poll was 4\xa0min ago." in words
        assert "It is tried again in 1\xa0min" in words

    def test_is_late_when_events_are_not_worked_on(self) -> None:
        status, words = feed(waiting=2, due_at=PAST, oldest_at=PAST)
        assert status == "late"
        assert "2 events are not worked on yet, the oldest for 4\xa0min." in words
        assert feed(waiting=2, due_at=NOW, oldest_at=NOW)[0] == "healthy"

    def test_is_late_when_nobody_polls(self) -> None:
        assert feed({"next_at": PAST})[0] == "late"

    def test_is_at_risk_when_webhooks_miss_events(self) -> None:
        assert feed(missing=True)[0] == "at_risk"

    def test_is_new_before_the_first_event(self) -> None:
        assert feed({"found": 0}, heard_at=None)[0] == "new"
        assert feed({"found": 5}, heard_at=None)[0] == "healthy"

    def test_tells_what_waits_and_what_was_put_aside(self) -> None:
        words = feed(parked=1, aside=4)[1]
        assert "1 event is waiting for another record." in words
        assert "4 events are put aside, each with a case." in words


@pytest.mark.django_db
class TestFeed:
    def test_counts_what_is_in_the_inbox(self) -> None:
        source = a_source()
        now = clock.now()
        an_event(source, received_at=now - timedelta(seconds=40))
        an_event(source, state="parked")
        an_event(source, state="quarantined")
        an_event(source, state="processed", received_at=now)
        an_event(a_source("other"))

        found = one("billing").feed

        assert found is not None
        assert (found.waiting, found.parked, found.aside) == (1, 1, 1)
        assert found.oldest_at == now - timedelta(seconds=40)
        assert found.heard_at == now
        assert found.fresh_at == now

    def test_is_as_fresh_as_its_poll_when_nothing_happens(self) -> None:
        polled = clock.now() - timedelta(minutes=2)
        a_source(polled_at=polled)
        found = one("billing").feed
        assert found is not None
        assert (found.heard_at, found.fresh_at) == (None, polled)
