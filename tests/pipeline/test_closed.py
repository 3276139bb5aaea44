"""Beside a closed period: posted in the next open one, or booked by hand and found there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from accounts.authority import NotAllowed
from accounts.models import User
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from approvals.proof import Proof
from exceptions.fixes import Done, FixRefused, Seen
from exceptions.models import Case
from revops.audit.models import Event
from revops.jobs import operations as jobs
from revops.jobs.models import Job, JobItem
from revops.kernel import clock
from revops.kernel.money import Money
from revops.ledger.models import JournalEntry
from revops.lineage.queries import thread
from revops.mappings.models import AccountingPeriod, LegalEntity
from revops.pipeline.closed.panel import ClosedPeriod
from revops.pipeline.models import LatePosting
from revops.reconciliation.models import Break
from revops.reconciliation.operations import pairs, runs
from tests.pipeline.rehearsal import Rehearsal

FIX = ClosedPeriod()
REASON = "The invoice came after the close."


def invoiced(line: Rehearsal, times: int = 1) -> None:
    for _ in range(times):
        line.subscribe()
    line.deliver()
    line.advance()


def today() -> date:
    """Where the books are."""
    return clock.local_date(clock.now(), LegalEntity.objects.get(code="US-INC").zone)


def this_period() -> AccountingPeriod:
    day = today()
    return AccountingPeriod.objects.get(legal_entity__code="US-INC", starts__lte=day, ends__gte=day)


def following(period: AccountingPeriod) -> AccountingPeriod:
    later = AccountingPeriod.objects.filter(legal_entity__code="US-INC", starts__gt=period.starts)
    return later.earliest("starts")


def closed_here(line: Rehearsal, times: int = 2) -> list[Case]:
    """Invoices of a period that our own books have closed."""
    AccountingPeriod.objects.filter(starts__lte=today()).update(state="closed")
    invoiced(line, times)
    return line.open_cases()


def closed_there(line: Rehearsal) -> Case:
    """An entry of ours that the ERP does not take, as its period is closed."""
    invoiced(line)
    line.control("periods", {line.commands().get().period_code: "closed"})
    line.run()
    (case,) = line.open_cases()
    assert case.kind == "period_closed"
    return case


def seen(case: Case, typed: Mapping[str, str], user: User) -> Seen:
    found = FIX.look(case.cause_key, typed, user=user, at=clock.now())
    assert found is not None
    return found


def apply(case: Case, typed: Mapping[str, str], user: User) -> Done:
    return FIX.apply(case.cause_key, typed, reason=REASON, user=user, at=clock.now())


def agree(by: User) -> None:
    request = ApprovalRequest.objects.get(subject="late_posting")
    approvals.decide(
        request_id=request.pk, verdict="approve", by=by, seen=request.sha256,
        proof=Proof(by.pk, clock.now()),
    )  # fmt: skip


def run(line: Rehearsal) -> None:
    while jobs.advance():
        pass
    line.settle()


def state() -> tuple[int, ...]:
    models = (JournalEntry, LatePosting, Job, ApprovalRequest, Event)
    return tuple(model.objects.count() for model in models)


class TestIntoTheNextOpenPeriod:
    def test_events_of_a_closed_period_post_later_when_a_manager_agrees(
        self, line: Rehearsal, ana: User, mona: User, rob: User
    ) -> None:
        case, other = closed_here(line)
        period = this_period()
        later = following(period)
        before = state()
        looked = seen(case, {"way": "next"}, ana)
        assert (looked.cases, looked.clears, looked.fails) == (2, 2, [])
        assert looked.money == [Money(2 * 1_299_000, "USD")]
        (books,) = looked.books
        assert (books.period, books.debit) == (later.code, Money(2 * 1_299_000, "USD"))
        assert "finance manager" in looked.deciders
        assert state() == before
        with pytest.raises(NotAllowed):
            apply(case, {"way": "next"}, rob)

        done = apply(case, {"way": "next", "case": str(case.pk)}, ana)
        assert "runs when it is agreed to" in done.sentence
        panel = FIX.panel(case.cause_key, {}, user=ana, at=clock.now())
        assert panel is not None
        assert panel.waiting is not None
        with pytest.raises(FixRefused, match="at it already"):
            apply(case, {"way": "next"}, ana)
        run(line)
        assert not JournalEntry.objects.exists()
        agree(mona)
        run(line)

        entry = JournalEntry.objects.get(document_type="invoice")
        assert entry.accounting_date == later.starts
        assert entry.document_date is not None
        assert period.starts <= entry.document_date <= period.ends
        assert entry.description.endswith(f", dated {entry.document_date}")
        line.assert_books_agree()
        assert [one.pk for one in line.open_cases()] == [other.pk]
        assert any("in place of" in one.text for one in case.story.all())
        found = thread("journal", entry.pk)
        assert found is not None
        assert f"{entry.document_date}; posted later" in str([hop.facts for hop in found.hops])

    def test_waits_again_when_that_period_is_closed_meanwhile(
        self, line: Rehearsal, ana: User, mona: User
    ) -> None:
        (case,) = closed_here(line, 1)
        apply(case, {}, ana)
        agree(mona)
        AccountingPeriod.objects.update(state="closed")
        run(line)
        assert not JournalEntry.objects.exists()
        assert [one.state for one in line.open_cases()] == ["open"]

    def test_an_entry_that_the_erp_refused_is_booked_again_on_the_later_day(
        self, line: Rehearsal, ana: User, mona: User
    ) -> None:
        case = closed_there(line)
        first = JournalEntry.objects.get()
        later = following(this_period())
        looked = seen(case, {}, ana)
        assert (looked.clears, looked.postings) == (1, 1)
        assert {one.period for one in looked.books} == {first.period.code, later.code}
        assert JournalEntry.objects.count() == 1

        apply(case, {}, ana)
        agree(mona)
        run(line)

        moved = JournalEntry.objects.get(document_type="invoice", revision=2)
        undone = JournalEntry.objects.get(reverses=first)
        assert undone.accounting_date == first.accounting_date
        assert (moved.accounting_date, moved.document_date) == (later.starts, first.accounting_date)
        (move,) = line.moves()
        assert move["date"] == later.starts.isoformat()
        assert not line.open_cases()
        assert JobItem.objects.get().state == "done"


class TestBookedByHand:
    def test_settles_only_what_says_the_same_and_says_what_differs(
        self, line: Rehearsal, ana: User
    ) -> None:
        case = closed_there(line)
        number = f"number-{case.pk}"
        assert (
            "has no document 2026/000001"
            in seen(case, {"way": "hand", number: "2026/000001"}, ana).beside[0].problem
        )
        wrong = by_hand(line, case, more=1)
        looked = seen(case, {"way": "hand", number: wrong}, ana)
        assert looked.clears == 0
        assert not looked.button
        differs = [one.label for one in looked.beside[0].lines if not one.same]
        assert differs == ["Account 1100", "Account 2300"]
        with pytest.raises(FixRefused, match="Account 1100 is"):
            apply(case, {"way": "hand", number: wrong}, ana)

        right = by_hand(line, case)
        commands = line.states()
        looked = seen(case, {"way": "hand", number: right}, ana)
        assert all(one.same for one in looked.beside[0].lines)
        assert line.states() == commands
        apply(case, {"way": "hand", number: right}, ana)

        assert not line.open_cases()
        command = line.commands().get()
        assert (command.state, command.external_number, command.code) == (
            "posted", right, "by_hand",
        )  # fmt: skip
        assert command.history.latest("number").reason.startswith(right)
        entry = JournalEntry.objects.get()
        journals = next(one for one in pairs.sync() if one.check_slug == "erp_journals")
        runs.run(
            pair_id=journals.pk, entity_id=entry.legal_entity_id, period_code=entry.period.code,
            full=True, by="test",
        )  # fmt: skip
        # Ours is found there by its id; what was booked wrongly is still nobody's.
        found = Break.objects.filter(pair=journals).values_list("type", "difference")
        assert [kind for kind, _ in found] == ["missing_left"]

    def test_one_document_stands_for_one_posting(self, line: Rehearsal, ana: User) -> None:
        invoiced(line, 2)
        line.control("periods", {line.commands()[0].period_code: "closed"})
        line.run()
        one, two = line.open_cases()
        number = by_hand(line, one)
        apply(one, {"way": "hand", f"number-{one.pk}": number}, ana)
        with pytest.raises(FixRefused, match="another posting of ours"):
            apply(two, {"way": "hand", f"number-{two.pk}": number}, ana)


def by_hand(line: Rehearsal, case: Case, *, more: int = 0) -> str:
    """Finance opens the period in the ERP, books it (USD ``more`` too much) and closes it again."""
    assert case.record_id is not None
    entry = JournalEntry.objects.get(pk=case.record_id)
    lines: list[dict[str, Any]] = [
        {"account": one.account, "amount": one.functional} for one in entry.lines.all()
    ]
    lines[0]["amount"] += 100 * more
    lines[1]["amount"] -= 100 * more
    stated = {"entity": "US-INC", "date": entry.accounting_date.isoformat(), "lines": lines}
    answer = line.control("book", stated)
    return str(answer["number"])
