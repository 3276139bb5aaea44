"""Reading the books: they balance, roll forward and tie, whatever happened (I1, I3, I4-I6, I10)."""

from __future__ import annotations

from datetime import date

import pytest

from revops.ledger.queries import controls
from revops.ledger.queries.rollforward import columns, deferred_rollforward
from revops.ledger.queries.trial_balance import trial_balance
from revops.mappings.operations import make_calendar
from revops.pipeline.period_end.runs import run
from tests.pipeline.period_end.stage import Stage, balances, minor
from tests.pipeline.period_end.test_fx import end


@pytest.fixture
def busy(stage: Stage) -> Stage:
    """Two currencies, three months: billed, recognised, voided, paid, reclassified, remeasured."""
    for day, value in (
        ("2025-01-01", "1.1000"), ("2025-01-31", "1.0800"), ("2025-02-10", "1.1200"),
        ("2025-02-28", "1.0500"), ("2025-03-31", "1.0700"),
    ):  # fmt: skip
        stage.rate(day, value)
    stage.invoice("in_1", "2025-01-01", "12000.00", tax="990.00")
    stage.invoice("in_2", "2025-01-01", "10000.00", currency="EUR", sku="daily")
    stage.invoice("in_3", "2025-01-02", "24000.00", until="2026-12-31", sku="daily")
    end(stage, "2025-01", "recognition", "noncurrent", "remeasurement")
    stage.pay("in_1", "2025-02-10", "12990.00")
    stage.pay("in_2", "2025-02-10", "4000.00", currency="EUR")
    stage.tell("invoice.voided/1", "2025-02-12", invoice_id="in_3", voided_on="2025-02-12")
    for month in ("2025-02", "2025-03"):
        end(stage, month, "recognition", "noncurrent", "remeasurement")
    return stage


class TestTrialBalance:
    def test_is_nothing_in_every_currency(self, busy: Stage) -> None:
        for month in (1, 2, 3):
            found = trial_balance(
                entity_id=busy.entity.pk, first=date(2025, month, 1), latest=date(2025, month, 28)
            )
            assert found.balanced
            assert set(found.by_currency) == {"USD", "EUR"}

    def test_has_opening_movement_and_closing_of_each_account(self, busy: Stage) -> None:
        found = trial_balance(
            entity_id=busy.entity.pk, first=date(2025, 2, 1), latest=date(2025, 2, 28)
        )

        (row,) = [row for row in found.rows if (row.account, row.currency) == ("1100", "EUR")]
        assert (row.opening, row.credit, row.closing) == (1_000_000, 400_000, 600_000)
        assert row.functional_opening == 1_080_000
        assert row.functional_closing == 630_000
        assert row.name == "Accounts receivable"

    def test_agrees_with_the_lines(self, busy: Stage) -> None:
        found = trial_balance(
            entity_id=busy.entity.pk, first=date(2025, 1, 1), latest=date(2025, 3, 31)
        )

        own: dict[str, int] = {}
        for row in found.rows:
            own[row.account] = own.get(row.account, 0) + row.functional_closing
        assert {account: amount for account, amount in own.items() if amount} == balances(
            "2025-03-31"
        )

    def test_needs_an_entity(self, busy: Stage) -> None:
        with pytest.raises(LookupError):
            trial_balance(entity_id=0, first=date(2025, 1, 1), latest=date(2025, 1, 31))


class TestRollForward:
    def test_adds_up_from_period_to_period(self, busy: Stage) -> None:
        steps = deferred_rollforward(entity_id=busy.entity.pk, first="2025-01", latest="2025-03")

        assert [(step.period, step.currency) for step in steps[:3]] == [
            ("2025-01", "EUR"), ("2025-01", "USD"), ("2025-02", "EUR"),
        ]  # fmt: skip
        for step in steps:
            moved = sum(getattr(step, name) for name in columns())
            assert step.opening + moved == step.closing
        for currency in ("EUR", "USD"):
            own = [step for step in steps if step.currency == currency]
            assert [step.opening for step in own[1:]] == [step.closing for step in own[:-1]]

    def test_says_what_moved_it(self, busy: Stage) -> None:
        january, february, _ = [
            step
            for step in deferred_rollforward(
                entity_id=busy.entity.pk, first="2025-01", latest="2025-03"
            )
            if step.currency == "USD"
        ]

        assert january.billed == minor("36000.00")
        assert january.reclassified == 0  # within deferred revenue, from one account to the other
        assert january.recognised < 0
        assert february.voided == -minor("24000.00")
        assert february.other == 0

    def test_ties_to_the_schedules_at_every_end(self, busy: Stage) -> None:
        for step in deferred_rollforward(
            entity_id=busy.entity.pk, first="2025-01", latest="2025-03"
        ):
            assert (step.difference, step.functional_closing) == (0, step.functional_scheduled)
            assert step.ties

    def test_begins_with_what_was_before(self, busy: Stage) -> None:
        whole = deferred_rollforward(entity_id=busy.entity.pk, first="2025-01", latest="2025-03")
        (eur, usd) = deferred_rollforward(
            entity_id=busy.entity.pk, first="2025-03", latest="2025-03"
        )

        assert [eur, usd] == whole[-2:]

    def test_shows_what_does_not_tie(self, busy: Stage) -> None:
        from revops.ledger.models import RevenueSchedule

        schedule = RevenueSchedule.objects.get(business_key="billing:in_1")
        RevenueSchedule.objects.filter(pk=schedule.pk).update(total=schedule.total + 5)

        steps = deferred_rollforward(entity_id=busy.entity.pk, first="2025-03", latest="2025-03")

        assert [(step.currency, step.difference) for step in steps if not step.ties] == [
            ("USD", -5)
        ]

    def test_needs_its_periods(self, busy: Stage) -> None:
        with pytest.raises(LookupError, match="1999-01"):
            deferred_rollforward(entity_id=busy.entity.pk, first="1999-01", latest="2025-01")


class TestControls:
    def test_receivables_are_the_open_invoices(self, busy: Stage) -> None:
        found = {one.currency: one for one in controls.receivables(entity_id=busy.entity.pk)}

        assert found["EUR"].books == minor("6000.00")
        assert [one.difference for one in found.values()] == [0] * len(found)

    def test_clearing_waits_for_each_payout_of_a_record(self, busy: Stage) -> None:
        def paid_out(number: int, on: str, amount: str) -> None:
            busy.tell(
                "payout.settled/1", on, payout_id=f"po_{number}", currency="USD", arrived_on=on,
                amount=minor(amount), items=[{
                    "balance_transaction_id": f"txn_{number}", "kind": "adjustment",
                    "source_id": "dp_1", "amount": minor(amount), "fee": 0,
                }],
            )  # fmt: skip

        def dollars() -> controls.Control:
            return next(
                one for one in controls.clearing(entity_id=busy.entity.pk) if one.currency == "USD"
            )

        dispute = {
            "dispute_id": "dp_1", "payment_id": "pay_in_1_2025-02-10", "currency": "USD",
            "amount": minor("12990.00"),
        }  # fmt: skip
        busy.tell("dispute.opened/1", "2025-03-01", **dispute, opened_on="2025-03-01")
        paid_out(1, "2025-03-02", "-12990.00")
        assert (dollars().books, dollars().difference) == (minor("12990.00"), 0)

        busy.tell(
            "dispute.closed/1", "2025-03-10", **dispute, outcome="won", closed_on="2025-03-10"
        )
        assert (dollars().books, dollars().difference) == (minor("25980.00"), 0)

        paid_out(2, "2025-03-11", "12990.00")
        assert (dollars().books, dollars().difference) == (minor("12990.00"), 0)

    def test_an_invoice_that_the_books_lack_part_of_shows(self, busy: Stage) -> None:
        from revops.canonical.models import Invoice

        Invoice.objects.filter(source_id="in_2").update(applied=0)

        (euro,) = [
            one for one in controls.receivables(entity_id=busy.entity.pk) if one.currency == "EUR"
        ]
        assert euro.difference == -minor("4000.00")

    def test_clearing_is_what_no_payout_has_named(self, busy: Stage) -> None:
        def held() -> dict[str, tuple[int, int]]:
            return {
                one.currency: (one.books, one.records)
                for one in controls.clearing(entity_id=busy.entity.pk)
            }

        assert held()["USD"] == (1_299_000, 1_299_000)
        busy.tell(
            "payout.settled/1", "2025-02-12", payout_id="po_1", currency="USD", amount=1_299_000,
            arrived_on="2025-02-12",
            items=[{"balance_transaction_id": "txn_1", "kind": "charge",
                    "source_id": "pay_in_1_2025-02-10", "amount": 1_299_000}],
        )  # fmt: skip
        assert held() == {"EUR": (400_000, 400_000)}

    def test_tax_is_owed_by_jurisdiction(self, busy: Stage) -> None:
        (found,) = controls.tax(entity_id=busy.entity.pk, on=date(2025, 3, 31))

        assert (found.code, found.invoiced, found.charged, found.owed) == (
            "us-ca", minor("990.00"), minor("990.00"), minor("990.00"),
        )  # fmt: skip

    def test_no_item_owes_the_wrong_way(self, busy: Stage) -> None:
        assert controls.wrong_sides(entity_id=busy.entity.pk) == []


class TestQueries:
    def test_are_few_however_much_there_is(
        self, busy: Stage, django_assert_max_num_queries
    ) -> None:
        entity = busy.entity.pk
        from revops.store import sql

        counted: list[str] = []
        rows, one = sql.rows, sql.one
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sql, "rows", lambda s, p=None: counted.append(s) or rows(s, p))
            patch.setattr(sql, "one", lambda s, p=None: counted.append(s) or one(s, p))
            trial_balance(entity_id=entity, first=date(2025, 1, 1), latest=date(2025, 3, 31))
            deferred_rollforward(entity_id=entity, first="2024-01", latest="2028-12")
        assert len(counted) == 6


class TestCurrencies:
    @pytest.mark.parametrize(
        ("foreign", "first", "later", "amount"),
        [
            ("JPY", "0.0067", "0.0071", "1200007"),
            ("KWD", "3.2500", "3.1234", "1200.007"),
            ("EUR", "1.1000", "0.9000", "9999.99"),
        ],
    )
    @pytest.mark.parametrize("sku", ["even", "daily"])
    def test_i10_revenue_over_the_term_does_not_follow_later_rates(
        self, stage: Stage, foreign: str, first: str, later: str, amount: str, sku: str
    ) -> None:
        stage.rate("2025-01-01", first, foreign)
        stage.invoice("in_1", "2025-01-01", amount, currency=foreign, sku=sku)
        (billed,) = [
            -line.functional
            for line in stage.entry("invoice").lines.all()
            if line.account == "2300"
        ]
        for month in range(1, 13):
            last = stage.entity.periods.get(code=f"2025-{month:02}").ends.isoformat()
            stage.rate(last, later if month % 2 else first, foreign)
            end(stage, f"2025-{month:02}", "recognition", "noncurrent", "remeasurement")
            steps = deferred_rollforward(
                entity_id=stage.entity.pk, first=f"2025-{month:02}", latest=f"2025-{month:02}"
            )
            assert all(step.ties for step in steps)

        assert balances("2025-12-31")["4000"] == -billed
        assert "2300" not in balances("2025-12-31")
        assert "7110" not in balances("2026-01-01")

    def test_books_in_yen_have_no_decimals(self, transactional_db: None) -> None:
        stage = Stage("JPY")
        stage.customer()
        stage.rate("2025-01-01", "149.87", "USD")
        stage.rate("2025-01-31", "151.02", "USD")
        stage.invoice("in_1", "2025-01-01", "1234.56")

        end(stage, "2025-01", "recognition", "remeasurement")

        assert balances("2025-01-31")["1100"] == 186_443  # 1,234.56 × 151.02
        assert stage.entry("invoice").lines.get(account="1100").functional == 185_024

    def test_weeks_of_4_4_5_are_periods_like_any_other(self, transactional_db: None) -> None:
        stage = Stage(calendar="none")
        first = date(2024, 12, 29)
        for year, weeks in ((2025, 52), (2026, 53), (2027, 52)):
            made = make_calendar(stage.entity, year=year, kind="4-4-5", starts=first, weeks=weeks)
            first = date.fromordinal(made[-1].ends.toordinal() + 1)
        stage.customer()
        stage.rate("2025-01-01", "1.1000")
        stage.rate("2025-01-25", "1.0800")
        stage.invoice("in_1", "2025-01-01", "10000.00", currency="EUR", sku="daily")

        run(entity_id=stage.entity.pk, period_code="2025-P01")

        entry = stage.entry("remeasurement")
        assert entry.accounting_date == date(2025, 1, 25)
        assert stage.entry("void").accounting_date == date(2025, 1, 26)
        assert stage.entry("recognition").lines.get(account="4000").amount == -68_493  # 25 of 365
