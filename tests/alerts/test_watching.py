"""What a worker does: begins, tells, escalates, ends, and samples; twice is as good as once."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Assignment, User
from exceptions.models import Case
from revops.alerts import measures
from revops.alerts.models import Alert, Rule, Sample, State
from revops.alerts.operations import answering, rules, watching
from revops.alerts.queries import listing
from revops.alerts.queries.reading import read
from revops.kernel import clock
from revops.notices.models import Notice
from tests.alerts.kit import MINUTE, NOON, a_rule, blocked, the_alert, watch
from tests.factories import a_gate, a_legal_entity, a_period

pytestmark = pytest.mark.django_db


def resolve_all() -> None:
    Case.objects.update(state="resolved", resolved_at=clock.now())


class TestMeasures:
    def test_can_all_be_read_from_empty_tables(self) -> None:
        assert {slug: rows for slug, rows in read(measures.all()).items() if rows} == {}
        assert set(read(measures.all())) == set(measures.MEASURES)

    def test_money_is_read_by_legal_entity_period_and_currency(self) -> None:
        us = a_legal_entity("US-INC")
        blocked(100, legal_entity=us, period_code="2026-11")
        blocked(30, legal_entity=us, period_code="2026-11")
        blocked(7, currency="EUR", legal_entity=us)
        found = {(one.entity_id, one.period, one.currency): one.value
                 for one in read([measures.get("blocked_money")])["blocked_money"]}  # fmt: skip
        assert found == {(us.pk, "2026-11", "USD"): 130, (us.pk, "2026-11", "EUR"): 7}

    def test_a_paused_system_takes_nothing(self) -> None:
        a_gate(paused_at=NOON)
        assert [one.value for one in read([measures.get("systems_down")])["systems_down"]] == [1]


class TestLook:
    def test_fires_after_its_time_tells_the_owner_once_and_stands(self, mona: User) -> None:
        a_rule(mona, for_minutes=10)
        blocked()
        watch(minutes=9)
        assert not Alert.objects.exists()
        watch(minutes=20, since=NOON + 10 * MINUTE)
        assert the_alert().sentence == (
            "Money not in the books of all legal entities: USD\N{NO-BREAK SPACE}200.00, "
            "which is more than USD\N{NO-BREAK SPACE}100.00."
        )
        told = Notice.objects.get()
        assert (told.recipient, told.link) == (mona, f"/alerts/ALT-{the_alert().pk}/")
        assert (told.mail, told.chat) == ("now", "no")

    def test_ends_by_itself_and_may_fire_again(self, mona: User) -> None:
        a_rule(mona)
        blocked()
        watch(minutes=1)
        resolve_all()
        watch(minutes=8, since=NOON + 2 * MINUTE)
        assert Alert.objects.get().state == State.ENDED
        blocked(50_000)
        watch(minutes=1, since=NOON + 20 * MINUTE)
        assert the_alert().worst == 50_000
        assert Notice.objects.exclude(title__startswith="Over").count() == 2

    def test_that_is_over_is_told_once_to_whoever_was_told_or_took_it_on(
        self, mona: User, ana: User
    ) -> None:
        a_rule(mona, chat=True)
        blocked()
        watch(minutes=1)
        answering.acknowledge(by=ana, alert_id=the_alert().pk)
        resolve_all()
        watch(minutes=8, since=NOON + 2 * MINUTE)
        over = Notice.objects.filter(title__startswith="Over: US money").order_by("recipient")
        assert {one.recipient for one in over} == {mona, ana}
        assert over[0].text.endswith("It holds no more.")
        assert "It is over after" in over[0].text

    def test_that_ends_in_quiet_hours_waits_in_the_console(self, mona: User) -> None:
        a_rule(mona)
        blocked()
        watch(minutes=1)
        hour = NOON.astimezone(ZoneInfo(mona.zone)).hour
        Rule.objects.update(quiet_from=hour, quiet_until=(hour + 2) % 24)
        resolve_all()
        watch(minutes=8, since=NOON + 2 * MINUTE)
        over = Notice.objects.get(title__startswith="Over")
        assert (over.mail, over.chat) == ("no", "no")

    def test_of_one_legal_entity_counts_no_other_and_no_other_currency(self, mona: User) -> None:
        us, uk = a_legal_entity("US-INC"), a_legal_entity("UK-LTD")
        a_rule(mona, legal_entity=us)
        blocked(legal_entity=uk)
        blocked(90_000, legal_entity=us, currency="EUR")
        watch(minutes=1)
        assert not Alert.objects.exists()
        blocked(10_001, legal_entity=us)
        watch(minutes=1, since=NOON + 5 * MINUTE)
        assert the_alert().legal_entity == us

    def test_counts_only_periods_that_end_soon_when_asked(self, mona: User) -> None:
        us, today = a_legal_entity("US-INC", zone="UTC"), NOON.date()
        a_period(us, month=11, ends=today + timedelta(days=3))
        a_period(us, month=12)
        a_rule(mona, closes_within=3)
        blocked(legal_entity=us, period_code="2026-12")
        watch(minutes=1)
        assert Rule.objects.get().value == 0
        blocked(30_000, legal_entity=us, period_code="2026-11")
        watch(minutes=1, since=NOON + 2 * MINUTE)
        assert the_alert().value == 30_000

    def test_nobody_is_told_in_quiet_hours_but_when_they_end(self, mona: User) -> None:
        a_rule(mona, quiet_from=12, quiet_until=13)
        blocked()
        watch(minutes=50, every=10)
        assert (the_alert().told_at, Notice.objects.count()) == (None, 0)
        watch(minutes=1, since=NOON + 60 * MINUTE)
        assert Notice.objects.count() == 1

    def test_is_escalated_once_when_nobody_acknowledges(self, mona: User, ana: User) -> None:
        a_rule(mona, escalate_to=ana, escalate_after=15)
        blocked()
        watch(minutes=14)
        assert set(Notice.objects.values_list("recipient", flat=True)) == {mona.pk}
        watch(minutes=30, since=NOON + 15 * MINUTE)
        assert Notice.objects.filter(recipient=ana).count() == 1
        assert "has not acknowledged it for 15" in Notice.objects.get(recipient=ana).text

    def test_what_is_taken_on_is_told_to_nobody_else(self, mona: User, ana: User) -> None:
        a_rule(mona, escalate_to=ana, escalate_after=15)
        blocked()
        watch(minutes=1)
        answering.acknowledge(by=ana, alert_id=the_alert().pk, note="I map it")
        watch(minutes=30, since=NOON + 15 * MINUTE)
        assert not Notice.objects.filter(recipient=ana).exists()
        assert the_alert().acknowledged_by == ana
        Alert.objects.update(fired_at=clock.now() - MINUTE)  # ninety days count from now
        [line] = listing.lines()
        assert (line.fired, line.acted) == (1, 1)

    def test_when_its_owner_left_the_next_one_is_told_at_once(self, mona: User, ana: User) -> None:
        a_rule(mona, escalate_to=ana, escalate_after=15)
        Assignment.objects.filter(user=mona).delete()
        blocked()
        watch(minutes=1)
        assert the_alert().told == ana

    def test_when_nobody_named_is_left_managers_are_told(self, mona: User, ana: User) -> None:
        a_rule(ana)
        Assignment.objects.filter(user=ana).delete()
        blocked()
        watch(minutes=1)
        assert [one.recipient for one in Notice.objects.all()] == [mona]

    def test_two_workers_and_a_restart_tell_nobody_twice(self, mona: User) -> None:
        a_rule(mona)
        blocked()
        for _ in range(3):
            watching.look(at=NOON)
        assert (Alert.objects.count(), Notice.objects.count()) == (1, 1)

    def test_what_held_before_nobody_looked_for_long_holds_anew(self, mona: User) -> None:
        a_rule(mona, for_minutes=30)
        blocked()
        watch(minutes=20)
        watch(minutes=1, since=NOON + 90 * MINUTE)
        assert not Alert.objects.exists()

    def test_off_is_not_looked_at_and_ends_what_stands(self, mona: User) -> None:
        rule = a_rule(mona)
        blocked()
        watch(minutes=1)
        rules.switch(by=mona, number=rule.pk, on=False)
        watch(minutes=10, since=NOON + 5 * MINUTE)
        assert Alert.objects.get().why_ended == "The rule was turned off."

    def test_slow_measures_are_read_with_the_samples_only(self, mona: User) -> None:
        rule = a_rule(mona, measure="unpaid_renewals")
        watching.look(at=NOON)
        watching.look(at=NOON + MINUTE)
        rule.refresh_from_db()
        assert rule.looked_at == NOON


class TestSamples:
    def test_are_taken_every_five_minutes_once_with_zeros(self) -> None:
        us = a_legal_entity("US-INC")
        blocked(500, legal_entity=us)
        for minute in range(8):
            watching.look(at=NOON + minute * MINUTE)
        money = Sample.objects.filter(measure="blocked_money").order_by("at", "legal_entity")
        assert [(one.at.minute, one.legal_entity_id, one.value) for one in money] == [
            (0, us.pk, 500), (0, None, 0), (5, us.pk, 500), (5, None, 0),
        ]  # fmt: skip
        assert set(Sample.objects.values_list("measure", flat=True)) == set(measures.MEASURES)

    def test_go_when_they_are_old(self) -> None:
        watching.look(at=NOON - watching.KEPT - MINUTE * 10)
        watching.look(at=NOON)
        assert set(Sample.objects.values_list("at", flat=True)) == {watching.slot_of(NOON)}
