"""What stands between today and a clean close, for one legal entity and period."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import BreakGlass
from connectors.models import Connection
from exceptions.models import Cause
from revops.close import testing
from revops.close.board import board
from revops.close.models import Waiver
from revops.close.readiness import Readiness, of, of_period
from revops.close.saying import of_entity
from revops.close.saying import of_period as say
from revops.close.testing import Answer
from revops.delivery.models import OutboundCommand
from revops.events.models import SourceCursor
from revops.kernel.money import Money
from revops.mappings.models import AccountingPeriod, EntityMap
from revops.reconciliation.checks import registry
from revops.reconciliation.models import Pair, Run
from revops.reconciliation.operations import runs
from tests import factories as make
from tests.close.kit import AT, PERIOD, a_blocker, a_route, an_ended_period, ran, ready, worker
from tests.reconciliation.lists import CHECK, Lists, declared

pytestmark = pytest.mark.django_db


def answer(found: Readiness, slug: str) -> Answer:
    return next(one for one in found.answers if one.test.slug == slug)


class TestReadiness:
    def test_of_a_period_without_trouble_is_ready(self) -> None:
        found = ready(an_ended_period())

        assert [one.test.slug for one in found.stops] == []
        assert found.can_close
        assert found.state == "ready"
        assert not found.amounts

    def test_counts_the_money_of_a_case_once_in_the_area_that_must_act(self) -> None:
        period = an_ended_period()
        entity = period.legal_entity
        a_blocker(entity)
        a_blocker(entity, cause_key="b" * 16, kind="mapping_missing", at_stake=18_422_055,
                  facts=[["Tax code", "US-WA-SVC"]])  # fmt: skip

        found = ready(period)

        areas = {one.slug: (one.state, one.open, one.amounts) for one in found.areas}
        assert areas["tax"] == ("blocked", 1, [Money(18_422_055, "USD")])
        assert areas["erp_posting"] == ("blocked", 1, [Money(10_000, "USD")])
        assert areas["billing_sync"][:2] == ("ready", 0)
        assert found.amounts == found.blocked == [Money(18_432_055, "USD")]
        assert not found.resting
        assert found.state == "blocked"

    def test_is_not_endangered_by_cases_of_others(self) -> None:
        period = an_ended_period()
        other = make.a_legal_entity("NW-UK", name="Northwind UK")
        a_blocker(other)
        a_blocker(period.legal_entity, period_code="2026-11")
        a_blocker(period.legal_entity, state="resolved", resolved_at=AT)

        assert ready(period).can_close

    def test_names_causes_with_owner_and_due_day_and_the_most_money_first(self) -> None:
        period = an_ended_period()
        Cause.objects.create(key="big", kind="refused", sentence="The ERP says no", first_at=AT)
        a_blocker(period.legal_entity, cause_key="small", owner_team="Finance")
        for _ in range(2):
            a_blocker(period.legal_entity, cause_key="big", at_stake=9_000,
                      due_at=AT - timedelta(hours=2), owner_team="RevOps")  # fmt: skip

        first, second = ready(period).blockers

        assert (first.sentence, first.cases, first.amounts) == (
            "The ERP says no", 2, [Money(18_000, "USD")],
        )  # fmt: skip
        assert (first.owners, first.late(AT), first.status(AT)) == (["RevOps"], True, "late")
        assert (second.status(AT), second.ages) == ("open", [0, 1, 0, 0])

    def test_wants_the_period_s_runs_made(self) -> None:
        period = make.a_period(month=10)
        assert answer(ready(period), "runs_made").open == 6

        ran(period, failed="recognition")
        found = answer(ready(period), "runs_made")
        assert (found.open, found.state) == (1, "blocked")

    def test_knows_postings_that_are_under_way(self) -> None:
        period = an_ended_period()
        make.a_command(legal_entity=period.legal_entity, period_code=PERIOD, amount=500)
        OutboundCommand.objects.update(state="retry_wait", subject_kind="journal")

        found = ready(period)

        assert (answer(found, "under_way").open, found.state) == (1, "at_risk")
        assert (found.blocked, found.resting) == ([], [Money(500, "USD")])

    def test_does_not_count_a_posting_that_its_case_counts(self) -> None:
        period = an_ended_period()
        command = make.a_command(legal_entity=period.legal_entity, period_code=PERIOD)
        OutboundCommand.objects.update(state="unknown", subject_kind="journal")
        a_blocker(period.legal_entity, command=command, state="in_doubt", kind="in_doubt")

        found = ready(period)

        assert answer(found, "under_way").open == 0
        assert answer(found, "in_doubt").open == 1

    def test_of_all_entities_costs_the_same_statements_as_of_one(self) -> None:
        first, second = an_ended_period(), an_ended_period("NW-UK", name="Northwind UK")
        for one in (first, second):
            a_blocker(one.legal_entity)
        with CaptureQueriesContext(connection) as orm:
            found = of_period(PERIOD, at=AT)
        assert [one.closing.entity for one in found] == ["NW-US", "NW-UK"]
        assert [len(one.blockers) for one in found] == [1, 1]
        assert len(orm) <= 5

    def test_waits_for_somebody_to_look_at_break_glass(self) -> None:
        period = an_ended_period()
        BreakGlass.objects.create(
            asked_by=worker("rob"), actions=["cases.retry"], reason="Nobody is there", minutes=30,
            asked_at=AT - timedelta(hours=2), granted_by=worker("mona"), ends_at=AT,
            granted_at=AT - timedelta(hours=1),
        )  # fmt: skip
        found = answer(ready(period), "emergencies")
        assert (found.open, found.state, found.test.waivable) == (1, "blocked", False)

    def test_waits_for_earlier_periods_as_closing_does(self) -> None:
        period = an_ended_period()
        make.a_period(period.legal_entity, month=8, state="closed")
        AccountingPeriod.objects.filter(code="2026-09").update(state="soft_closed")

        found = ready(period)

        (stop,) = found.stops
        assert (stop.test.slug, stop.state, stop.link) == (
            "earlier_closed", "blocked", "/close/2026-09/NW-US/",
        )  # fmt: skip
        assert of_entity(found).sentence == (
            "Northwind NW-US cannot close 2026-10 yet: 2026-09 is still open."
        )
        assert say(of_period(PERIOD, at=AT)).tone == "crit"
        assert not of_period("2026-11", at=AT)[0].stops

    def test_of_a_period_that_there_is_not_is_an_error(self) -> None:
        entity = make.a_legal_entity()
        with pytest.raises(LookupError):
            of(entity_id=entity.pk, period_code="1999-01")


class TestReconciliations:
    def test_need_names_where_something_was_compared(self) -> None:
        period = an_ended_period()
        lists = Lists(period.legal_entity)
        lists.run()
        assert ready(period).can_close
        lists.both("INV-1")
        lists.run()
        found = ready(period)
        assert [one.test.slug for one in found.stops] == ["recs_signed"]

    def test_put_a_break_and_its_case_into_one_area(self) -> None:
        period = an_ended_period()
        lists = Lists(period.legal_entity, check=replace(CHECK, area="billing_sync"))
        with declared(lists.check):
            lists.bill("INV-1", 10_000, tax=825)
            lists.post("INV-1", 10_000, tax=800)
            lists.bill("INV-2", 10_000)
            lists.post("INV-2", 9_000)
            lists.run()
            found = ready(period)

        told = {one.kind: (one.area, one.area_label) for one in found.blockers}
        assert told == {
            "break_tax": ("tax", "Tax"), "break_amount": ("billing_sync", "Billing sync"),
        }  # fmt: skip
        assert answer(found, "tax_agrees").open == answer(found, "billing_agrees").open == 1
        assert [one.slug for one in found.areas if one.money] == ["billing_sync", "tax"]


class TestConnections:
    def test_of_its_events_and_of_its_books_have_to_be_healthy(self) -> None:
        period = an_ended_period()
        us = period.legal_entity
        billing, erp = make.a_connection("billing"), a_route(period)
        other = make.a_connection("other", "tryton")
        EntityMap.objects.create(connection=billing, legal_entity=us)
        polled = SourceCursor.objects.create(connection=billing, next_at=AT, polled_at=AT)
        make.a_gate(other, breaker="open")
        erp_gate = {"breaker": "open", "story": "the credentials were not accepted"}
        make.a_gate(erp, **erp_gate)
        Pair.objects.create(check_slug="elsewhere", left=other)

        found = ready(period)

        (stop,) = found.stops
        assert (stop.test.slug, stop.said, stop.link) == (
            "erp_healthy", "Erp is stopped: the credentials were not accepted", "/connections/erp/",
        )  # fmt: skip
        assert {one.slug: one.state for one in found.areas}["erp_posting"] == "at_risk"

        make.a_gate(erp, breaker="closed", paused_at=AT, paused_until=AT - timedelta(hours=1))
        SourceCursor.objects.filter(pk=polled.pk).update(
            problem="Its key is refused.", polled_at=AT - timedelta(hours=1)
        )
        (stop,) = ready(period).stops
        assert (stop.said, stop.link) == ("Billing cannot be polled", "/connections/billing/")
        AccountingPeriod.objects.filter(pk=period.pk).update(state="closed")
        assert not ready(period).stops


class TestSaying:
    def test_of_a_closed_period_names_late_events_that_wait(self) -> None:
        period = an_ended_period()
        AccountingPeriod.objects.filter(pk=period.pk).update(state="closed")
        assert of_entity(ready(period)).sentence == "Northwind NW-US 2026-10 is closed."
        a_blocker(period.legal_entity, kind="period_closed")
        other = an_ended_period("NW-UK", name="Northwind UK")
        said = of_entity(ready(period))
        assert said.sentence == "Northwind NW-US 2026-10 is closed; 1 late event waits."
        assert "can close or are closed" in say(of_period(PERIOD, at=AT)).sentence
        AccountingPeriod.objects.filter(pk=other.pk).update(state="closed")
        assert say(of_period(PERIOD, at=AT)).sentence == (
            "All 2 legal entities are closed; 1 late event waits in Northwind NW-US."
        )

    def test_has_one_base_for_money_count_and_share_what_blocks(self) -> None:
        period = an_ended_period()
        an_ended_period("NW-UK", name="Northwind UK")
        for key, minor in (("small", 30_000), ("large", 70_000)):
            a_blocker(period.legal_entity, cause_key=key, at_stake=minor)
        # A difference between lists is at risk: its case is neither in the sum nor in the count.
        a_blocker(period.legal_entity, cause_key="gap", kind="break_amount", at_stake=900_000)

        held = board(PERIOD, at=AT)

        assert held.verdict.sentence == (
            "1 of 2 legal entities can close; "
            "Northwind NW-US is blocked by USD\xa01,000.00 in 2 causes."
        )
        assert "One cause holds 70.0 % of the USD that block Northwind NW-US." in held.verdict.sub
        assert (held.blocking_cases, held.blocking_causes, held.resting_causes) == (2, 2, 1)
        assert [(one.slug, one.amounts) for one in held.areas] == [
            ("erp_posting", [Money(100_000, "USD")])
        ]

    def test_of_what_blocks_without_a_case_says_what_it_is(self) -> None:
        period = an_ended_period()
        an_ended_period("NW-UK", name="Northwind UK")
        AccountingPeriod.objects.filter(legal_entity=period.legal_entity, code="2026-09").update(
            state="open"
        )
        said = say(of_period(PERIOD, at=AT)).sentence
        assert said.endswith("Northwind NW-US is blocked: 2026-09 is still open.")


class TestWaivers:
    def waive(self, period: AccountingPeriod, *, open: int, money: int) -> None:
        Waiver.objects.create(
            legal_entity=period.legal_entity, period_code=PERIOD, test="posted", open=open,
            money={"USD": money}, reason="It is 100 dollars.", approval=1, at=AT,
        )  # fmt: skip

    def test_let_a_test_pass_for_what_was_known(self) -> None:
        period = an_ended_period()
        a_blocker(period.legal_entity)
        self.waive(period, open=1, money=10_000)

        found = ready(period)

        assert found.can_close
        assert answer(found, "posted").waived

    def test_do_not_cover_what_came_on_top(self) -> None:
        period = an_ended_period()
        a_blocker(period.legal_entity, at_stake=10_001)
        self.waive(period, open=1, money=10_000)

        assert not ready(period).can_close


class TestWhatIsConnectedAndNotCompared:
    def test_is_not_true_and_is_said_until_it_was_run_for_the_period(self) -> None:
        period = an_ended_period()
        assert not ready(period).uncompared
        # Before anybody looked at what is connected nobody knows whose it is: all wait.
        billing = Connection.objects.create(
            slug="billing", connector="stripe", label="Billing", state="live"
        )
        assert "were not run" in of_entity(ready(period)).sentence
        assert ready(period).areas[0].uncompared
        billing.delete()
        pair = Pair.objects.create(check_slug="books_invoices")
        elsewhere = Connection.objects.create(slug="other", connector="stripe", label="Other")
        Pair.objects.create(check_slug="billing_invoices", left=elsewhere)

        found = ready(period)
        # Only what compares something of this legal entity counts.
        assert found.uncompared == 1
        stops = {one.test.slug: one.said for one in found.stops}
        assert stops.keys() == {"recs_run", testing.PAIRS[registry.get("books_invoices").area]}
        assert "Not compared yet" in stops.values()
        assert "1 reconciliation was not run for 2026-10" in of_entity(found).sentence
        assert [one.uncompared for one in found.areas if one.open] == [True, False]

        done = {"state": "done", "ended_at": AT, "began_at": AT, "full": True}
        runs.enqueue(
            pair_id=pair.pk, entity_id=period.legal_entity_id, period_code=period.code, full=True,
            by="test",
        )  # fmt: skip
        Run.objects.update(**done)
        assert not ready(period).uncompared
        assert not ready(period).stops
