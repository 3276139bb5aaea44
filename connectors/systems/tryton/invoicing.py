"""
What the connector and Tryton do with invoices: the same tests for the sandbox and the real server.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.contract import Outcome, SnapshotRow
from connectors.systems.tryton.desk import Desk, Erp, invoice, journal, line, simple

OK, REFUSED = Outcome.OK, Outcome.REFUSED
MARCH = {"start": "2026-03-01", "end": "2026-03-31", "cursor": ""}


def listed(desk: Desk, kind: str) -> list[SnapshotRow]:
    rows, cursor = desk.run(
        lambda client, settings: desk.connector.snapshot(client, settings, kind=kind, **MARCH)
    )
    assert cursor == ""
    return list(rows)


class InvoicingBehaviour:
    """Subclasses give a fixture ``erp`` with empty books."""

    def test_an_invoice_makes_the_move_that_its_journal_would(self, erp: Erp) -> None:
        receipt = Desk(erp).send_one(invoice(1))
        assert (receipt.outcome, receipt.reason) == (OK, "")
        assert receipt.external_id.startswith("invoice:")
        assert receipt.external_number == "out_invoice-2026-000001"
        (move,) = erp.moves()
        by_account = sorted(move.pop("lines"), key=lambda line: str(line["account"]))
        assert move | {"id": 0, "text": ""} == {
            "id": 0,
            "text": "",
            "key": invoice(1).key,
            "invoice": "out_invoice-2026-000001",
            "number": "2026/000001",
            "state": "posted",
            "date": "2026-03-31",
            "period": "2026-03",
            "company": "US-INC",
            "currency": "USD",
        }
        assert by_account == [
            {"account": "1100", "debit": "12990.00", "credit": "0.00", "party": "cus_1"},
            {"account": "2100", "debit": "0.00", "credit": "990.00", "party": ""},
            {"account": "2300", "debit": "0.00", "credit": "12000.00", "party": ""},
        ]
        assert erp.parties()["cus_1"] == "Customer cus_1"

    @pytest.mark.parametrize("batches", [True, False])
    def test_sending_again_finds_it_done(self, erp: Erp, batches: bool) -> None:
        desk = Desk(erp, batches=batches)
        first = desk.send(invoice(1), invoice(2))
        again = desk.send(invoice(1), invoice(2))
        assert [receipt.outcome for receipt in first] == [OK] * 2
        assert [receipt.outcome for receipt in again] == [Outcome.ALREADY_DONE] * 2
        assert [(r.external_id, r.external_number) for r in again] == [
            (r.external_id, r.external_number) for r in first
        ]
        assert len(erp.moves()) == 2

    def test_what_it_holds_equals_what_was_asked_for(self, erp: Erp) -> None:
        """Voids, credits inside an invoice, more than one tax, any order, and the largest sum."""
        commands = [
            invoice(1, lines=void()),
            invoice(2, lines=mixed()),
            invoice(3, lines=list(reversed(mixed()))),
            invoice(
                4,
                lines=[
                    line("1100", debit=999_999_999_999_999, customer="cus_1"),
                    line("4000", credit=999_999_999_999_999),
                ],
            ),
            invoice(
                5,
                lines=[
                    line("1100", debit=1, customer="cus_1"),
                    line("2100", credit=1, tax_code="US-TX"),
                ],
            ),
        ]
        desk = Desk(erp)
        receipts = desk.send(*commands)
        assert [(receipt.outcome, receipt.reason) for receipt in receipts] == [(OK, "")] * 5
        assert receipts[0].external_number == "out_credit_note-2026-000001"
        found = desk.find(*(command.key for command in commands))
        for command, receipt in zip(commands, receipts, strict=True):
            (held,) = found[command.key]
            assert (held.external_id, held.posted) == (receipt.external_id, True)
            assert held.content_sha256 == desk.connector.digest(command.payload)

    def test_leaves_out_lines_of_zero(self, erp: Erp) -> None:
        desk = Desk(erp)
        command = invoice(
            1,
            lines=[line("1100", debit=5, customer="cus_1"), line("4000", credit=5), line("4100")],
        )
        assert desk.send_one(command).outcome is OK
        (move,) = erp.moves()
        assert len(move["lines"]) == 2
        assert desk.send_one(command).outcome is Outcome.ALREADY_DONE

    def test_journals_and_invoices_of_several_companies_in_one_batch(self, erp: Erp) -> None:
        pounds: Any = {"legal_entity": "UK-LTD", "currency": "GBP"}
        commands = [
            invoice(1),
            simple(2),
            invoice(3, **pounds),
            simple(4, **pounds),
            *(invoice(number) for number in range(10, 23)),
        ]
        receipts = Desk(erp).send(*commands)
        assert [receipt.outcome for receipt in receipts] == [OK] * len(commands)
        ids = [receipt.external_id for receipt in receipts]
        assert len(set(ids)) == len(ids)
        held = {move["key"]: move for move in erp.moves()}
        assert len(held) == len(commands)
        assert held[invoice(3, **pounds).key]["company"] == "UK-LTD"
        assert held[simple(2).key]["invoice"] == ""

    def test_an_invoice_and_a_move_of_one_number_keep_apart(self, erp: Erp) -> None:
        desk = Desk(erp)
        drafts = desk.draft(simple(1)), desk.draft(invoice(2))
        assert drafts[1].startswith("invoice:")
        receipts = desk.send(
            replace(simple(1), drafted_id=drafts[0]), replace(invoice(2), drafted_id=drafts[1])
        )
        assert [(r.outcome, r.external_id) for r in receipts] == [(OK, id_) for id_ in drafts]

    def test_uses_the_party_and_address_that_are_there(self, erp: Erp) -> None:
        desk = Desk(erp)
        made = {"vlist": [{"code": "cus_1", "name": "Acme"}]}
        desk.raw(lambda tryton: tryton.action("party.party/create", made))
        assert [receipt.outcome for receipt in desk.send(invoice(1), journal(2))] == [OK] * 2
        assert desk.send_one(invoice(3)).outcome is OK
        rows = desk.raw(
            lambda t: t.search("party.address", [["party.code", "=", "cus_1"]], ["party"])
        )
        assert len(rows) == 1
        assert erp.parties()["cus_1"] == "Acme"

    def test_posts_one_of_two_drafts_and_deletes_the_other(self, erp: Erp) -> None:
        desk = Desk(erp)
        first = desk.draft(invoice(1))
        desk.draft(invoice(1))
        receipt = desk.send_one(invoice(1))
        assert (receipt.outcome, receipt.external_id) == (OK, first)
        assert erp.drafted_invoices() == []
        desk.draft(invoice(1))
        (found,) = desk.find(invoice(1).key)[invoice(1).key]
        assert (found.external_id, found.posted) == (first, True)
        assert desk.send_one(invoice(1)).outcome is Outcome.ALREADY_DONE
        assert erp.drafted_invoices() == []
        assert len(erp.moves()) == 1

    def test_makes_a_new_draft_when_the_told_one_is_gone(self, erp: Erp) -> None:
        desk = Desk(erp)
        draft = desk.draft(invoice(1))
        number = draft.removeprefix("invoice:")
        desk.raw(lambda tryton: tryton.delete("account.invoice", number))
        receipt = desk.send_one(replace(invoice(1), drafted_id=draft))
        assert receipt.outcome is OK
        assert receipt.external_id != draft

    def test_knows_a_draft_by_its_id_when_somebody_renamed_it(self, erp: Erp) -> None:
        desk = Desk(erp)
        draft = desk.draft(invoice(1), description="PO 4711")
        assert desk.find(invoice(1).key) == {}
        receipt = desk.send_one(replace(invoice(1), drafted_id=draft))
        assert (receipt.outcome, receipt.external_id) == (OK, draft)

    def test_does_not_post_a_draft_that_a_person_changed(self, erp: Erp) -> None:
        desk = Desk(erp)
        draft = desk.draft(invoice(1))
        (found,) = desk.find(invoice(1).key)[invoice(1).key]
        assert (found.external_id, found.posted) == (draft, False)
        assert found.content_sha256 == desk.connector.digest(invoice(1).payload)
        erp.edit_invoice(int(draft.removeprefix("invoice:")), "77.00")
        receipt = desk.send_one(invoice(1))
        assert (receipt.outcome, receipt.code) == (REFUSED, "conflict")
        assert receipt.external_id == draft
        assert erp.moves() == []

    def test_refuses_other_content_under_a_key_that_is_posted(self, erp: Erp) -> None:
        desk = Desk(erp)
        posted = desk.send_one(invoice(1))
        receipt = desk.send_one(invoice(1, lines=mixed()))
        assert (receipt.outcome, receipt.code) == (REFUSED, "conflict")
        assert posted.external_number in receipt.reason
        assert len(erp.moves()) == 1

    def test_what_was_posted_as_a_journal_is_not_posted_as_an_invoice(self, erp: Erp) -> None:
        desk = Desk(erp)
        first = desk.send_one(journal(1))
        again = desk.send_one(invoice(1))
        assert (again.outcome, again.external_id) == (Outcome.ALREADY_DONE, first.external_id)
        assert len(erp.moves()) == 1

    def test_says_when_two_are_posted_under_one_key(self, erp: Erp) -> None:
        desk = Desk(erp)
        for draft in (desk.draft(invoice(1)), desk.draft(invoice(1))):
            desk.post(draft)
        receipt = desk.send_one(invoice(1))
        assert (receipt.outcome, receipt.code) == (REFUSED, "duplicate")
        assert "this invoice twice: out_invoice-2026-00000" in receipt.reason
        assert len(desk.find(invoice(1).key)[invoice(1).key]) == 2

    def test_waits_for_a_locked_sequence_and_keeps_its_draft(self, erp: Erp) -> None:
        desk = Desk(erp)
        with erp.sequence_locked():
            held = desk.send_one(invoice(1))
            together = desk.send(invoice(2), invoice(3))
        assert (held.outcome, held.code) == (Outcome.TRANSIENT, "locked")
        assert held.drafted_id.startswith("invoice:")
        assert [receipt.outcome for receipt in together] == [Outcome.TRANSIENT] * 2
        retried = replace(invoice(1), drafted_id=held.drafted_id)
        receipts = desk.send(retried, invoice(2), invoice(3))
        assert [receipt.outcome for receipt in receipts] == [OK] * 3
        assert receipts[0].external_id == held.drafted_id
        assert len(erp.moves()) == 3

    def test_lists_invoices_with_what_is_open_and_their_moves_as_ours(self, erp: Erp) -> None:
        desk = Desk(erp)
        commands = [invoice(1), invoice(2, lines=void()), simple(3)]
        sent = desk.send(*commands, invoice(4, accounting_date="2026-04-01"))
        desk.draft(invoice(5))
        rows = listed(desk, "journal")
        assert [(row.external_id, row.key, row.amount, row.dated, row.state) for row in rows] == [
            (receipt.external_id, command.key, amount, "2026-03-31", "posted")
            for receipt, command, amount in zip(
                sorted(sent[:3], key=lambda receipt: receipt.external_id.startswith("invoice")),
                (commands[2], *commands[:2]),
                (1000, 1_299_000, 1_299_000),
                strict=True,
            )
        ]
        first = next(row for row in rows if row.key == commands[0].key)
        assert first.accounts == {"USD": {"1100": 1_299_000, "2100": -99_000, "2300": -1_200_000}}
        assert (first.group_key, first.party, first.entity) == ("cus_1", "Customer cus_1", "US-INC")
        shapes = (("invoice", sent[0], commands[0]), ("credit_memo", sent[1], commands[1]))
        for kind, receipt, command in shapes:
            assert listed(desk, kind) == [
                SnapshotRow(
                    kind=kind,
                    external_id=receipt.external_id,
                    key=command.key,
                    currency="USD",
                    amount=1_299_000,
                    tax=99_000,
                    dated="2026-03-31",
                    state="posted",
                    number=receipt.external_number,
                    party="Customer cus_1",
                    entity="US-INC",
                    due=1_299_000,
                )
            ]


def void() -> list[dict[str, Any]]:
    return [
        line("1100", credit=1_299_000, customer="cus_1"),
        line("2300", debit=1_200_000),
        line("2100", debit=99_000, tax_code="US-TX"),
    ]


def mixed() -> list[dict[str, Any]]:
    """An upgrade: a charge, a credit for unused time, and a tax on each."""
    return [
        line("1100", debit=327_418, customer="cus_1"),
        line("2300", credit=907_397, memo="New plan"),
        line("2100", credit=74_860, tax_code="US-TX"),
        line("2300", debit=604_932, memo="Unused time"),
        line("2100", debit=49_907, tax_code="US-TX"),
    ]
