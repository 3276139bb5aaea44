from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.contract import Outcome, ProbeStep
from connectors.systems.tryton.desk import Desk, invoice, simple
from connectors.systems.tryton.standin import StandIn

OK, IN_DOUBT, REFUSED = Outcome.OK, Outcome.IN_DOUBT, Outcome.REFUSED
SHORT = 0.3


@pytest.fixture
def erp() -> StandIn:
    return StandIn()


def invoices_step(desk: Desk) -> ProbeStep:
    steps = desk.run(lambda client, settings: desk.connector.probe(client, settings))
    (found,) = (step for step in steps if step.label == "Invoices can be posted")
    return found


class TestLostAnswers:
    def test_a_creation_without_an_answer_is_in_doubt_and_then_taken_up(self, erp: StandIn) -> None:
        desk = Desk(erp)
        desk.send_one(invoice(9))
        desk.timeout_s = SHORT
        erp.switch(response_lost={"times": 1, "on": "create"})
        lost = desk.send_one(invoice(1))
        assert (lost.outcome, lost.drafted_id) == (IN_DOUBT, "")
        (draft,) = desk.find(invoice(1).key)[invoice(1).key]
        assert not draft.posted
        again = desk.send_one(replace(invoice(1), drafted_id=draft.external_id))
        assert (again.outcome, again.external_id) == (OK, draft.external_id)
        assert len(erp.moves(invoice(1).key)) == 1

    def test_a_party_or_address_whose_creation_got_lost_leaves_no_doubt(self, erp: StandIn) -> None:
        desk = Desk(erp)
        desk.send_one(simple(9))
        desk.timeout_s = SHORT
        for _ in ("party", "address"):
            erp.switch(response_lost={"times": 1, "on": "create"})
            assert desk.send_one(invoice(1)).outcome is Outcome.TRANSIENT
        assert desk.send_one(invoice(1)).outcome is OK
        assert len(erp.sandbox.ledger.table("party.address")) == 1

    def test_a_posting_without_an_answer_is_in_doubt_and_found_posted(self, erp: StandIn) -> None:
        """Twelve are posted by two calls: the second one is not made when the first is lost."""
        desk = Desk(erp)
        desk.send_one(invoice(99))
        desk.timeout_s = SHORT
        commands = [invoice(number) for number in range(12)]
        erp.switch(response_lost={"times": 1, "on": "post"})
        receipts = desk.send(*commands)
        assert [r.outcome for r in receipts] == [IN_DOUBT] * 10 + [Outcome.NOT_SENT] * 2
        assert all(receipt.drafted_id.startswith("invoice:") for receipt in receipts)
        found = desk.find(*(command.key for command in commands))
        assert [found[command.key][0].posted for command in commands] == [True] * 10 + [False] * 2
        desk.timeout_s = 30
        again = desk.send(*commands)
        assert [r.outcome for r in again] == [Outcome.ALREADY_DONE] * 10 + [OK] * 2
        assert [r.external_id for r in again] == [r.drafted_id for r in receipts]

    def test_a_refused_posting_deletes_its_draft(self, erp: StandIn) -> None:
        erp.switch(refuse_post=True)
        receipt = Desk(erp).send_one(invoice(1))
        assert (receipt.outcome, receipt.drafted_id) == (REFUSED, "")
        assert receipt.reason == "Tryton refused it: It may not be posted."
        assert erp.drafted_invoices() == []

    def test_a_draft_deleted_by_a_person_is_made_again_next_time(self, erp: StandIn) -> None:
        desk = Desk(erp)
        draft = desk.draft(invoice(1))

        async def story(client: Any, settings: Any) -> Any:
            plain = client.call

            async def call(method: str, path: str, **options: Any) -> Any:
                if path.endswith("/post?f=state"):
                    number = draft.removeprefix("invoice:")
                    path_of = f"/erp/rest/model/account.invoice/{number}"
                    await plain("DELETE", path_of, headers=options["headers"], json=None)
                return await plain(method, path, **options)

            client.call = call
            return await desk.connector.send(client, settings, [invoice(1)])

        (receipt,) = desk.run(story)
        assert (receipt.outcome, receipt.code, receipt.drafted_id) == (
            Outcome.TRANSIENT,
            "draft_gone",
            "",
        )
        assert desk.send_one(invoice(1)).outcome is OK


class TestATrytonWithoutInvoices:
    @pytest.fixture
    def plain(self, erp: StandIn) -> StandIn:
        """One whose module account_invoice is not installed: its models do not exist."""
        tables = erp.sandbox.ledger.tables
        for number, row in list(tables["ir.model"].items()):
            if row["name"].startswith("account.invoice"):
                del tables["ir.model"][number], tables[row["name"]]
        return erp

    def test_takes_journals_and_refuses_invoices_in_words(self, plain: StandIn) -> None:
        desk = Desk(plain)
        receipts = desk.send(simple(1), invoice(2))
        assert [receipt.outcome for receipt in receipts] == [OK, REFUSED]
        assert receipts[1].code == "invoices_missing"
        assert receipts[1].reason == "Tryton's module account_invoice is not installed."
        assert set(desk.find(simple(1).key, invoice(2).key)) == {simple(1).key}
        rows, cursor = desk.run(
            lambda client, settings: desk.connector.snapshot(
                client, settings, kind="invoice", start="2026-01-01", end="2026-12-31", cursor=""
            )
        )
        assert (list(rows), cursor) == ([], "")

    def test_is_told_by_the_probe(self, plain: StandIn) -> None:
        step = invoices_step(Desk(plain))
        assert step.passed
        assert step.detail == "Journals only: the module account_invoice is not installed"


class TestWhatTheProbeSaysOfInvoices:
    def test_that_the_journal_is_missing(self, erp: StandIn) -> None:
        step = invoices_step(Desk(erp, revenue_journal="MISC"))
        assert not step.passed
        assert step.detail == "There is no journal MISC of the type Revenue"

    def test_that_the_module_for_deposits_is_missing(self, erp: StandIn) -> None:
        erp.sandbox.ledger.table("ir.model.field").clear()
        step = invoices_step(Desk(erp))
        assert step.passed
        assert "without the module account_deposit" in step.detail
