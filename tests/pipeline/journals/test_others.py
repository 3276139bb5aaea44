"""J3b, J3c, J12; what makes no journal; what comes late; calendars; nothing left out."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from exceptions.models import Case
from revops.contracts.usage import UsageRated
from revops.events.models import BusinessEvent
from revops.kernel import clock
from revops.kernel.periods import Span
from revops.ledger import books
from revops.ledger.models import JournalEntry
from revops.ledger.rules.period_end import Used
from revops.mappings.models import (
    AccountingPeriod,
    LedgerAccount,
    LegalEntity,
    MappingVersion,
    SkuMap,
)
from revops.pipeline.journalize.compensation import NotReversible, compensate
from revops.pipeline.period_end import usage
from revops.pipeline.period_end.runs import run
from tests.ledger.expected import ENTRIES
from tests.ledger.maps import weeks_4_4_5
from tests.pipeline.journals.told import YEAR, Told

JANUARY = ("2025-01-01", "2025-01-31")


@pytest.fixture
def accrued(told: Told, monkeypatch: pytest.MonkeyPatch) -> Told:
    """Usage of January for 1,235.50, which has been accrued (J3a)."""
    line = Used("rl_1", "usage", "USD", 123_550, Span(date(2025, 1, 1), date(2025, 1, 31)), "cus_1")
    monkeypatch.setattr(usage, "_sources", [lambda entity, period: [line]])
    run(entity_id=told.entity.pk, period_code="2025-01", kinds=("usage",))
    return told


class TestUsage:
    def bill(self, told: Told) -> None:
        told.bill(
            "in_1", "2025-02-01", [("il_1", "1240.00", "102.30", JANUARY)], sku="usage",
            usage_ref="rl_1",
        )  # fmt: skip

    def test_j3b_the_invoice_takes_the_place_of_the_accrual(self, accrued: Told) -> None:
        accrued.close("2025-01-31")

        self.bill(accrued)

        accrued.is_("J3b", accrued.entry("invoice"))
        assert accrued.on("1200") == 0

    def test_j3b_the_difference_is_januarys_while_january_is_open(self, accrued: Told) -> None:
        self.bill(accrued)

        _, true_up = accrued.entries("usage_accrual")
        assert true_up.accounting_date == date(2025, 1, 31)
        assert accrued.on("4100", "2025-01-31") == -124_000
        assert (accrued.on("1200"), accrued.on("4100")) == (0, -124_000)

    def test_j3b_january_gets_all_of_it_when_nothing_was_accrued(self, told: Told) -> None:
        self.bill(told)

        (accrual,) = told.entries("usage_accrual")
        assert accrual.accounting_date == date(2025, 1, 31)
        assert (told.on("4100", "2025-01-31"), told.on("1200", "2025-01-31")) == (-124_000, 124_000)
        assert (told.on("4100"), told.on("1200"), told.on("1100")) == (-124_000, 0, 134_230)
        assert (
            run(entity_id=told.entity.pk, period_code="2025-01", kinds=("usage",))[0].entries == 0
        )

    def test_j3b_is_februarys_when_january_is_closed_and_nothing_was_accrued(
        self, told: Told
    ) -> None:
        told.close("2025-01-31")

        self.bill(told)

        assert not told.entries("usage_accrual")
        assert (told.on("4100", "2025-01-31"), told.on("4100")) == (0, -124_000)

    def test_j3b_a_void_leaves_nothing_in_either_month(self, told: Told) -> None:
        self.bill(told)

        told.tell("invoice.voided/1", "2025-02-03", invoice_id="in_1", voided_on="2025-02-03")

        assert [told.on(account) for account in ("1100", "1200", "2100", "4100")] == [0] * 4

    @pytest.mark.parametrize("before", [True, False])
    def test_j3b_in_a_foreign_currency_leaves_no_cent_unbilled(
        self, told: Told, monkeypatch: pytest.MonkeyPatch, before: bool
    ) -> None:
        told.rate("2025-01-31", "1.1000")
        told.rate("2025-02-01", "1.2000")
        line = Used("rl_1", "usage", "EUR", 90_001, Span(date(2025, 1, 1), date(2025, 1, 31)))
        monkeypatch.setattr(usage, "_sources", [lambda entity, period: [line]] if before else [])
        run(entity_id=told.entity.pk, period_code="2025-01", kinds=("usage",))

        told.invoice(
            "in_1", "2025-02-01", "1000.01", currency="EUR", sku="usage", service=JANUARY,
            usage_ref="rl_1",
        )  # fmt: skip

        assert told.on("4100") == told.on("4100", "2025-01-31") == -110_001
        assert (told.on("1200"), told.on("1100"), told.on("7100")) == (0, 120_001, -10_000)

    def test_j3c_prepaid_credits_are_drawn_down(self, told: Told) -> None:
        account = {one.code: one for one in LedgerAccount.objects.all()}
        version = MappingVersion.objects.create(note="Prepaid credits", made_by="test")
        common = {
            "legal_entity": told.entity, "version": version,
            "valid": SkuMap.objects.first().valid, "deferral_account": account["2300"],
            "revenue_account": account["4100"],
        }  # fmt: skip
        SkuMap.objects.create(sku="bought", convention="on_use", **common)
        SkuMap.objects.create(sku="calls", convention="on_use", **common)
        told.bill("in_1", "2025-01-05", [("il_1", "100.00", "0.00", None)], sku="bought")

        # What rates usage tells it inside the console; nobody outside may.
        data = UsageRated.model_validate({
            "line_id": "rl_1", "customer_id": "cus_1", "subscription_id": "sub_1",
            "meter": "calls", "price_id": "calls", "currency": "USD", "quantity": "300",
            "billable": "300", "amount": 3_000, "prepaid": 3_000, "period_start": JANUARY[0],
            "period_end": JANUARY[1], "legal_entity": "US",
        })  # fmt: skip
        BusinessEvent.objects.create(
            contract=data.contract, subject=data.subject, subject_id=data.line_id,
            legal_entity="US", data=data.model_dump_json(), occurred_at=clock.now(),
            recorded_at=clock.now(), correlation_id="co-1",
        )  # fmt: skip

        for _ in range(2):
            run(entity_id=told.entity.pk, period_code="2025-01", kinds=("prepaid",))

        told.is_("J3c", told.entry("drawdown"))
        assert told.deferred() == 7_000
        assert not told.schedules()


class TestCompensation:
    def test_j12_a_posted_leg_is_reversed_by_a_balanced_pair(self, told: Told) -> None:
        told.bill("in_1", YEAR[0], [("il_1", "12000.00", "0.00", YEAR)])
        posted = told.entry("invoice")

        compensate([posted.pk])

        undo = told.entry("void")
        told.is_("J12", undo)
        assert undo.reverses_id == posted.pk
        assert told.recognised("2025-12") == 0
        with pytest.raises(NotReversible, match="has been reversed"):
            compensate([posted.pk])

    def test_is_dated_in_the_first_open_period(self, told: Told) -> None:
        told.bill("in_1", YEAR[0], [("il_1", "12000.00", "0.00", YEAR)])
        told.close("2025-02-28")

        compensate([told.entry("invoice").pk])

        assert told.entry("void").accounting_date == date(2025, 3, 1)

    def test_refuses_what_revenue_was_recognised_of(self, told: Told) -> None:
        told.annual()
        told.recognised("2025-01")

        with pytest.raises(NotReversible, match="recognised or changed"):
            compensate([told.entry("invoice").pk])


SALE = {"opportunity_id": "opp_1", "customer_id": "cus_1", "name": "Sale", "stage": "Open",
        "currency": "USD", "amount": 100}  # fmt: skip
REQUEST = {"credit_id": "cr_1", "customer_id": "cus_1", "credit_type": "sla_period",
           "currency": "USD", "amount": 100, "entitled_on": "2025-01-01"}  # fmt: skip
NO_JOURNAL = {
    "payment.failed/1": {"payment_id": "pi_1", "currency": "USD", "amount": 100,
                         "failed_on": "2025-01-05"},
    "opportunity.updated/1": SALE,
    "opportunity.won/1": {**SALE, "won_on": "2025-01-05"},
    "credit.requested/1": {**REQUEST, "requested_on": "2025-01-05"},
    "credit.approved/1": {**REQUEST, "approved_on": "2025-01-05"},
    "credit.rejected/1": {**REQUEST, "rejected_on": "2025-01-05"},
    "subscription.activated/1": {
        "subscription_id": "sub_9", "customer_id": "cus_1", "currency": "USD",
        "items": [{"sku": "even"}], "started_on": "2025-01-01"},
}  # fmt: skip


class TestNoJournal:
    @pytest.mark.parametrize("contract", NO_JOURNAL)
    def test_is_made_and_the_thread_says_why(self, told: Told, contract: str) -> None:
        told.tell(contract, "2025-01-05", **NO_JOURNAL[contract])

        assert told.stuck() == []
        assert not JournalEntry.objects.exists()
        assert BusinessEvent.objects.get(contract=contract).note

    def test_is_made_of_an_event_that_comes_again(self, told: Told) -> None:
        told.annual()
        told.annual()

        assert JournalEntry.objects.count() == 1
        assert not Case.objects.exists()


class TestLate:
    def test_a_document_of_a_closed_period_waits_for_a_person(self, told: Told) -> None:
        told.close("2025-01-31")

        told.annual()

        assert not JournalEntry.objects.exists()
        assert not told.schedules()
        assert Case.objects.get().kind == "period_closed"

    def test_or_posts_on_the_first_open_day_where_the_entity_says_so(self, told: Told) -> None:
        LegalEntity.objects.update(late_documents="next_open")
        told.close("2025-01-31")

        told.annual()
        told.recognised("2025-02")

        entry = told.entry("invoice")
        assert entry.accounting_date == date(2025, 2, 1)
        assert entry.lines.get(account="2300").service_start == date(2025, 1, 1)
        assert told.revenue()[:2] == [0, 200_000]

    @pytest.mark.parametrize(("closed", "april"), [("2025-04-30", 0), ("2025-03-31", 100_000)])
    def test_an_invoice_of_may_for_april_follows_the_state_of_april(
        self, told: Told, closed: str, april: int
    ) -> None:
        told.close(closed)
        service = ("2025-04-01", "2025-09-30")
        told.bill("in_1", "2025-05-10", [("il_1", "6000.00", "0.00", service)])

        told.recognised("2025-05")

        assert told.revenue()[3:5] == [april, 200_000 - april]


class TestFourFourFive:
    def test_shares_and_changes_follow_the_calendar_of_weeks(self, told: Told) -> None:
        AccountingPeriod.objects.all().delete()
        for period in weeks_4_4_5(date(2024, 12, 30), 9):
            AccountingPeriod.objects.create(
                legal_entity=told.entity, code=period.code, starts=period.span.start,
                ends=period.span.end,
            )  # fmt: skip
        books.forget()
        told.bill(
            "in_1", "2024-12-30", [("il_1", "364.00", "0.00", ("2024-12-30", "2025-12-28"))],
            sku="daily",
        )  # fmt: skip
        told.recognised("P01")
        changed = date(2024, 12, 30) + timedelta(weeks=8)
        told.credit("future_price_cut", changed.isoformat(), "30.80", "0.00")

        told.recognised("P03", "P12")

        shares = [entry.amount for entry in told.entries("recognition")]
        assert shares[:3] == [2_800, 2_800, 3_150]  # 28, 28, and 35 days at nine tenths
        assert told.deferred() == 0


def test_every_worked_example_has_a_test_of_its_own_through_the_line() -> None:
    """44 rows of the accounting design and two of ours; a refused accrual is one more."""
    here = Path(__file__).parents[1]
    names = {
        name
        for path in here.rglob("test_*.py")
        for name in re.findall(r"def test_(j[0-9]+[a-z0-9_]*)\(", path.read_text())
    }
    cases = [case for case in ENTRIES if case != "J5c2-rejected"]
    assert len(cases) == 46

    missing = [
        case
        for case in cases
        if not any(name.startswith(case.lower().replace("-", "_") + "_") for name in names)
    ]

    assert missing == []
