"""Every type of credit by events through the line, with the books line by line."""

from __future__ import annotations

from datetime import timedelta

import pytest

from revops.credits import life
from revops.credits.operations import sending
from revops.pipeline.period_end.runs import run
from tests.credits.desk import Desk

NOTE = "Agreed with the customer on the phone."


def lines(desk: Desk, document: str) -> dict[str, int]:
    """The only entry of a document type, account by account, in minor units."""
    found: dict[str, int] = {}
    for line in desk.entry(document).lines.all():
        found[line.account] = found.get(line.account, 0) + line.amount
    return found


def give(desk: Desk, **more: object) -> None:
    """Asked for, approved, issued by billing."""
    credit = desk.ask(**more)
    credit = desk.issue(desk.decide(credit))
    assert credit.state == life.ISSUED
    assert not desk.stuck()


class TestSlaCredit:
    def test_of_an_open_invoice_lowers_it_and_revenue_of_the_month(self, desk: Desk) -> None:
        desk.year()
        desk.promised()

        give(desk, case_id=desk.case().pk)

        assert lines(desk, "credit") == {"4900": 9_000, "2100": 742, "1100": -9_742}

    def test_of_a_paid_invoice_becomes_the_customers_balance(self, desk: Desk) -> None:
        desk.year(pays=True)
        desk.promised()

        give(desk, case_id=desk.case().pk)

        assert lines(desk, "credit") == {"4900": 9_000, "2100": 742, "2400": -9_742}


class TestOthers:
    def test_goodwill_lowers_allowances(self, desk: Desk) -> None:
        desk.year(pays=True)

        give(desk, sought="in_1", credit_type="goodwill", reason_code="relationship",
             amount="200.00")  # fmt: skip

        assert lines(desk, "credit") == {"4910": 20_000, "2100": 1_650, "2400": -21_650}

    def test_a_concession_catches_up_what_is_earned(self, desk: Desk) -> None:
        desk.year(days_ago=0, pays=True)

        give(desk, sought="in_1", credit_type="contract_concession", reason_code="quality",
             amount="1200.00", note=NOTE)  # fmt: skip

        found = lines(desk, "credit")
        # Evenly by months; the month of today belongs to what is still to come.
        earned = 10_000 * (desk.today.month - 1)
        assert found["4900" if earned else "2300"] == (earned or 120_000)
        assert found.get("2300", 0) == 120_000 - earned
        assert (found["2100"], found["2400"]) == (9_900, -129_900)

    def test_a_lower_price_from_now_on_takes_only_what_is_to_come(self, desk: Desk) -> None:
        desk.year(days_ago=0, pays=True)

        give(desk, sought="in_1", credit_type="future_price_cut", reason_code="price",
             amount="600.00", note=NOTE)  # fmt: skip

        assert lines(desk, "credit") == {"2300": 60_000, "2100": 4_950, "2400": -64_950}

    def test_a_billing_error_is_undone_where_it_was_booked(self, desk: Desk) -> None:
        desk.year()

        give(desk, sought="in_1", credit_type="billing_error", reason_code="billing_mistake",
             amount="1200.00")  # fmt: skip

        assert lines(desk, "credit") == {"2300": 120_000, "2100": 9_900, "1100": -129_900}


class TestWaiting:
    @pytest.fixture
    def period(self, desk: Desk) -> str:
        return f"{desk.today - timedelta(days=1):%Y-%m}"

    def test_a_credit_that_waits_is_accrued_and_the_memo_uses_it_up(
        self, desk: Desk, period: str
    ) -> None:
        desk.year(pays=True)
        desk.promised()
        credit = desk.ask(case_id=desk.case().pk)
        desk.advance()

        run(entity_id=desk.entity.pk, period_code=period, kinds=["credits"])
        assert lines(desk, "credit_accrual") == {"4900": 9_000, "2420": -9_000}
        desk.issue(desk.decide(credit))

        assert lines(desk, "credit") == {"2420": 9_000, "2100": 742, "2400": -9_742}
        assert desk.on("4900") == 9_000

    @pytest.mark.parametrize("verdict", ["reject", "withdraw"])
    def test_a_credit_that_is_not_given_takes_its_accrual_back(
        self, desk: Desk, period: str, verdict: str
    ) -> None:
        desk.year(pays=True)
        desk.promised()
        credit = desk.ask(case_id=desk.case().pk)
        desk.advance()
        run(entity_id=desk.entity.pk, period_code=period, kinds=["credits"])

        if verdict == "reject":
            desk.decide(credit, "reject")
        else:
            sending.withdraw(by=desk.sue, credit_id=credit.pk, reason="It was their own fault.")
            desk.advance()

        credit.refresh_from_db()
        assert credit.state == (life.REJECTED if verdict == "reject" else life.WITHDRAWN)
        assert desk.on("4900") == desk.on("2420") == 0
