"""J3a, J5c1, J5c2, J11a and J1-nc through the line; what is presented and taken back."""

from __future__ import annotations

from datetime import date

import pytest

from revops.kernel.periods import Span
from revops.ledger.models import JournalLine
from revops.ledger.queries.unconditional import not_yet_unconditional
from revops.ledger.rules.period_end import Used
from revops.pipeline.period_end import usage
from revops.pipeline.period_end.runs import run
from tests.pipeline.period_end.stage import Stage, balances, minor, moved
from tests.pipeline.period_end.test_fx import end, is_

JANUARY = Span(date(2025, 1, 1), date(2025, 1, 31))


@pytest.fixture
def rated(monkeypatch: pytest.MonkeyPatch) -> list[Used]:
    """What whoever rates usage says is not billed."""
    told: list[Used] = []
    monkeypatch.setattr(usage, "_sources", [lambda entity, period: list(told)])
    return told


def used(amount: str, line_id: str = "rl_1", currency: str = "USD") -> Used:
    return Used(line_id, "usage", currency, minor(amount, currency), JANUARY, "cus_1", "Contoso")


class TestUsage:
    def test_j3a_unbilled_usage_is_accrued_in_the_period_of_use(
        self, stage: Stage, rated: list[Used]
    ) -> None:
        rated.append(used("1235.50"))

        end(stage, "2025-01", "usage")

        entry = stage.entry("usage_accrual")
        is_("J3a", entry)
        unbilled = entry.lines.get(account="1200")
        assert (unbilled.item, unbilled.customer_ref) == ("rated_line/rl_1", "cus_1")
        assert unbilled.service_end == JANUARY.end

    def test_usage_that_came_late_adds_its_difference(
        self, stage: Stage, rated: list[Used]
    ) -> None:
        rated.append(used("1235.50"))
        end(stage, "2025-01", "usage")
        rated[:] = [used("1300.00"), used("10.00", "rl_2")]

        assert end(stage, "2025-01", "usage") == 1
        assert end(stage, "2025-01", "usage") == 0

        assert balances("2025-01-31") == {"1200": 131_000, "4100": -131_000}

    def test_there_is_nothing_to_do_without_usage(self, stage: Stage, rated: list[Used]) -> None:
        assert end(stage, "2025-01", "usage") == 0


class TestCredits:
    def request(
        self, stage: Stage, event: str = "requested", on: str = "2025-03-31", **more
    ) -> None:
        stage.tell(
            f"credit.{event}/1", on, credit_id="cr_1", customer_id="cus_1",
            credit_type="sla_period", currency="USD", amount=50_000, entitled_on="2025-03-31",
            **{f"{event}_on": on}, **more,
        )  # fmt: skip

    def memo(self, stage: Stage, on: str = "2025-04-05") -> None:
        stage.tell(
            "credit.issued/1", on, credit_id="cm_1", customer_id="cus_1", credit_type="sla_period",
            settles="balance", currency="USD", issued_on=on, total=54_125, request_ref="cr_1",
            lines=[{"line_id": "cml_1", "amount": 50_000,
                    "taxes": [{"code": "us-ca", "amount": 4_125}]}],
        )  # fmt: skip

    def test_j5c1_a_credit_that_waits_for_approval_belongs_to_the_period_that_gave_the_right(
        self, stage: Stage
    ) -> None:
        self.request(stage)

        end(stage, "2025-03", "credits")

        is_("J5c1", stage.entry("credit_accrual"))
        assert end(stage, "2025-03", "credits") == 0
        assert end(stage, "2025-04", "credits") == 0

    def test_j5c2_the_memo_uses_the_accrual_and_hits_revenue_no_second_time(
        self, stage: Stage
    ) -> None:
        self.request(stage)
        end(stage, "2025-03", "credits")
        self.request(stage, "approved", "2025-04-04")

        self.memo(stage)

        is_("J5c2", stage.entry("credit"))
        assert balances("2025-04-30")["4900"] == 50_000

    def test_j5c2_a_refused_credit_is_given_back_to_revenue(self, stage: Stage) -> None:
        self.request(stage)
        end(stage, "2025-03", "credits")

        self.request(stage, "rejected", "2025-04-05")

        _, back = stage.entries("credit_accrual")
        is_("J5c2-rejected", back)
        assert balances("2025-04-30") == {}
        assert end(stage, "2025-03", "credits") == 0
        assert end(stage, "2025-04", "credits") == 0

    def test_a_credit_that_was_issued_in_time_is_not_accrued(self, stage: Stage) -> None:
        self.request(stage)
        self.memo(stage, "2025-03-31")

        assert end(stage, "2025-03", "credits") == 0

    def test_only_what_is_earned_already_is_accrued(self, stage: Stage) -> None:
        stage.tell(
            "credit.requested/1", "2025-03-31", credit_id="cr_2", customer_id="cus_1",
            credit_type="future_price_cut", currency="USD", amount=50_000,
            entitled_on="2025-03-31", requested_on="2025-03-31",
        )  # fmt: skip

        assert end(stage, "2025-03", "credits") == 0


class TestCreditLoss:
    def test_j11a_an_estimate_is_an_expense_and_an_allowance(self, stage: Stage) -> None:
        stage.tell(
            "credit_loss.estimated/1", "2025-01-31", estimate_id="ecl_1", legal_entity="US",
            currency="USD", amount=25_000, estimated_on="2025-01-31", method="aging",
        )  # fmt: skip

        is_("J11a", stage.entry("provision"))


class TestNoncurrent:
    def test_j1_nc_what_is_deferred_beyond_a_year_is_shown_apart(self, stage: Stage) -> None:
        stage.invoice("in_1", "2025-01-01", "24000.00", until="2026-12-31")

        end(stage, "2025-01", "recognition", "noncurrent")

        is_("J1-nc", stage.entry("reclass"))
        assert balances("2025-01-31")["2300"] == -1_200_000
        assert stage.entry("void").accounting_date == date(2025, 2, 1)
        assert balances("2025-02-01")["2300"] == -2_300_000
        assert "2310" not in balances("2025-02-01")

    def test_a_later_run_moves_only_the_difference(self, stage: Stage) -> None:
        stage.invoice("in_1", "2025-01-01", "24000.00", until="2026-12-31")
        end(stage, "2025-01", "noncurrent")
        assert end(stage, "2025-01", "noncurrent") == 0

        stage.invoice("in_2", "2025-01-15", "2400.00", service=("2025-01-01", "2026-12-31"))
        assert end(stage, "2025-01", "noncurrent") == 2

        assert balances("2025-01-31")["2310"] == -1_210_000

    def test_it_shrinks_month_by_month_and_ends(self, stage: Stage) -> None:
        stage.invoice("in_1", "2025-01-01", "24000.00", until="2026-12-31")
        for month in range(1, 13):
            end(stage, f"2025-{month:02}", "recognition", "noncurrent")

        shown = [
            -line.functional
            for line in JournalLine.objects.filter(
                account="2310", entry__document_type="reclass"
            ).order_by("entry__accounting_date")
        ]

        assert shown == [1_100_000 - month * 100_000 for month in range(11)]

    def test_a_foreign_contract_keeps_its_rate(self, stage: Stage) -> None:
        stage.rate("2025-01-01", "1.1000")
        stage.invoice("in_1", "2025-01-01", "24000.00", currency="EUR", until="2026-12-31")

        end(stage, "2025-01", "noncurrent")

        assert moved(stage.entry("reclass")) == {"2300": 1_210_000, "2310": -1_210_000}


class TestNetDown:
    def test_is_made_on_request_and_taken_back(self, stage: Stage) -> None:
        stage.invoice(
            "in_1", "2025-01-20", "12000.00", tax="990.00", due_on="2025-02-19",
            service=("2025-02-01", "2026-01-31"),
        )  # fmt: skip
        run(entity_id=stage.entity.pk, period_code="2025-01")
        assert not stage.entries("presentation")

        (row,) = not_yet_unconditional(entity_id=stage.entity.pk, on=date(2025, 1, 31))
        assert (row.open, row.amount, row.number) == (1_299_000, 1_200_000, "in_1")
        end(stage, "2025-01", "netdown")

        assert moved(stage.entry("presentation")) == {"2300": 1_200_000, "1100": -1_200_000}
        assert end(stage, "2025-01", "netdown") == 0
        assert balances("2025-02-01")["1100"] == 1_299_000
        assert not not_yet_unconditional(entity_id=stage.entity.pk, on=date(2025, 2, 28))
