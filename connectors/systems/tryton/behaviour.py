"""
What the connector and Tryton do together: the same tests for the sandbox and for the real server.

``test_behaviour.py`` beside this module runs them on the sandbox, ``tests/peers/tryton/`` on a real
Tryton, so that the sandbox cannot drift from it unseen.
"""

from __future__ import annotations

from dataclasses import replace

from connectors.contract import Outcome
from connectors.systems.tryton.desk import Desk, Erp, journal, line, simple

OK, REFUSED = Outcome.OK, Outcome.REFUSED


class PostingBehaviour:
    """Subclasses give a fixture ``erp`` with empty books."""

    def test_posts_a_journal_with_its_lines_and_customer(self, erp: Erp) -> None:
        receipt = Desk(erp).send_one(journal(1))
        assert receipt.outcome is OK
        (move,) = erp.moves()
        assert move | {"id": 0, "text": ""} == {
            "id": 0,
            "text": "",
            "key": journal(1).key,
            "invoice": "",
            "number": "2026/000001",
            "state": "posted",
            "date": "2026-03-31",
            "period": "2026-03",
            "company": "US-INC",
            "currency": "USD",
            "lines": [
                {"account": "1100", "debit": "12990.00", "credit": "0.00", "party": "cus_1"},
                {"account": "2300", "debit": "0.00", "credit": "12000.00", "party": ""},
                {"account": "2100", "debit": "0.00", "credit": "990.00", "party": ""},
            ],
        }
        assert receipt.external_id == str(move["id"])
        assert receipt.external_number == "2026/000001"
        assert erp.parties()["cus_1"] == "Customer cus_1"

    def test_sending_again_finds_it_done(self, erp: Erp) -> None:
        desk = Desk(erp)
        first = desk.send_one(journal(1))
        again = desk.send_one(journal(1))
        assert again.outcome is Outcome.ALREADY_DONE
        assert (again.external_id, again.external_number) == (
            first.external_id,
            first.external_number,
        )
        assert len(erp.moves()) == 1

    def test_posts_a_batch_in_its_order_without_gaps(self, erp: Erp) -> None:
        receipts = Desk(erp).send(*(journal(number) for number in range(5)))
        assert [receipt.outcome for receipt in receipts] == [OK] * 5
        numbers = [f"2026/{number:06d}" for number in range(1, 6)]
        assert [receipt.external_number for receipt in receipts] == numbers
        assert [move["number"] for move in erp.moves()] == numbers

    def test_posts_a_batch_one_by_one_when_it_has_no_password(self, erp: Erp) -> None:
        receipts = Desk(erp, batches=False).send(*(journal(number) for number in range(3)))
        assert [receipt.outcome for receipt in receipts] == [OK] * 3
        assert [move["state"] for move in erp.moves()] == ["posted"] * 3

    def test_a_batch_of_done_and_new_journals_posts_the_new_ones(self, erp: Erp) -> None:
        desk = Desk(erp)
        desk.send(simple(1), simple(3))
        receipts = desk.send(*(simple(number) for number in range(1, 5)))
        done = Outcome.ALREADY_DONE
        assert [receipt.outcome for receipt in receipts] == [done, OK, done, OK]
        assert len(erp.moves()) == 4

    def test_each_legal_entity_has_its_company_and_numbers(self, erp: Erp) -> None:
        receipts = Desk(erp).send(
            simple(1),
            simple(2, legal_entity="UK-LTD", currency="GBP"),
            simple(3, legal_entity="DE-GMBH", currency="EUR"),
            simple(4),
        )
        assert [receipt.outcome for receipt in receipts] == [OK] * 4
        held = [(move["company"], move["currency"], move["number"]) for move in erp.moves()]
        assert held == [
            ("US-INC", "USD", "2026/000001"),
            ("UK-LTD", "GBP", "2026/000001"),
            ("DE-GMBH", "EUR", "2026/000001"),
            ("US-INC", "USD", "2026/000002"),
        ]

    def test_a_connection_can_name_one_company_for_everything(self, erp: Erp) -> None:
        desk = Desk(erp, company="UK Ltd")
        assert desk.send_one(simple(1, currency="GBP")).outcome is OK
        (move,) = erp.moves()
        assert move["company"] == "UK-LTD"

    def test_uses_a_party_that_is_there(self, erp: Erp) -> None:
        desk = Desk(erp)
        made = {"vlist": [{"code": "cus_1", "name": "Acme"}]}
        desk.raw(lambda tryton: tryton.action("party.party/create", made))
        assert desk.send_one(journal(1)).outcome is OK
        assert erp.parties()["cus_1"] == "Acme"

    def test_makes_each_missing_party_once(self, erp: Erp) -> None:
        before = len(erp.parties())
        lines = [
            line("1100", debit=10, customer="cus_2"),
            line("1100", debit=20, customer="cus_3"),
            line("4000", credit=30),
        ]
        commands = [journal(number) for number in range(3)] + [journal(9, lines=lines)]
        assert [receipt.outcome for receipt in Desk(erp).send(*commands)] == [OK] * 4
        assert len(erp.parties()) == before + 3

    def test_holds_the_smallest_and_largest_amounts_exactly(self, erp: Erp) -> None:
        desk = Desk(erp)
        commands = [simple(1, 1), simple(2, 999_999_999_999_999), simple(3, 100)]
        assert [receipt.outcome for receipt in desk.send(*commands)] == [OK] * 3
        amounts = [move["lines"][0]["debit"] for move in erp.moves()]
        assert amounts == ["0.01", "9999999999999.99", "1.00"]
        found = desk.find(*(command.key for command in commands))
        for command in commands:
            (move,) = found[command.key]
            assert move.content_sha256 == desk.connector.digest(command.payload)

    def test_foreign_documents_are_in_the_books_currency_with_their_own_amounts_beside(
        self, erp: Erp
    ) -> None:
        """An invoice in euros, its payment at another rate, and the difference in dollars alone."""
        desk = Desk(erp)
        invoice = [
            line("1100", debit=1_100_000, customer="cus_1", document=1_000_000),
            line("2300", credit=1_100_000, document=-1_000_000),
        ]
        payment = [
            line("1050", debit=1_120_000, document=1_000_000),
            line("1100", credit=1_100_000, customer="cus_1", document=-1_000_000),
            line("7100", credit=20_000, document=0),
        ]
        commands = [
            journal(number, lines=lines, document_currency="EUR")
            for number, lines in enumerate((invoice, payment), start=1)
        ]
        assert [receipt.outcome for receipt in desk.send(*commands)] == [OK] * 2
        found = desk.find(*(command.key for command in commands))
        for command in commands:
            (move,) = found[command.key]
            assert move.content_sha256 == desk.connector.digest(command.payload)
        lines = {row["account"]: row for row in erp.moves(commands[1].key)[0]["lines"]}
        assert (lines["1050"]["debit"], lines["1050"]["second"]) == ("11200.00", "EUR 10000.00")
        assert (lines["7100"]["credit"], lines["7100"].get("second")) == ("200.00", None)

    def test_another_amount_in_the_second_currency_is_other_content(self, erp: Erp) -> None:
        desk = Desk(erp)
        for document, outcome in ((900, OK), (901, REFUSED)):
            lines = [
                line("1050", debit=1000, document=document),
                line("4000", credit=1000, document=-document),
            ]
            receipt = desk.send_one(journal(1, lines=lines, document_currency="EUR"))
            assert receipt.outcome is outcome
        assert receipt.code == "conflict"

    def test_a_currency_that_is_not_there_is_refused_by_name(self, erp: Erp) -> None:
        lines = [line("1050", debit=10, document=1), line("4000", credit=10, document=-1)]
        receipt = Desk(erp).send_one(journal(1, lines=lines, document_currency="JPY"))
        assert (receipt.outcome, receipt.code) == (REFUSED, "currency_unknown")
        assert "JPY" in receipt.reason

    def test_keeps_names_and_memos_of_any_alphabet(self, erp: Erp) -> None:
        named = line("1100", debit=500, customer="cus_9", memo="Größe “über” 東京 🙂")
        named["customer"]["name"] = "Ünïcode & Söhne <b>"
        lines = [named, line("4000", credit=500)]
        command = journal(1, lines=lines, description="Zeile eins\nZeile zwei")
        assert Desk(erp).send_one(command).outcome is OK
        assert erp.parties()["cus_9"] == "Ünïcode & Söhne <b>"

    def test_takes_up_the_draft_of_an_earlier_attempt(self, erp: Erp) -> None:
        desk = Desk(erp)
        draft = desk.draft(journal(1))
        receipt = desk.send_one(journal(1))
        assert (receipt.outcome, receipt.external_id) == (OK, draft)
        assert [move["state"] for move in erp.moves()] == ["posted"]

    def test_posts_the_draft_that_it_is_told_of(self, erp: Erp) -> None:
        desk = Desk(erp)
        desk.draft(journal(1))
        second = desk.draft(journal(1))
        receipt = desk.send_one(replace(journal(1), drafted_id=second))
        assert (receipt.outcome, receipt.external_id) == (OK, second)
        assert len(erp.moves()) == 1

    def test_knows_a_draft_by_its_id_when_somebody_renamed_it(self, erp: Erp) -> None:
        desk = Desk(erp)
        draft = desk.draft(journal(1), description="renamed by a person")
        receipt = desk.send_one(replace(journal(1), drafted_id=draft))
        assert (receipt.outcome, receipt.external_id) == (OK, draft)
        assert len(erp.moves()) == 1

    def test_makes_a_new_draft_when_the_told_one_is_gone(self, erp: Erp) -> None:
        desk = Desk(erp)
        draft = desk.draft(journal(1))
        desk.raw(lambda tryton: tryton.delete("account.move", draft))
        receipt = desk.send_one(replace(journal(1), drafted_id=draft))
        assert receipt.outcome is OK
        assert receipt.external_id != draft

    def test_posts_one_of_two_drafts_and_deletes_the_other(self, erp: Erp) -> None:
        desk = Desk(erp)
        first = desk.draft(journal(1))
        desk.draft(journal(1))
        receipt = desk.send_one(journal(1))
        assert (receipt.outcome, receipt.external_id) == (OK, first)
        assert [(move["id"], move["state"]) for move in erp.moves()] == [(int(first), "posted")]

    def test_deletes_a_draft_that_came_late_beside_a_posted_move(self, erp: Erp) -> None:
        desk = Desk(erp)
        posted = desk.send_one(journal(1))
        desk.draft(journal(1))
        assert desk.send_one(journal(1)).outcome is Outcome.ALREADY_DONE
        assert [str(move["id"]) for move in erp.moves()] == [posted.external_id]

    def test_does_not_post_a_draft_that_a_person_changed(self, erp: Erp) -> None:
        desk = Desk(erp)
        draft = desk.draft(simple(1))
        erp.edit_draft(int(draft), "77.00")
        receipt = desk.send_one(simple(1))
        assert (receipt.outcome, receipt.code) == (REFUSED, "conflict")
        assert receipt.external_id == draft
        assert [move["state"] for move in erp.moves()] == ["draft"]

    def test_refuses_other_content_under_a_key_that_is_posted(self, erp: Erp) -> None:
        desk = Desk(erp)
        posted = desk.send_one(simple(1, 1000))
        receipt = desk.send_one(simple(1, 2000))
        assert (receipt.outcome, receipt.code) == (REFUSED, "conflict")
        assert posted.external_number in receipt.reason
        assert len(erp.moves()) == 1

    def test_says_when_two_moves_are_posted_under_one_key(self, erp: Erp) -> None:
        desk = Desk(erp)
        for draft in (desk.draft(simple(1)), desk.draft(simple(1))):
            desk.post(draft)
        receipt = desk.send_one(simple(1))
        assert (receipt.outcome, receipt.code) == (REFUSED, "duplicate")
        assert len(desk.find(simple(1).key)[simple(1).key]) == 2

    def test_waits_for_a_locked_sequence_and_keeps_its_draft(self, erp: Erp) -> None:
        desk = Desk(erp)
        with erp.sequence_locked():
            held = desk.send_one(journal(1))
            together = desk.send(journal(2), journal(3))
        assert (held.outcome, held.code) == (Outcome.TRANSIENT, "locked")
        assert held.drafted_id
        assert [receipt.outcome for receipt in together] == [Outcome.TRANSIENT] * 2
        retried = replace(journal(1), drafted_id=held.drafted_id)
        receipts = desk.send(retried, journal(2), journal(3))
        assert [receipt.outcome for receipt in receipts] == [OK] * 3
        assert receipts[0].external_id == held.drafted_id
        assert len(erp.moves()) == 3

    def test_finds_drafts_and_posted_moves_by_key_alone(self, erp: Erp) -> None:
        desk = Desk(erp)
        posted = desk.send_one(journal(1))
        draft = desk.draft(journal(2))
        longer = replace(journal(4), key=journal(3).key + "x")
        desk.draft(longer)
        found = desk.find(journal(1).key, journal(2).key, journal(3).key, "rc1-no-such-key")
        assert set(found) == {journal(1).key, journal(2).key}
        ((one,), (two,)) = found.values()
        assert (one.external_id, one.posted, one.external_number) == (
            posted.external_id,
            True,
            posted.external_number,
        )
        assert (two.external_id, two.posted, two.external_number) == (draft, False, "")
        for move in (one, two):
            assert move.content_sha256 == desk.connector.digest(journal(1).payload)

    def test_tells_a_posted_move_and_not_the_draft_beside_it(self, erp: Erp) -> None:
        desk = Desk(erp)
        posted = desk.send_one(journal(1))
        desk.draft(journal(1))
        (found,) = desk.find(journal(1).key)[journal(1).key]
        assert (found.external_id, found.posted) == (posted.external_id, True)

    def test_lists_the_moves_of_a_range_of_days(self, erp: Erp) -> None:
        desk = Desk(erp)
        days = ("2026-02-28", "2026-03-01", "2026-03-31", "2026-04-01")
        desk.send(*(simple(n, 1000 + n, accounting_date=day) for n, day in enumerate(days)))
        desk.draft(simple(9), description="typed by a person")
        rows, cursor = desk.run(
            lambda client, settings: desk.connector.snapshot(
                client, settings, kind="journal", start="2026-03-01", end="2026-03-31", cursor=""
            )
        )
        assert cursor == ""
        told = [(row.key, row.amount, row.dated, row.state, row.currency) for row in rows]
        assert told == [
            (simple(1).key, 1001, "2026-03-01", "posted", "USD"),
            (simple(2).key, 1002, "2026-03-31", "posted", "USD"),
            ("", 1000, "2026-03-31", "draft", "USD"),
        ]

    def test_tells_the_accounts_and_periods_of_every_company(self, erp: Erp) -> None:
        erp.close_period("2026-05")
        desk = Desk(erp)
        library = desk.run(lambda client, settings: desk.connector.books(client, settings))
        assert {books.code for books in library.books.values()} == {"US-INC", "UK-LTD", "DE-GMBH"}
        books = library.of("UK-LTD")
        assert books is not None
        assert (books.name, books.currency, books.digits) == ("UK Ltd", "GBP", 2)
        receivable = books.accounts["1100"]
        assert (receivable.name, receivable.party_required, receivable.usable) == (
            "Accounts receivable",
            True,
            True,
        )
        period = books.period_of("2026-05-31")
        assert period is not None
        assert (period.name, period.start, period.end, period.open) == (
            "2026-05",
            "2026-05-01",
            "2026-05-31",
            False,
        )
