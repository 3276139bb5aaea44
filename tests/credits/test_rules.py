"""Rules raise provisional credits from support cases, once for each."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from revops.canonical.models import Credit
from revops.credits import life
from revops.credits.models import ServiceCredit
from revops.credits.operations import drafting, sending
from revops.credits.operations.following import follow
from revops.credits.operations.raising import raise_due
from revops.credits.tasks import turn
from revops.kernel import clock
from tests.credits.desk import Desk


class TestRules:
    def test_raise_a_provisional_credit_that_the_books_hear_of(self, desk: Desk) -> None:
        desk.year()
        desk.promised()
        desk.ruled()
        case = desk.case()

        turn()
        desk.advance()

        credit = ServiceCredit.objects.get()
        assert (credit.state, credit.provisional, credit.ticket) == (life.DRAFT, True, "ZD-1")
        assert credit.amount == credit.proposed
        assert credit.support_case == case
        assert Credit.objects.get(source_id=credit.number).state == "requested"

    def test_raise_it_once_however_often_the_desk_tells(self, desk: Desk) -> None:
        desk.year()
        desk.promised()
        desk.ruled()
        desk.case()
        assert raise_due() == 1
        desk.case(status="pending")

        assert raise_due() == 0
        assert ServiceCredit.objects.count() == 1

    def test_leave_other_severities_and_unpromised_plans_alone(self, desk: Desk) -> None:
        desk.year()
        desk.ruled()
        desk.case("ZD-2")
        assert raise_due() == 0
        desk.promised()
        desk.case("ZD-3", severity="3")

        assert raise_due() == 1
        assert ServiceCredit.objects.get().ticket == "ZD-2"

    def test_that_wait_for_the_resolution_wait(self, desk: Desk) -> None:
        desk.year()
        desk.promised()
        desk.ruled(on="resolved")
        case = desk.case()
        assert raise_due() == 0
        today = desk.today.isoformat()
        desk.tell(
            "support_case.resolved/1", today, case_id=case.source_id, customer_ref="cus_1",
            title=case.title, severity="1", status="solved", opened_on=today, resolved_on=today,
        )  # fmt: skip

        assert raise_due() == 1

    def test_that_send_ask_the_approver_at_once(self, desk: Desk) -> None:
        desk.year()
        desk.promised()
        desk.ruled(sends=True)
        desk.case()

        turn()

        credit = ServiceCredit.objects.get()
        assert (credit.state, credit.asked_by) == (life.WAITING, None)
        assert desk.decide(credit).state == life.ISSUING

    def test_count_from_their_day_on_where_the_books_are(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        desk.year()
        desk.promised()
        desk.case()
        desk.entity.zone = "America/New_York"
        desk.entity.save()
        tomorrow = desk.today + timedelta(days=1)
        midnight = datetime.combine(tomorrow, time(), ZoneInfo(desk.entity.zone))
        desk.ruled(since=midnight.date())

        monkeypatch.setattr(clock, "now", lambda: midnight - timedelta(minutes=20))
        assert raise_due() == 0
        monkeypatch.setattr(clock, "now", lambda: midnight + timedelta(minutes=20))
        assert raise_due() == 1

    def test_what_nobody_sends_expires_and_is_taken_back(self, desk: Desk) -> None:
        desk.year()
        desk.promised()
        desk.ruled(keeps_days=1)
        desk.case()
        turn()
        credit = ServiceCredit.objects.get()
        ServiceCredit.objects.update(expires_on=desk.today - timedelta(days=2))

        follow()
        desk.advance()

        credit.refresh_from_db()
        assert (credit.state, credit.provisional) == (life.EXPIRED, False)
        assert Credit.objects.get(source_id=credit.number).state == "rejected"

    def test_what_a_rule_raised_is_sent_by_whoever_may_ask(self, desk: Desk) -> None:
        desk.year()
        desk.promised()
        desk.ruled()
        desk.case()
        turn()
        credit = sending.send(by=desk.sue, credit_id=ServiceCredit.objects.get().pk)

        assert (credit.state, credit.asked_by) == (life.WAITING, desk.sue)
        desk.advance()
        assert Credit.objects.get(source_id=credit.number).net == credit.amount

    def test_a_discarded_one_leaves_nothing_accrued(self, desk: Desk) -> None:
        desk.year()
        desk.promised()
        desk.ruled()
        desk.case()
        turn()
        credit = ServiceCredit.objects.get()

        drafting.discard(by=desk.sue, credit_id=credit.pk)
        desk.advance()

        assert Credit.objects.get(source_id=credit.number).state == "rejected"
        assert raise_due() == 0
