"""The timed tasks are counted as the model says, and are all there that can be done."""

from __future__ import annotations

from datetime import timedelta

from approvals.models import ApprovalRequest
from connectors.systems.stripe.sandbox import scenarios
from exceptions.models import Case
from revops.bench import tasks
from revops.bench.hand import Hand
from revops.credits.models import ServiceCredit
from revops.delivery.models import OutboundCommand
from revops.kernel import clock
from revops.ledger.models import JournalEntry
from revops.mappings.models import LegalEntity
from revops.pipeline import process
from revops.pipeline.fixing.maps import MissingMap
from revops.reconciliation.checks import registry
from revops.reconciliation.models import SignOff
from revops.sandbox import desk
from tests.browser.conftest import Visit
from tests.browser.stage import TEAM, Stage
from tests.reconciliation.lists import Lists
from tests.reconciliation.world import PAYOUTS


class TestHand:
    def test_counts_what_it_does(self, visit: Visit) -> None:
        seen = visit("/exceptions/")
        hand = Hand(seen.page)
        hand.decide()
        hand.click(seen.page.locator("#filter-q"))
        hand.type("closed")
        seen.page.wait_for_url("**q=closed")
        hand.click(seen.page.locator("tbody th a").first)
        seen.page.wait_for_url("**/causes/*/")
        assert (hand.clicks, hand.keys, hand.decisions, hand.moves) == (2, 6, 1, 3)
        model = 2 * 1.3 + 6 * 0.28 + 1.35 + 3 * 0.4
        assert round(hand.seconds - 0.5 * hand.screens, 2) == round(model, 2)


class TestTasks:
    def test_t1_reaches_its_goal_with_two_people(self, visit: Visit, stage: Stage) -> None:
        """40 invoices of a tax code that nobody mapped: fixed once, agreed to, all in the ERP."""
        known = scenarios.customers(stage.line.stripe, pays=None, **TEAM)["made"][0]["customer"]
        for number in range(tasks.CASES):
            scenarios.issue(
                stage.line.stripe, customer=known, amount=900_000 + 1_000 * number,
                tax_percent="6.5",
            )  # fmt: skip
        stage.tell()
        case = Case.objects.exclude(state="resolved").filter(facts__0__1="txr_6_5").latest("pk")

        fixed = tasks.fix_a_cause(visit().page, account="2100", start="/exceptions/?q=6_5")
        request = ApprovalRequest.objects.filter(subject="mapping_change").latest("pk")
        decided = tasks.approve_a_fix(
            visit(by="Marcus").page, link=f"/approvals/APR-{request.pk}/",
            posted=lambda: stage.replayed() and _in_the_erp(case.cause_key),
        )  # fmt: skip

        assert fixed.reached
        assert decided.reached
        page = visit(f"/exceptions/causes/{case.cause_key}/").page
        assert "No case of this cause is open" in page.inner_text("main")
        assert "40 confirmed by the ERP" in page.inner_text("main")

    def test_t2_reaches_its_goal_with_two_people(self, visit: Visit, stage: Stage) -> None:
        (invoice,) = stage.customers(
            1, price="price_scale_yearly", amount=400_000_000, legal_entity="US-INC", pays=None,
            at=int((clock.now() - timedelta(days=2)).timestamp()),
        )  # fmt: skip
        scene = desk.Scene("ZD-50002", "The API is slow", "2", "availability", "issued")
        process.advance(desk.tell([(scene, invoice)]).pk, seconds=5, linger=0)

        asked = tasks.ask_for_a_credit(
            visit(by="Tom").page, invoice=f"/records/invoice/{invoice.pk}/", amount="1200.00",
            ticket=scene.number,
        )  # fmt: skip
        request = ApprovalRequest.objects.filter(subject="service_credit").latest("pk")
        decided = tasks.approve_a_credit(
            visit(by="Marcus").page, link=f"/approvals/APR-{request.pk}/"
        )

        assert asked.reached
        assert decided.reached
        assert asked.clicks + decided.clicks <= 7
        credit = ServiceCredit.objects.get(approval_id=request.pk)
        assert (credit.state, credit.amount, credit.ticket) == ("approved", 120_000, scene.number)

        self._ends_in_the_books(visit, stage, credit)

    def _ends_in_the_books(self, visit: Visit, stage: Stage, credit: ServiceCredit) -> None:
        """Q4: the credit note is in billing, the memo in Tryton, and support may say so."""
        stage.wait(lambda: stage.credits_go_on() or _posted(credit))
        credit.refresh_from_db()
        assert credit.memo is not None
        entry = JournalEntry.objects.get(document_type="credit", record_id=credit.memo_id)
        command = OutboundCommand.objects.get(subject_kind="journal", subject_id=entry.pk)
        assert command.key in [move["key"] for move in stage.line.moves()]
        page = visit(f"/credits/{credit.pk}/", by="Tom").page
        assert "You can tell the customer: the credit is in the books." in page.inner_text("main")

    def test_t3_reaches_its_goal(self, visit: Visit, stage: Stage) -> None:
        number = stage.case["period_closed"].subject_label.split()[1].rstrip(",")
        done = tasks.find_why(
            visit("/").page, start="/connections/", invoice=number, why="is closed in Tryton"
        )
        assert (done.clicks, done.keys, done.screens) == (0, len(number) + 2, 1)
        assert done.reached

    def test_t4_reaches_its_goal(self, visit: Visit, stage: Stage) -> None:
        registry._found().setdefault(PAYOUTS.slug, PAYOUTS)
        lists = Lists(LegalEntity.objects.order_by("pk").last(), check=PAYOUTS)
        for place, amount in enumerate((50_000, 20_000, 31_000), start=1):
            lists.bill(f"T4-PO-{place}", amount)
        lists.post("T4-BNK-1", 50_000, reference="T4-PO-1")
        lists.post("T4-BNK-2", 20_000, reference="T4-PO-2")
        run = lists.run()
        done = tasks.clear_breaks(visit().page, run=f"/reconciliation/runs/REC-{run.number}/")
        assert done.reached
        assert (done.clicks, SignOff.objects.get(run=run).role) == (8, "preparer")

    def test_t5_reaches_its_goal(self, visit: Visit, stage: Stage) -> None:
        done = tasks.can_it_close(visit(by="Marcus").page, entity="US-INC")
        assert (done.clicks, done.keys, done.screens) == (1, 0, 1)
        assert done.reached


def _in_the_erp(cause_key: str) -> bool:
    (fixed, *_) = MissingMap().earlier(cause_key, at=clock.now())
    return fixed.confirmed == tasks.CASES


def _posted(credit: ServiceCredit) -> bool:
    return ServiceCredit.objects.filter(pk=credit.pk, posted_at__isnull=False).exists()
