"""Whatever fails on the way: nothing is lost, nothing is posted twice, and a person sees why."""

from __future__ import annotations

import time
from datetime import date

from django.conf import LazySettings
from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.models import User
from exceptions import operations as cases
from exceptions.models import Case
from revops.delivery.models import Attempt, Gate, OutboundCommand
from revops.events.models import InboundEvent
from revops.kernel import clock
from revops.ledger.models import JournalEntry
from revops.mappings.models import (
    AccountingPeriod,
    LedgerAccount,
    LegalEntity,
    MappingVersion,
    SkuMap,
)
from revops.pipeline.recover import recover
from tests.pipeline.rehearsal import Rehearsal


class TestMappings:
    def test_an_unmapped_sku_is_one_case_for_the_invoice_and_replays_after_the_fix(
        self, line: Rehearsal, ana: User
    ) -> None:
        SkuMap.objects.filter(sku="price_team_yearly").delete()
        MappingVersion.objects.create(note="without the plan", made_by="test")
        line.subscribe(pays=True)
        line.deliver()
        line.run()

        (case,) = line.open_cases()
        assert case.kind == "mapping_missing"
        assert case.cause == "SKU price_team_yearly has no mapping in US-INC"
        assert case.at_stake == 1_299_000
        assert not JournalEntry.objects.filter(document_type="invoice").exists()

        entity = LegalEntity.objects.get(code="US-INC")
        version = MappingVersion.objects.create(note="with the plan", made_by="test")
        SkuMap.objects.create(
            legal_entity=entity,
            sku="price_team_yearly",
            revenue_account=LedgerAccount.objects.get(code="4000"),
            deferral_account=LedgerAccount.objects.get(code="2300"),
            convention="daily",
            valid=DateRange(date(2025, 1, 1), None),
            version=version,
        )
        cases.retry(case_id=case.pk, remedy="replay", by=ana)
        line.settle()

        case.refresh_from_db()
        assert case.state == "resolved"
        assert not InboundEvent.objects.filter(state="quarantined").exists()
        entry = JournalEntry.objects.get(document_type="invoice")
        assert entry.mapping_version == version.pk
        line.assert_books_agree()

    def test_a_closed_period_of_ours_is_a_case_and_never_a_silent_shift(
        self, line: Rehearsal
    ) -> None:
        AccountingPeriod.objects.update(state="closed")
        line.subscribe()
        line.deliver()
        line.run()

        (case,) = line.open_cases()
        assert case.kind == "period_closed"
        assert "is closed in US-INC's books" in case.cause
        assert not JournalEntry.objects.exists()

    def test_an_unknown_event_type_is_stored_and_put_aside(self, line: Rehearsal) -> None:
        line.subscribe()
        (event,) = [e for e in line.events() if e["type"] == "customer.created"]
        line.deliver([event | {"id": "evt_new_kind", "type": "customer.teleported"}])
        line.advance()

        assert InboundEvent.objects.get().state == "quarantined"
        assert [case.kind for case in line.open_cases()] == ["schema_drift"]


class TestTheErpRefuses:
    def test_a_closed_erp_period_is_said_in_words_and_retried_when_open(
        self, line: Rehearsal, ana: User
    ) -> None:
        line.subscribe()
        line.deliver()
        line.advance()
        period = line.commands().get().period_code
        line.control("periods", {period: "closed"})

        line.run()

        (case,) = line.open_cases()
        assert case.kind == "period_closed"
        assert case.cause == f"Period {period} is closed in Tryton"
        assert case.at_stake == 1_299_000
        assert not line.moves(state="draft")

        line.control("periods", {period: "open"})
        cases.retry_cause(cause_key=case.cause_key, remedy="retry", by=ana)
        line.settle()

        assert not line.open_cases()
        line.assert_books_agree()

    def test_an_account_that_the_erp_does_not_take_is_a_case(self, line: Rehearsal) -> None:
        line.control("faults", {"reject_accounts": ["2300"]})
        line.subscribe()
        line.deliver()
        line.run()

        (case,) = line.open_cases()
        assert case.command is not None
        assert case.command.state == "exception"
        assert not line.moves()


def known_customer(line: Rehearsal) -> str:
    """A customer whose party the ERP has already, so that a create is the move's own."""
    customer = line.customer()
    line.subscribe(customer)
    line.deliver()
    line.settle()
    return customer


class TestTheErpIsAway:
    def test_what_waits_for_it_is_one_case_with_the_sum(self, line: Rehearsal, ana: User) -> None:
        line.fault(down=True)
        for _ in range(7):
            line.subscribe()
        line.deliver()
        line.advance()
        for _ in range(12):
            line.send()
            time.sleep(0.3)

        gate = Gate.objects.get(connection=line.erp)
        assert gate.breaker == "open"
        case = Case.objects.get(kind="target_down")
        assert case.at_stake == 7 * 1_299_000
        assert "7 postings wait" in case.what_happened
        assert not line.moves()

        line.fault()
        cases.retry(case_id=case.pk, remedy="trial", by=ana)
        line.settle()

        assert not line.open_cases()
        line.assert_books_agree()

    def test_a_lost_answer_is_asked_about_and_posted_once(
        self, line: Rehearsal, settings: LazySettings
    ) -> None:
        customer = known_customer(line)
        line.fault(response_lost={"times": 1, "on": "create", "seconds": 0.2})
        line.subscribe(customer)
        line.deliver()

        line.settle()

        kinds = list(Attempt.objects.order_by("number").values_list("kind", flat=True))
        assert "read" in kinds
        line.assert_books_agree()
        assert not line.open_cases()

    def test_an_answer_lost_after_posting_is_found(self, line: Rehearsal) -> None:
        line.fault(response_lost={"times": 1, "on": "post", "seconds": 0.2})
        line.subscribe()
        line.deliver()

        line.settle()

        line.assert_books_agree()

    def test_an_answered_question_shows_that_it_is_back(self, line: Rehearsal, ana: User) -> None:
        line.fault(response_lost={"times": 1, "on": "post", "seconds": 0.2})
        customer = line.customer()
        for _ in range(6):
            line.subscribe(customer)
        line.deliver()
        line.advance()
        line.send(seconds=3)

        assert line.states() == {"unknown": 6}
        case = Case.objects.get(kind="target_down")
        cases.retry(case_id=case.pk, remedy="trial", by=ana)
        line.settle()

        # All six were posted before; nothing has been sent since.
        assert Gate.objects.get(connection=line.erp).breaker == "closed"
        assert not line.open_cases()
        line.assert_books_agree()

    def test_garbage_with_status_200_is_in_doubt_and_settled_by_asking(
        self, line: Rehearsal
    ) -> None:
        customer = known_customer(line)
        line.fault(garbage={"times": 1, "on": "create"})
        line.subscribe(customer)
        line.deliver()

        line.settle()

        line.assert_books_agree()

    def test_a_posting_in_doubt_can_be_checked_but_not_sent_again(
        self, line: Rehearsal, ana: User, settings: LazySettings
    ) -> None:
        customer = known_customer(line)
        settings.REVOPS_SETTLE_SCALE = 1.0
        line.fault(response_lost={"times": 1, "on": "post", "seconds": 0.2})
        line.subscribe(customer)
        line.deliver()
        line.run(until="unknown")

        (case,) = line.open_cases()
        assert case.state == "in_doubt"
        assert case.checks_at is not None
        command = line.commands().latest("pk")
        assert command.state == "unknown"

        from revops.delivery import operations as delivery

        done, refused = delivery.retry([command.pk])
        assert not done
        assert "cannot" in refused[0] or "not known yet" in refused[0]

        cases.retry(case_id=case.pk, remedy="check", by=ana)
        line.settle()

        assert not line.open_cases()
        line.assert_books_agree()

    def test_a_throttled_target_is_left_alone_for_as_long_as_it_asked(
        self, line: Rehearsal
    ) -> None:
        line.fault(throttle={"times": 1}, retry_after=2)
        line.subscribe()
        line.deliver()
        line.run()
        before = sum(line.control("requests", method="GET").values())

        line.send()
        time.sleep(0.5)
        line.send()

        assert sum(line.control("requests", method="GET").values()) == before
        time.sleep(2)
        line.settle()
        line.assert_books_agree()


class TestAfterwards:
    def test_recovery_asks_before_it_sends_anything(self, line: Rehearsal) -> None:
        started = clock.now()
        line.subscribe(pays=True)
        line.deliver()
        line.run()
        # The database comes back from before the postings were recorded.
        line.commands().update(state="pending", external_id=None, next_at=clock.now())

        done = recover(since=started)
        line.settle()

        assert done.doubted == OutboundCommand.objects.count()
        assert set(line.states()) == {"posted"}
        line.assert_books_agree()

    def test_polling_finds_what_webhooks_missed_and_says_so(self, line: Rehearsal) -> None:
        line.poll()
        earlier = int(time.time()) - 120
        customer = line.customer(at=earlier)
        line.subscribe(customer, pays=True, at=earlier)
        line.events()  # told to nobody

        assert line.poll() > 0
        line.settle()

        assert [case.kind for case in line.open_cases()] == ["webhooks_missing"]
        line.assert_books_agree()
        line.poll()
        assert not line.open_cases()
