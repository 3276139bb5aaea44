"""Credits through the line with Stripe's and Tryton's sandboxes: paid meanwhile, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.conf import LazySettings
from django.db import transaction

from accounts.models import User
from approvals import operations as approvals
from approvals import subjects
from approvals.models import ApprovalRequest
from approvals.operations.setting import MONEY, begin_with
from exceptions import operations as cases
from exceptions.models import Case
from exceptions.operations import CaseRefused
from revops.canonical.models import Invoice
from revops.credits import life
from revops.credits.life import CannotChange
from revops.credits.models import ServiceCredit
from revops.credits.operations import drafting, otherwise, reversing, sending
from revops.credits.queries.progress import stages_of
from revops.credits.queries.sheet import SUBJECT, Draft
from revops.credits.tasks import turn
from revops.delivery.models import OutboundCommand
from revops.kernel import strict_json
from revops.ledger.models import JournalEntry
from revops.pipeline import send
from tests.pipeline.rehearsal import Rehearsal, served

NOTE = otherwise.NOTE


class Credits(Rehearsal):
    """The line, with people who ask for credits and decide them."""

    def people(self) -> None:
        for subject in (SUBJECT, reversing.REVERSAL, otherwise.OTHERWISE):
            with transaction.atomic():
                begin_with(subject=subject, tiers=MONEY, since=date(2024, 1, 1), made_by="test")

    def person(self, name: str) -> User:
        return User.objects.get(email=f"{name}@demo.example")

    def approved(self, invoice: str) -> ServiceCredit:
        """Goodwill of 100.00 that support asked for and finance agreed to; not sent yet."""
        record = Invoice.objects.get(source_id=invoice)
        credit, found = drafting.save(
            by=self.person("tom"),
            draft=Draft(invoice_id=record.pk, credit_type="goodwill", reason_code="relationship",
                        amount="100.00"),
        )  # fmt: skip
        assert not found.problems
        credit = sending.send(by=self.person("tom"), credit_id=credit.pk)
        self.decide(credit.approval_id)
        return credit

    def decide(self, number: int | None, verdict: str = "approve", *, by: str = "marcus") -> None:
        request = ApprovalRequest.objects.get(pk=number)
        approvals.decide(
            request_id=request.pk, verdict=verdict, by=self.person(by), seen=request.sha256,
            reason="Looked at it.",
        )  # fmt: skip

    def around(self) -> None:
        """Everything that is due: told, understood, asked of billing, told again, posted."""
        for _ in range(3):
            self.advance()
            turn()
            send.drain(self.source.pk, drainer="test", seconds=20, linger=0)
            self.deliver()
        self.settle()
        turn()


def lines(document: str) -> dict[str, int]:
    entry = JournalEntry.objects.get(document_type=document, record_kind="credit")
    return {line.account: line.amount for line in entry.lines.all()}


def posts(request: ApprovalRequest) -> dict[str, int]:
    """What its page says that will post."""
    subject, content = subjects.get(request.subject), strict_json.loads(request.content)
    assert subject.title(content)
    assert subject.describe(content)
    return {
        one.account: one.debit.minor if one.debit else -one.credit.minor if one.credit else 0
        for one in subject.consequences(content).lines
    }


@pytest.fixture
def line(transactional_db: None, settings: LazySettings) -> Iterator[Credits]:
    settings.REVOPS_DEMO = True
    settings.REVOPS_SETTLE_SCALE = 0.0
    with served() as (stripe_url, erp_url, stripe):
        made = Credits(stripe_url, erp_url, stripe)
        made.people()
        yield made


@pytest.mark.django_db(transaction=True)
class TestPaidInBetween:
    def test_becomes_balance_when_somebody_chose_it_and_somebody_else_agreed(
        self, line: Credits
    ) -> None:
        invoice = line.subscribe()
        line.deliver()
        line.settle()
        credit = line.approved(invoice)
        line.advance()
        # The customer pays while billing is asked; the console has not heard of it.
        line.stripe.pay(invoice)
        send.drain(line.source.pk, drainer="test", seconds=20, linger=0)
        case = Case.objects.get(kind=otherwise.KIND)
        ana, refused = line.person("priya"), OutboundCommand.objects.get(kind=NOTE)
        with pytest.raises(CaseRefused, match="wait for billing’s news"):
            cases.retry(case_id=case.pk, remedy="credit_to_balance", by=ana)
        line.around()
        with pytest.raises(CaseRefused, match="was refused like that"):
            cases.retry(case_id=case.pk, remedy="credit_to_invoice", by=ana)

        said = cases.retry(case_id=case.pk, remedy="credit_to_balance", by=ana)
        case.refresh_from_db()
        assert "asks somebody else" in said
        assert (case.state, OutboundCommand.objects.filter(kind=NOTE).count()) == ("open", 1)
        request = ApprovalRequest.objects.get(subject=otherwise.OTHERWISE)
        assert posts(request) == {"4910": 10_000, "2100": 825, "2400": -10_825}
        line.decide(request.pk)
        line.around()

        credit.refresh_from_db()
        case.refresh_from_db()
        refused.refresh_from_db()
        assert (credit.state, case.state, refused.state) == (life.ISSUED, "resolved", "cancelled")
        assert lines("credit") == {"4910": 10_000, "2100": 825, "2400": -10_825}
        assert [stage.state for stage in stages_of(credit)][:4] == ["done"] * 4
        (note,) = line.stripe.world.all("credit_note")
        assert note["customer_balance_transaction"]
        line.assert_books_agree()


@pytest.mark.django_db(transaction=True)
class TestTakenBack:
    def test_is_voided_in_billing_and_mirrored_in_the_erp(self, line: Credits) -> None:
        invoice = line.subscribe()
        line.deliver()
        line.settle()
        credit = line.approved(invoice)
        line.around()
        credit.refresh_from_db()
        assert (credit.state, credit.posted_at is not None) == (life.ISSUED, True)

        tom = line.person("tom")
        request = reversing.ask(by=tom, credit_id=credit.pk, reason="The wrong customer.")
        assert posts(request) == {"4910": -10_000, "2100": -825, "1100": 10_825}
        with pytest.raises(CannotChange, match="asked for already"):
            reversing.ask(by=tom, credit_id=credit.pk, reason="The wrong customer.")
        line.decide(request.pk)
        line.around()

        credit.refresh_from_db()
        assert credit.state == life.REVERSED
        (note,) = line.stripe.world.all("credit_note")
        assert note["status"] == "void"
        assert lines("void") == {"4910": -10_000, "2100": -825, "1100": 10_825}
        assert [stage.state for stage in stages_of(credit)][5:] == ["done"] * 3
        line.assert_books_agree()
        assert not Case.objects.exclude(state="resolved").exists()
