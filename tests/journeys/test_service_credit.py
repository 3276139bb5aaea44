"""Q4: a case misses its SLA, and the customer gets what was promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from accounts.models import User
from accounts.queries import NotAllowed
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from approvals.operations import NotYours
from approvals.queries.ladder import ladder
from approvals.queries.standing import standing_of
from exceptions import operations as cases
from exceptions.models import Case
from revops.canonical.models import Credit, Invoice, InvoiceLine
from revops.credits.models import ServiceCredit
from revops.credits.queries.progress import stages_of
from revops.credits.queries.sheet import Draft, sheet
from revops.delivery.models import OutboundCommand
from revops.kernel import clock
from revops.kernel.money import Money
from revops.ledger.models import JournalEntry
from revops.lineage.queries import thread
from revops.sandbox import company, desk
from revops.sandbox.tours import crediting
from revops.sandbox.tours.crediting import PRICE, QUANTITY
from revops.sandbox.tours.service_credit import TOUR
from tests.journeys.world import World, lines

YEAR = QUANTITY * PRICE
NOTE = "billing.credit_note.create"


def share(amount: int, part: int, whole: int) -> int:
    exact = Decimal(amount) * part / whole
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def person(name: str) -> User:
    return User.objects.get(email=f"{name}@demo.example")


class TestServiceCredit:
    def test_a_broken_promise_is_credited_booked_and_told_in_spite_of_a_refusal(
        self, world: World
    ) -> None:
        desk.seed()
        raised = world.walk(TOUR, {"run": "Q4"}, until="accrued")
        credit = ServiceCredit.objects.get(pk=raised.facts["credit"])
        net = self._is_raised_by_the_rule(credit)
        self._says_what_the_customer_has_a_right_to(credit, net)

        accrued = world.walk(TOUR, raised.facts, until="send")
        self._is_accrued_in_its_month(accrued.facts, net)

        sent = world.walk(TOUR, accrued.facts, until="approve")
        self._is_for_a_manager_and_not_for_who_asks(sent.facts["approval"])

        refused = world.walk(TOUR, sent.facts, until="issued")
        cause = self._is_a_case_and_told_nobody(world, refused.facts)
        outcome = cases.retry_cause(cause_key=cause, remedy="retry", by=person("priya"))
        assert (outcome.done, outcome.refused) == (1, {})
        world.settle()
        walked = world.walk(TOUR, refused.facts)

        assert walked.done
        assert not world.open_cases()
        facts = dict(walked.facts)
        tax = self._is_one_credit_note(world, facts, net)
        self._uses_up_what_was_accrued(facts, net, tax)
        self._is_in_the_erp_line_by_line(world, net, tax)
        self._is_one_thread(facts)
        self._was_told(world, facts, net)
        self._happens_once(world)

    def _is_raised_by_the_rule(self, credit: ServiceCredit) -> int:
        """15 % of what the month costs by its days: what the plan promises for availability."""
        (line,) = InvoiceLine.objects.filter(invoice=credit.invoice)
        assert line.service_start is not None
        assert line.service_end is not None
        day = crediting.broken_on()
        whole = (line.service_end - line.service_start).days + 1
        net = share(share(YEAR, day.day, whole), 1_500, 10_000)
        assert (credit.state, credit.provisional, credit.asked_by) == ("draft", True, None)
        assert str(credit.rule) == "Severity 1 over SLA"
        assert (credit.amount, credit.proposed, credit.maximum) == (net, net, net)
        assert (credit.credit_type, credit.entitled_on) == ("sla_period", day)
        record = Credit.objects.get(pk=credit.record_id or 0)
        assert (record.state, record.net, record.case_ref) == ("requested", net, credit.ticket)
        return net

    def _says_what_the_customer_has_a_right_to(self, credit: ServiceCredit, net: int) -> None:
        """As the page of the request shows it to support."""
        found = sheet(Draft.of(credit), by=person("tom").pk, at=clock.now(), credit=credit)
        assert not found.problems
        assert found.assessment is not None
        assert (found.assessment.entitled, found.assessment.proposed) == (True, net)
        assert found.assessment.sentence == (
            "Scale plan, availability: 99.95 % a month was promised. "
            "A breach gives 15 % of the month."
        )
        assert found.asked is not None
        assert found.asked.placed.tier.number == 2

    def _is_accrued_in_its_month(self, facts: Mapping[str, Any], net: int) -> None:
        entry = JournalEntry.objects.get(pk=facts["accrual_id"])
        assert entry.accounting_date == crediting.broken_on()
        assert lines(entry) == [("4900", net), ("2420", -net)]

    def _is_for_a_manager_and_not_for_who_asks(self, approval: int) -> None:
        request = ApprovalRequest.objects.get(pk=approval)
        (rung,) = ladder(request)
        assert (request.tier, rung.state, rung.words) == (2, "waiting", "One finance manager")
        tom, priya, marcus = person("tom"), person("priya"), person("marcus")
        assert standing_of(tom, request).reason == "You can’t decide this: you are asking."
        assert standing_of(priya, request).reason == "This needs a finance manager for US-INC."
        assert standing_of(marcus, request).may
        for one in (tom, priya):
            with pytest.raises((NotAllowed, NotYours)):
                approvals.decide(
                    request_id=approval, verdict="approve", by=one, seen=request.sha256
                )

    def _is_a_case_and_told_nobody(self, world: World, facts: Mapping[str, Any]) -> str:
        (case,) = world.open_cases()
        assert (case.pk, case.kind) == (facts["refusal"], "refused")
        assert "is under review: nothing can be credited" in case.what_happened
        credit = ServiceCredit.objects.get(pk=facts["credit"])
        assert credit.decided_by == "Marcus Oyelaran"
        stage = next(one for one in stages_of(credit) if one.state == "stuck")
        assert (stage.slug, stage.case_id) == ("note", case.pk)
        assert not JournalEntry.objects.filter(document_type="credit").exists()
        assert "credit_issued" not in {row["Kind__gc"] for row in world.signals()}
        return str(facts["cause"])

    def _is_one_credit_note(self, world: World, facts: Mapping[str, Any], net: int) -> int:
        assert world.control(company.STRIPE, "state")["counts"]["credit_note"] == 1
        memo = Credit.objects.get(pk=facts["memo_id"])
        tax = share(net, 825, 10_000)
        assert (memo.state, memo.net, memo.total) == ("issued", net, net + tax)
        assert memo.request_id == facts["request_id"]
        return tax

    def _uses_up_what_was_accrued(self, facts: Mapping[str, Any], net: int, tax: int) -> None:
        """Revenue of the month was lowered already: the memo posts no line of it."""
        assert lines(JournalEntry.objects.get(pk=facts["journal_id"])) == [
            ("1100", -net - tax), ("2100", tax), ("2420", net),
        ]  # fmt: skip
        assert sorted(JournalEntry.objects.values_list("document_type", flat=True)) == [
            "credit", "credit_accrual", "invoice",
        ]  # fmt: skip

    def _is_in_the_erp_line_by_line(self, world: World, net: int, tax: int) -> None:
        held = [
            sorted((line["account"], _minor(line)) for line in move["lines"])
            for move in world.moves()
        ]
        whole = YEAR + share(YEAR, 825, 10_000)
        assert sorted(held) == [
            [("1100", -net - tax), ("2100", tax), ("2420", net)],
            [("1100", whole), ("2100", YEAR - whole), ("2300", -YEAR)],
            [("2420", -net), ("4900", net)],
        ]

    def _is_one_thread(self, facts: Mapping[str, Any]) -> None:
        found = thread("credit", facts["memo_id"])
        assert found is not None
        assert not found.problems
        kinds = {hop.kind for hop in found.hops}
        assert kinds >= {
            "customer", "subscription", "invoice", "support_case", "credit", "journal", "posting",
            "event",
        }  # fmt: skip
        assert {hop.id for hop in found.of("credit")} == {facts["memo_id"], facts["request_id"]}
        assert {hop.id for hop in found.of("support_case")} == {facts["case_id"]}
        assert {hop.id for hop in found.of("journal")} >= {facts["accrual_id"], facts["journal_id"]}
        assert {hop.status for hop in found.of("posting")} == {"posted"}
        credit = ServiceCredit.objects.get(pk=facts["credit"])
        assert [stage.state for stage in stages_of(credit)] == ["done"] * 5

    def _was_told(self, world: World, facts: Mapping[str, Any], net: int) -> None:
        signals = Counter(row["Kind__gc"] for row in world.signals())
        assert signals >= Counter({"credit_requested": 1, "credit_approved": 1, "credit_issued": 1})
        assert max(signals.values()) == 1
        tax = share(net, 825, 10_000)
        owed = Decimal(YEAR + share(YEAR, 825, 10_000) - net - tax) / 100
        (invoice,) = world.rows("RevOps_Invoice__c")
        assert invoice["RevOps_Id__c"] == facts["invoice"]
        assert Decimal(str(invoice["Open__c"])) == owed
        notes = world.ticket(facts["ticket"])["notes"]
        money, number = Money(net, "USD"), Invoice.objects.get(pk=facts["invoice_id"]).number
        assert [(note["body"], note["public"]) for note in notes] == [
            (f"A credit of {money} before tax was asked for. Nothing is promised yet.", False),
            (f"A credit of {money} before tax was approved. Billing issues it now.", False),
            (f"A credit of {money} before tax was issued on {number} and is in the books.", False),
        ]

    def _happens_once(self, world: World) -> None:
        before = OutboundCommand.objects.count()
        world.settle()
        assert OutboundCommand.objects.count() == before
        assert OutboundCommand.objects.filter(kind=NOTE).count() == 1
        assert world.control(company.STRIPE, "state")["counts"]["credit_note"] == 1
        assert Case.objects.count() == 1


def _minor(line: Mapping[str, str]) -> int:
    return int((Decimal(line["debit"]) - Decimal(line["credit"])) * 100)
