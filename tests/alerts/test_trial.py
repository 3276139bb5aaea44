"""A trial decides as the worker does, over what is known, and says what is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from revops.alerts.deciding import Quiet, Terms
from revops.alerts.models import Alert, Rule, Sample
from revops.alerts.operations import watching
from revops.alerts.queries.trial import DAYS, trial
from revops.alerts.views.showing import shown
from revops.credits.models import ServiceCredit
from revops.kernel import correlation
from revops.mappings.models import LegalEntity
from tests.alerts.kit import MINUTE, NOON, a_rule, blocked
from tests.factories import a_legal_entity, a_period

pytestmark = pytest.mark.django_db
NOW: Final = NOON.replace(minute=0)
TERMS: Final = Terms("blocked_money", None, "USD", threshold=10_000, for_minutes=30)


def sampled(*values: int, entity: LegalEntity, since: datetime, **more: str) -> None:
    """A sample every five minutes."""
    given = {"currency": "USD", "period_code": ""} | more
    Sample.objects.bulk_create(
        Sample(measure="blocked_money", at=since + 5 * index * MINUTE, legal_entity=entity,
               value=value, **given)
        for index, value in enumerate(values)
    )  # fmt: skip


class TestTrial:
    def test_fires_where_the_worker_would_have(self) -> None:
        us, since = a_legal_entity("US-INC"), NOW - timedelta(days=2)
        sampled(0, *[20_000] * 12, 30_000, *[0] * 4, *[20_000] * 3, 0, entity=us, since=since)
        [firing] = trial(TERMS, quiet=None, at=NOW).firings
        assert firing.at == since + 35 * MINUTE
        assert firing.ended == since + 75 * MINUTE
        assert firing.worst == 30_000

    def test_agrees_with_what_the_worker_did(self, mona: User) -> None:
        a_rule(mona, for_minutes=10)
        for minute in range(0, 60, 5):
            if minute == 15:
                blocked()
            watching.look(at=NOW + minute * MINUTE)
        found = trial(replace(TERMS, for_minutes=10), quiet=None, at=NOW + 60 * MINUTE)
        assert [one.at for one in found.firings] == [Alert.objects.get().fired_at]

    def test_adds_up_legal_entities_and_tells_them_apart(self) -> None:
        us, uk, since = a_legal_entity("US-INC"), a_legal_entity("UK-LTD"), NOW - 60 * MINUTE
        for entity in (us, uk):
            sampled(*[6_000] * 12, entity=entity, since=since)
        assert trial(TERMS, quiet=None, at=NOW).times == 1
        assert trial(replace(TERMS, entity_id=us.pk), quiet=None, at=NOW).times == 0
        assert trial(replace(TERMS, currency="EUR"), quiet=None, at=NOW).times == 0

    def test_counts_periods_by_how_near_their_end_was_then(self) -> None:
        us = a_legal_entity("US-INC", zone="UTC")
        a_period(us, month=11, ends=NOW.date())
        for days in (1, 5):
            since = NOW - timedelta(days=days)
            sampled(*[20_000] * 12, entity=us, since=since, period_code="2026-11")
        firings = trial(replace(TERMS, closes_within=3), quiet=None, at=NOW).firings
        assert [one.at.date() for one in firings] == [NOW.date() - timedelta(days=1)]

    def test_does_not_count_time_that_nobody_measured(self) -> None:
        us = a_legal_entity("US-INC")
        sampled(*[20_000] * 4, entity=us, since=NOW - 300 * MINUTE)
        sampled(*[20_000] * 4, entity=us, since=NOW - 100 * MINUTE)
        found = trial(TERMS, quiet=None, at=NOW)
        assert (found.times, found.minutes) == (0, 40)

    def test_says_which_fall_into_quiet_hours(self) -> None:
        us = a_legal_entity("US-INC")
        sampled(*[20_000] * 12, entity=us, since=NOW - 60 * MINUTE)
        [firing] = trial(TERMS, quiet=Quiet(11, 12, "UTC"), at=NOW).firings
        assert firing.quiet

    def test_asks_the_database_as_often_for_a_long_history(self) -> None:
        us = a_legal_entity("US-INC")
        sampled(*[20_000] * 2_000, entity=us, since=NOW - timedelta(days=10))
        with CaptureQueriesContext(connection) as asked:
            trial(replace(TERMS, closes_within=3), quiet=None, at=NOW)
        assert len(asked) <= 3


class TestWhatWasBefore:
    def test_is_worked_out_from_when_cases_opened_and_closed(self) -> None:
        opened = NOW - timedelta(days=3)
        blocked(opened_at=opened, state="resolved", resolved_at=opened + timedelta(hours=2))
        found = trial(TERMS, quiet=None, at=NOW)
        [firing] = found.firings
        assert timedelta(minutes=30) <= firing.at - opened <= timedelta(minutes=40)
        assert firing.ended is not None
        assert timedelta(hours=2) <= firing.ended - opened <= timedelta(hours=2, minutes=15)
        assert found.worked_out == found.minutes == 3 * 24 * 60
        assert found.says.startswith("Before that it is worked out")

    def test_is_worked_out_for_periods_that_end_soon(self) -> None:
        us = a_legal_entity("US-INC", zone="UTC")
        a_period(us, month=11, ends=NOW.date() + timedelta(days=1))
        blocked(opened_at=NOW - timedelta(days=9), legal_entity=us)
        [firing] = trial(replace(TERMS, closes_within=3), quiet=None, at=NOW).firings
        assert firing.at.date() == NOW.date() - timedelta(days=2)

    def test_is_worked_out_from_when_credits_were_sent(self, sue: User) -> None:
        us, sent = a_legal_entity("US-INC"), NOW - timedelta(days=1)
        ServiceCredit.objects.create(
            state="withdrawn", legal_entity=us, currency="USD", amount=40_000, asked_by=sue,
            correlation_id=correlation.new_id(), created_at=sent, updated_at=sent, sent_at=sent,
            ended_at=sent + timedelta(hours=5),
        )  # fmt: skip
        terms = replace(TERMS, measure="waiting_credits")
        [firing] = trial(terms, quiet=None, at=NOW).firings
        assert firing.ended is not None

    def test_is_not_known_of_what_leaves_no_trace(self) -> None:
        found = trial(replace(TERMS, measure="systems_down", currency=""), quiet=None, at=NOW)
        assert (found.minutes, found.says) == (0, "")


class TestShowing:
    def test_says_how_often_and_how_much_is_known(self, mona: User) -> None:
        us = a_legal_entity("US-INC")
        sampled(*[20_000] * 12, entity=us, since=NOW - 60 * MINUTE)
        rule = Rule(measure="blocked_money", threshold=10_000, currency="USD", owner=mona)
        tried = shown(trial(TERMS, quiet=None, at=NOW), rule, "Money")
        assert tried.verdict == "It would have fired once in the last 30 days."
        assert "Known are 1\N{NO-BREAK SPACE}h of 30" in tried.known
        assert "Nothing is known from before" in tried.known
        assert [point.shown for point in tried.points].count("not known") == DAYS - 1
        assert tried.points[-1].tone == "crit"
