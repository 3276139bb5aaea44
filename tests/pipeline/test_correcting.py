"""Edit and retry: a person corrects what an event says, and the line takes it from there."""

from __future__ import annotations

import pytest

from approvals import operations as approvals
from approvals.models import ApprovalRequest, Verdict
from approvals.proof import Proof
from exceptions.correcting.editors import NotEditable
from exceptions.models import Case, CaseState, Correction, CorrectionState
from exceptions.operations import CaseRefused
from exceptions.operations.correcting import check, correct
from revops.canonical.models import Invoice
from revops.events.models import InboundEvent, InboxState
from revops.kernel import clock
from revops.ledger.models import JournalEntry
from revops.mappings.models import MappingVersion, SkuMap
from tests.cast import person
from tests.conftest import SignIn
from tests.pipeline.rehearsal import Rehearsal

WRONG, RIGHT = "price_team_yearly", "price_team_monthly"
SKU = {"0.lines.0.sku": RIGHT}
WHY = "Billing used the code of another plan."


@pytest.fixture
def case(line: Rehearsal) -> Case:
    """An invoice whose SKU has no map, while another SKU has one."""
    row = SkuMap.objects.get(sku=WRONG, legal_entity__code="US-INC")
    row.pk, row.sku = None, RIGHT
    SkuMap.objects.filter(sku__in=[WRONG, RIGHT]).delete()
    row.save()
    MappingVersion.objects.create(note="without the plan", made_by="test")
    line.subscribe(pays=True)
    line.deliver()
    line.run()
    return Case.objects.get(kind="mapping_missing")


class TestCheck:
    def test_says_what_differs_and_what_it_would_book_and_writes_nothing(self, case: Case) -> None:
        before = InboundEvent.objects.count(), JournalEntry.objects.count()
        found = check(case, SKU)
        (change,) = found.changes
        assert (change.before, change.after, change.touches) == (WRONG, RIGHT, "account")
        assert found.problem == ""
        assert sum(leg.amount for leg in found.legs) == 0
        assert max(leg.amount for leg in found.legs) == 1_299_000
        assert (InboundEvent.objects.count(), JournalEntry.objects.count()) == before

    @pytest.mark.parametrize(
        ("texts", "problem"),
        [
            ({}, "Nothing was changed."),
            ({"0.lines.0.amount": "12,000"}, "Some fields cannot be read."),
            ({"0.lines.0.amount": "11000.00"}, "add up to 1199000 minor units"),
            ({"0.issued_on": "tomorrow"}, "Some fields cannot be read."),
            ({"0.number": "OTHER-1"}, "is not in the books"),
        ],
    )
    def test_refuses_what_cannot_go(self, case: Case, texts: dict[str, str], problem: str) -> None:
        assert problem in check(case, texts).problem

    def test_never_changes_which_record_it_is_about(self, case: Case) -> None:
        found = check(case, SKU | {"0.invoice_id": "in_other"})
        assert [change.path for change in found.changes] == ["0.lines.0.sku"]


class TestCorrect:
    def test_waits_for_a_second_person_and_then_goes_through_the_line(
        self, case: Case, line: Rehearsal
    ) -> None:
        made = correct(case_id=case.pk, by=person("ana"), texts=SKU, reason=WHY)
        line.run()
        assert made.state == CorrectionState.WAITING
        with pytest.raises(CaseRefused, match="waits for approval already"):
            correct(case_id=case.pk, by=person("rob"), texts=SKU, reason=WHY)

        _decide(made, "mona", Verdict.APPROVE)
        line.run()

        case.refresh_from_db()
        made.refresh_from_db()
        original = InboundEvent.objects.get(pk=made.original_id)
        assert case.state == CaseState.RESOLVED
        assert case.inbound_id == made.corrected_id != made.original_id
        assert (original.state, original.reason) == (
            InboxState.IGNORED, f"Corrected by a person: EVT-{made.corrected_id}.",
        )  # fmt: skip
        assert WRONG.encode() in bytes(original.body)
        assert Invoice.objects.count() == 1
        line.settle()
        line.assert_books_agree()

    def test_changes_nothing_when_it_is_not_agreed_to(self, case: Case, line: Rehearsal) -> None:
        made = correct(case_id=case.pk, by=person("ana"), texts=SKU, reason=WHY)
        _decide(made, "mona", Verdict.REJECT)
        line.run()
        made.refresh_from_db()
        case.refresh_from_db()
        assert (made.state, made.corrected_id) == (CorrectionState.REFUSED, None)
        assert case.state == CaseState.OPEN
        assert case.inbound_id == made.original_id

    def test_goes_at_once_when_no_amount_account_or_period_depends_on_it(
        self, case: Case, line: Rehearsal
    ) -> None:
        row = SkuMap.objects.get(sku=RIGHT, legal_entity__code="US-INC")
        row.pk, row.sku = None, WRONG
        row.save()
        MappingVersion.objects.create(note="with the plan", made_by="test")
        made = correct(
            case_id=case.pk, by=person("ana"), texts={"0.number": "INV-RIGHT"}, reason=WHY
        )
        assert made.state == CorrectionState.SENT
        assert not ApprovalRequest.objects.exists()
        line.run()
        case.refresh_from_db()
        assert case.state == CaseState.RESOLVED
        assert Invoice.objects.get().number == "INV-RIGHT"

    def test_is_refused_when_what_it_says_is_in_the_books(
        self, case: Case, line: Rehearsal
    ) -> None:
        made = correct(case_id=case.pk, by=person("ana"), texts=SKU, reason=WHY)
        _decide(made, "mona", Verdict.APPROVE)
        line.run()
        case.refresh_from_db()
        with pytest.raises(NotEditable):
            check(case, SKU)


class TestPage:
    def test_shows_the_event_then_the_difference_then_asks(
        self, case: Case, sign_in: SignIn
    ) -> None:
        browser = sign_in(person("ana"))
        address = f"/exceptions/EXC-{case.pk}/edit/"
        assert WRONG in browser.get(address).content.decode()
        form = {f"f.{path}": text for path, text in SKU.items()}
        checked = browser.post(address, form).content.decode()
        assert f'<span class="is">{RIGHT}</span>' in checked
        assert "12,990.00" in checked
        assert not Correction.objects.exists()
        assert browser.post(address, form | {"act": "send"}).status_code == 422
        sent = browser.post(address, form | {"act": "send", "reason": WHY})
        assert sent["Location"].startswith("/approvals/")
        page = browser.get(f"/exceptions/EXC-{case.pk}/").content.decode()
        assert f"corrected EVT-{case.inbound_id}" in page


def _decide(made: Correction, who: str, verdict: str) -> None:
    assert made.request is not None
    asked = ApprovalRequest.objects.get(pk=made.request)
    approvals.decide(
        request_id=asked.pk, by=person(who), verdict=verdict, seen=asked.sha256, reason="Looked.",
        proof=Proof(person(who).pk, clock.now()),
    )  # fmt: skip
