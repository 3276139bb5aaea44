"""A request from its draft to the credit memo, by operations and events through the line."""

from __future__ import annotations

from revops.canonical.models import Credit
from revops.credits import life
from tests.credits.desk import Desk


class TestGiven:
    def test_goes_from_the_request_over_the_approval_to_the_memo(self, desk: Desk) -> None:
        invoice = desk.year(pays=True)
        desk.promised()
        case = desk.case()
        credit = desk.ask(sought=case.source_id, case_id=case.pk)
        assert credit.state == life.WAITING
        desk.advance()
        assert Credit.objects.get(source_id=credit.number).state == "requested"

        credit = desk.decide(credit)
        assert credit.state == life.ISSUING
        credit = desk.issue(credit)

        assert credit.state == life.ISSUED
        assert credit.posted_at is not None
        assert credit.memo is not None
        assert credit.memo.number == f"CN-{credit.pk}"
        assert invoice.number
        assert not desk.stuck()
