"""An ERP that takes one posting of an event and refuses another."""

from __future__ import annotations

import pytest
from django.db.models import Sum

from accounts.models import User
from accounts.queries import NotAllowed
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from approvals.proof import Proof
from exceptions import operations as cases
from exceptions.models import Case, Tally
from exceptions.undoing import undoer
from revops.kernel import clock
from revops.ledger.models import JournalEntry
from revops.mappings.models import LegalEntity
from revops.pipeline.partial.noticing import KIND
from tests.conftest import SignIn
from tests.pipeline.rehearsal import Rehearsal

REASON = "The fee account is closed for good."


def half_a_payment(line: Rehearsal) -> Case:
    """The ERP holds the payment and refuses its fee."""
    line.control("faults", {"reject_accounts": ["6100"]})
    line.subscribe(pays=True)
    line.deliver()
    line.settle()
    line.poll()  # Stripe tells fees only when asked
    line.settle()
    (case,) = line.open_cases()
    assert case.kind == KIND
    return case


def fee() -> JournalEntry:
    return JournalEntry.objects.get(document_type="fee")


def payment() -> JournalEntry:
    return JournalEntry.objects.get(document_type="payment")


class TestPartOfADocument:
    def test_says_what_stands_and_is_completed_without_sending_it_again(
        self, line: Rehearsal, ana: User
    ) -> None:
        case = half_a_payment(line)
        shown = {part.entry_id: part for part in undoer().parts(case)}
        assert {id: part.state for id, part in shown.items()} == {
            payment().pk: "stands", fee().pk: "missing",
        }  # fmt: skip
        assert shown[payment().pk].number
        assert [label for label, _ in case.facts if label == "Stands"] == ["Stands"]
        moves = len(line.moves())

        line.control("faults", {"reject_accounts": []})
        said = cases.retry(case_id=case.pk, remedy="complete", by=ana)
        line.settle()

        assert said == "1 missing part sent again with the same key."
        assert len(line.moves()) == moves + 1
        assert not line.open_cases()
        line.assert_books_agree()

    def test_is_taken_back_in_the_erp_and_here_when_a_manager_agrees(
        self, line: Rehearsal, sign_in: SignIn, ana: User, mona: User, rob: User
    ) -> None:
        case = half_a_payment(line)
        browser, page = sign_in(ana), f"/exceptions/EXC-{case.pk}/compensate/"
        assert f'href="{page}"' in browser.get(f"/exceptions/EXC-{case.pk}/").content.decode()
        assert "Proposed reversal" in browser.get(page).content.decode()
        assert browser.post(page, {"reason": "no"}).status_code == 422
        proposal = undoer().propose(case, user=ana)
        assert list(proposal.undoes) == [payment().pk, fee().pk]
        assert list(proposal.here) == [fee().pk]
        assert [one.debit.minor for one in proposal.books] == [1_299_000]
        assert [one.credit.minor for one in proposal.books_here] == [37_701]
        assert "finance manager" in proposal.deciders
        with pytest.raises(NotAllowed):
            undoer().ask(case_id=case.pk, by=rob, reason=REASON)

        asked = browser.post(page, {"reason": REASON})
        request = ApprovalRequest.objects.get()
        assert asked["Location"] == f"/approvals/{request}/"
        assert "Take back what is posted" in browser.get(asked["Location"]).content.decode()
        entries = JournalEntry.objects.count()
        assert "waits" in undoer().propose(case, user=ana).problem
        line.control("faults", {"reject_accounts": []})
        self._agree(request, mona)

        assert JournalEntry.objects.count() == entries + 2
        assert line.open_cases()[0].state == "retrying"
        line.settle()
        assert not line.open_cases()
        undone = JournalEntry.objects.get(reverses=payment())
        assert JournalEntry.objects.filter(reverses=fee()).exists()
        sent = line.commands().filter(subject_kind="journal")
        assert sent.get(subject_id=undone.pk).state == "posted"
        assert sent.get(subject_id=fee().pk).state == "cancelled"
        assert not sent.filter(subject_id=JournalEntry.objects.get(reverses=fee()).pk).exists()
        held = sum(1 for move in line.moves() if "6100" in str(move["lines"]))
        assert held == 0
        entity = LegalEntity.objects.get(code="US-INC")
        assert undone.legal_entity_id == entity.pk

    @staticmethod
    def _agree(request: ApprovalRequest, by: User) -> None:
        approvals.decide(
            request_id=request.pk,
            by=by,
            verdict="approve",
            seen=request.sha256,
            proof=Proof(by.pk, clock.now()),
        )

    def test_a_refusal_after_which_the_rest_is_posted_becomes_one(
        self, line: Rehearsal, ana: User
    ) -> None:
        line.control("faults", {"reject_accounts": ["6100", "1100"]})
        line.subscribe(pays=True)
        line.deliver()
        line.settle()
        line.poll()
        line.settle()
        refused = {case.record_id: case for case in line.open_cases()}
        assert {case.kind for case in refused.values()} == {"target_setup"}

        line.control("faults", {"reject_accounts": ["6100"]})
        cases.retry(case_id=refused[payment().pk].pk, remedy="retry", by=ana)
        line.settle()

        (case,) = [one for one in line.open_cases() if one.record_id == fee().pk]
        assert (case.kind, case.pk) == (KIND, refused[fee().pk].pk)
        counted = Tally.objects.values_list("kind").annotate(cases=Sum("cases"))
        assert {kind: cases for kind, cases in counted if cases} == {KIND: 1, "target_setup": 1}
