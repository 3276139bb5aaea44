"""An entry that the ERP refused for its tax account, after the tax map was corrected."""

from __future__ import annotations

from accounts.models import User
from exceptions import operations as cases
from exceptions.models import Case
from revops.ledger.models import JournalEntry
from revops.ledger.queries.rollforward import deferred_rollforward
from revops.ledger.queries.trial_balance import trial_balance
from revops.lineage.queries import thread
from revops.mappings.models import LegalEntity
from revops.mappings.operations import map_tax
from revops.pipeline.models import FlowRun
from tests.pipeline.rehearsal import Rehearsal


def refused(line: Rehearsal, *, invoices: int = 2) -> Case:
    """Invoices whose tax account the ERP does not take: one of their cases."""
    line.control("faults", {"reject_accounts": ["US-INC/2100"]})
    for _ in range(invoices):
        line.subscribe()
    line.deliver()
    line.run()
    found = line.open_cases()
    assert {case.kind for case in found} == {"target_setup"}
    assert len(found) == invoices
    assert len({case.cause_key for case in found}) == 1
    return found[0]


def correct_the_map() -> int:
    entity = LegalEntity.objects.get(code="US-INC")
    day = JournalEntry.objects.earliest("accounting_date").accounting_date
    return int(map_tax(entity, "txr_us_ny", account="2110", since=day, by="Ada").pk)


class TestBookAgain:
    def test_undoes_the_entry_here_and_posts_the_new_one_alone(
        self, line: Rehearsal, ana: User
    ) -> None:
        case = refused(line)
        version = correct_the_map()

        outcome = cases.retry_cause(cause_key=case.cause_key, remedy="rebook", by=ana)
        line.settle()

        assert (outcome.done, outcome.refused) == (2, {})
        assert not line.open_cases()
        assert line.states() == {"cancelled": 2, "posted": 2}
        held = [{one["account"]: one["debit"] for one in move["lines"]} for move in line.moves()]
        assert held == [{"1100": "12990.00", "2300": "0.00", "2110": "0.00"}] * 2
        names = {one["party"] for move in line.moves() for one in move["lines"] if one["party"]}
        assert names == {entry.lines.first().customer_ref for entry in self._entries()}
        for entry in self._entries():
            assert (entry.revision, entry.mapping_version) == (2, version)
            first = JournalEntry.objects.get(business_key=entry.business_key, revision=1,
                                             document_type="invoice")  # fmt: skip
            undone = JournalEntry.objects.get(reverses=first)
            assert entry.business_event_id == first.business_event_id
            assert undone.accounting_date == first.accounting_date == entry.accounting_date
            assert [one.account for one in undone.lines.all()] == ["1100", "2300", "2100"]
        assert not FlowRun.objects.filter(posting=True).exists()

    def _entries(self) -> list[JournalEntry]:
        return list(JournalEntry.objects.filter(document_type="invoice", revision=2))

    def test_the_books_hold_the_invoice_once(self, line: Rehearsal, ana: User) -> None:
        case = refused(line, invoices=1)
        correct_the_map()
        cases.retry(case_id=case.pk, remedy="rebook", by=ana)
        line.settle()

        entry = self._entries()[0]
        day = entry.accounting_date
        shown = trial_balance(entity_id=entry.legal_entity_id, first=day, latest=day)
        balance = {row.account: row.debit - row.credit for row in shown.rows}
        assert balance == {"1100": 1_299_000, "2300": -1_200_000, "2110": -99_000, "2100": 0}
        code = entry.period.code
        (step,) = deferred_rollforward(entity_id=entry.legal_entity_id, first=code, latest=code)
        assert (step.billed, step.voided, step.closing) == (1_200_000, 0, 1_200_000)
        assert step.scheduled == step.closing
        found = thread("journal", entry.pk)
        assert found is not None
        assert not found.problems

    def test_a_second_refusal_opens_the_same_case_again(self, line: Rehearsal, ana: User) -> None:
        case = refused(line, invoices=1)
        correct_the_map()
        line.control("faults", {"reject_accounts": ["2110"]})
        cases.retry(case_id=case.pk, remedy="rebook", by=ana)
        line.settle()

        (again,) = line.open_cases()
        assert (again.pk, again.state) == (case.pk, "open")
        line.control("faults", {"reject_accounts": []})
        cases.retry(case_id=case.pk, remedy="retry", by=ana)
        line.settle()
        assert not line.open_cases()
        assert line.states() == {"cancelled": 1, "posted": 1}

    def test_without_a_new_map_everything_stays_as_it_is(self, line: Rehearsal, ana: User) -> None:
        case = refused(line)

        outcome = cases.retry_cause(cause_key=case.cause_key, remedy="rebook", by=ana)

        assert outcome.refused == {"The maps still name the same tax accounts.": 2}
        assert JournalEntry.objects.count() == 2
        assert line.states() == {"exception": 2}
        assert {one.state for one in line.open_cases()} == {"open"}

    def test_pressed_twice_it_happens_once(self, line: Rehearsal, ana: User) -> None:
        case = refused(line, invoices=1)
        correct_the_map()
        cases.retry(case_id=case.pk, remedy="rebook", by=ana)
        again = cases.retry_cause(cause_key=case.cause_key, remedy="rebook", by=ana)

        assert again.done == 0
        line.settle()
        assert JournalEntry.objects.count() == 3

    def test_the_event_that_comes_again_is_not_booked_again(
        self, line: Rehearsal, ana: User
    ) -> None:
        case = refused(line, invoices=1)
        correct_the_map()
        cases.retry(case_id=case.pk, remedy="rebook", by=ana)
        line.settle()

        line.deliver(list(line.stripe.world.all("event")))
        line.settle()

        assert JournalEntry.objects.count() == 3
        assert len(line.moves()) == 1
