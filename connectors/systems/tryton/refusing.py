"""How Tryton says no, and what the connector makes of it: the same tests for sandbox and server."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import CallFailed, Command, Outcome
from connectors.systems.tryton.desk import Desk, Erp, journal, line, simple, values
from connectors.systems.tryton.wire import Tryton

OK, REFUSED = Outcome.OK, Outcome.REFUSED


class RefusalBehaviour:
    """Subclasses give a fixture ``erp`` with empty books."""

    def test_refuses_a_journal_of_a_closed_period(self, erp: Erp) -> None:
        erp.close_period("2026-05")
        for desk in (Desk(erp), Desk(erp, batches=False)):
            receipt = desk.send_one(journal(1, accounting_date="2026-05-31"))
            assert (receipt.outcome, receipt.code) == (REFUSED, "period_closed")
            assert receipt.reason == "Period 2026-05 is closed in Tryton."
        assert erp.moves() == []

    @pytest.mark.parametrize("used_before", [False, True])
    def test_a_period_closed_since_it_looked_stops_its_own_journals_only(
        self, erp: Erp, used_before: bool
    ) -> None:
        desk = Desk(erp)
        if used_before:
            desk.send_one(simple(8, accounting_date="2026-05-01"))
        desk.send_one(simple(9))
        erp.close_period("2026-05")
        late = simple(2, accounting_date="2026-05-31")
        receipts = desk.send(simple(1), late, simple(3))
        assert [receipt.outcome for receipt in receipts] == [OK, REFUSED, OK]
        assert receipts[1].code == "period_closed"
        assert receipts[1].reason.startswith("Period 2026-05 is closed in Tryton")
        assert [move["state"] for move in erp.moves(late.key)] == []
        erp.reopen_period("2026-05")
        assert desk.send_one(late).outcome is OK

    def test_a_period_reopened_since_it_looked_is_posted_to(self, erp: Erp) -> None:
        desk = Desk(erp)
        erp.close_period("2026-05")
        desk.send_one(simple(9))
        erp.reopen_period("2026-05")
        assert desk.send_one(simple(1, accounting_date="2026-05-31")).outcome is OK

    @pytest.mark.parametrize(
        ("command", "code", "words"),
        [
            (
                journal(1, lines=[line("1100", debit=5), line("4000", credit=5)]),
                "party_missing",
                "A line on 1100 Accounts receivable names no customer.",
            ),
            (
                journal(1, lines=[line("9999", debit=5), line("4000", credit=5)]),
                "account_unknown",
                "Account 9999 does not exist in Tryton.",
            ),
            (
                journal(1, lines=[line("1050", debit=5), line("4000", credit=4)]),
                "unbalanced",
                "Debits and credits are not equal.",
            ),
            (
                simple(1, accounting_date="2031-01-01"),
                "period_missing",
                "Tryton has no period for 2031-01-01.",
            ),
            (
                simple(1, currency="EUR"),
                "currency_mismatch",
                "The books of US Inc in Tryton are kept in USD; this journal is in EUR.",
            ),
            (
                simple(1, legal_entity="FR-SA"),
                "company_missing",
                "Tryton has no company whose party code is FR-SA.",
            ),
        ],
    )
    def test_refuses_in_words_and_keeps_nothing(
        self, erp: Erp, command: Command, code: str, words: str
    ) -> None:
        receipt = Desk(erp).send_one(command)
        assert (receipt.outcome, receipt.code, receipt.reason) == (REFUSED, code, words)
        assert erp.moves() == []

    def test_refuses_without_a_journal_to_post_in(self, erp: Erp) -> None:
        receipt = Desk(erp, journal="NOPE").send_one(simple(1))
        assert (receipt.outcome, receipt.code) == (REFUSED, "journal_missing")

    def test_a_batch_with_one_bad_draft_creates_none(self, erp: Erp) -> None:
        desk = Desk(erp)

        async def create(tryton: Tryton) -> Any:
            good, bad = await _values(tryton, simple(1)), await _values(tryton, simple(2))
            bad["lines"][0][1][0]["account"] = 99_999
            return await tryton.action("account.move/create", {"vlist": [good, bad, good]})

        assert desk.problem(create).outcome is REFUSED
        assert erp.moves() == []

    def test_a_batch_with_one_bad_posting_posts_none(self, erp: Erp) -> None:
        desk = Desk(erp)
        good = desk.draft(simple(1))
        bad = self.unbalanced_draft(desk)
        problem = desk.problem(
            lambda tryton: tryton.rpc("model.account.move.post", [int(good), int(bad)])
        )
        assert (problem.outcome, problem.code, problem.status) == (REFUSED, "unbalanced", 200)
        assert [move["state"] for move in erp.moves()] == ["draft", "draft"]

    def test_tryton_cannot_post_for_two_companies_at_once(self, erp: Erp) -> None:
        """A fault of Tryton 8.2.1, which the connector goes around: it posts company by company."""
        desk = Desk(erp)
        one = desk.draft(simple(1))
        other = desk.draft(simple(2, legal_entity="UK-LTD", currency="GBP"))
        problem = desk.problem(
            lambda tryton: tryton.rpc("model.account.move.post", [int(one), int(other)])
        )
        assert (problem.outcome, problem.status) == (Outcome.IN_DOUBT, 200)
        assert [move["state"] for move in erp.moves()] == ["draft", "draft"]

    def test_says_why_a_draft_cannot_be_posted(self, erp: Erp) -> None:
        desk = Desk(erp)
        bad = self.unbalanced_draft(desk)
        post = f"account.move/{bad}/post"
        problem = desk.problem(lambda tryton: tryton.action(post, {}))
        assert (problem.outcome, problem.code, problem.status) == (REFUSED, "unbalanced", 400)
        empty = desk.raw(_empty_draft)
        post = f"account.move/{empty}/post"
        assert desk.problem(lambda tryton: tryton.action(post, {})).code == "unbalanced"

    def test_a_draft_that_is_posted_cannot_be_posted_again_or_deleted(self, erp: Erp) -> None:
        desk = Desk(erp)
        move = desk.send_one(simple(1)).external_id
        again = desk.problem(lambda tryton: tryton.action(f"account.move/{move}/post", {}))
        assert (again.outcome, again.code) == (REFUSED, "already_posted")
        by_rpc = desk.problem(lambda tryton: tryton.rpc("model.account.move.post", [int(move)]))
        assert (by_rpc.outcome, by_rpc.code) == (REFUSED, "already_posted")
        deleted = desk.problem(lambda tryton: tryton.delete("account.move", move))
        assert (deleted.outcome, deleted.code) == (REFUSED, "posted")
        assert [move["number"] for move in erp.moves()] == ["2026/000001"]

    def test_posting_or_deleting_what_is_not_there(self, erp: Erp) -> None:
        desk = Desk(erp)
        post = desk.problem(lambda tryton: tryton.action("account.move/424242/post", {}))
        delete = desk.problem(lambda tryton: tryton.delete("account.move", "424242"))
        by_rpc = desk.problem(lambda tryton: tryton.rpc("model.account.move.post", [424242]))
        assert (post.status, delete.status) == (404, 404)
        assert (by_rpc.outcome, by_rpc.code) == (REFUSED, "gone")

    def test_a_party_code_is_unique(self, erp: Erp) -> None:
        desk = Desk(erp)
        made = {"vlist": [{"code": "cus_1", "name": "Acme"}]}
        desk.raw(lambda tryton: tryton.action("party.party/create", made))
        problem = desk.problem(lambda tryton: tryton.action("party.party/create", made))
        assert (problem.outcome, problem.code) == (REFUSED, "party_exists")

    def test_each_door_refuses_in_its_own_way(self, erp: Erp) -> None:
        """A party where none belongs is an access error: hidden by one door, told by the others."""
        desk = Desk(erp)

        async def wrong(tryton: Tryton) -> Any:
            made = {"vlist": [{"code": "cus_1", "name": "Acme"}]}
            (party,) = await tryton.action("party.party/create", made)
            value = await _values(tryton, simple(1))
            value["lines"][0][1][0]["party"] = party
            return value

        value = desk.raw(wrong)
        action = desk.problem(lambda t: t.action("account.move/create", {"vlist": [value]}))
        plain = desk.problem(lambda t: t.action("account.move", value))
        by_rpc = desk.problem(lambda t: t.rpc("model.account.move.create", [value]))
        assert (action.status, action.outcome) == (403, Outcome.AUTH)
        assert (plain.status, plain.outcome) == (400, REFUSED)
        assert (by_rpc.status, by_rpc.outcome) == (200, REFUSED)
        assert plain.reason == by_rpc.reason
        assert "must remove the party" in plain.reason

    def test_drafts_keep_a_period_from_being_closed(self, erp: Erp) -> None:
        draft = Desk(erp).draft(simple(1, accounting_date="2026-05-31"))
        with pytest.raises(Exception, match=rf"must post the moves .*\({draft}\)"):
            erp.close_period("2026-05")

    def test_what_tryton_does_not_know_leaves_a_write_in_doubt(self, erp: Erp) -> None:
        """A page with status 500 says nothing about the transaction."""
        desk = Desk(erp)

        async def unknown_field(tryton: Tryton) -> Any:
            value = await _values(tryton, simple(1))
            return await tryton.action("account.move", value | {"no_such_field": 1})

        written = desk.problem(unknown_field)
        assert (written.status, written.outcome) == (500, Outcome.IN_DOUBT)
        read = desk.problem(lambda t: t.search("account.move", [["no_such_field", "=", 1]], []))
        assert (read.status, read.outcome) == (500, Outcome.TRANSIENT)
        assert erp.moves() == []

    def test_tells_wrong_credentials_and_addresses_apart_from_refusals(self, erp: Erp) -> None:
        for wrong in (Desk(erp, api_key="wrong-key"), Desk(erp, database="no_such_database")):
            receipt = wrong.send_one(simple(1))
            assert receipt.outcome is Outcome.AUTH
            with pytest.raises(CallFailed) as failed:
                wrong.find(simple(1).key)
            assert failed.value.outcome is Outcome.AUTH
        assert erp.moves() == []

    def test_a_wrong_password_leaves_drafts_that_are_posted_once_it_is_right(
        self, erp: Erp
    ) -> None:
        wrong = Desk(erp, password=erp.api_key)
        receipts = wrong.send(simple(1), simple(2))
        assert [receipt.outcome for receipt in receipts] == [Outcome.AUTH] * 2
        assert all(receipt.drafted_id for receipt in receipts)
        assert [receipt.outcome for receipt in Desk(erp).send(simple(1), simple(2))] == [OK] * 2
        assert len(erp.moves()) == 2

    def test_probes_in_words(self, erp: Erp) -> None:
        desk = Desk(erp)
        steps = desk.run(lambda client, settings: desk.connector.probe(client, settings))
        assert [step.label for step in steps if not step.passed] == []
        assert steps[0].detail == "Tryton 8.2"
        assert "US Inc (US-INC) in USD" in steps[1].detail
        (invoices,) = (step for step in steps if step.label == "Invoices can be posted")
        assert invoices.detail == "To revenue accounts and 1200, 2300, 2310"

    def unbalanced_draft(self, desk: Desk) -> str:
        async def make(tryton: Tryton) -> str:
            value = await _values(tryton, simple(7))
            del value["lines"][0][1][1]
            (made,) = await tryton.action("account.move/create", {"vlist": [value]})
            return str(made)

        return desk.raw(make)


async def _values(tryton: Tryton, command: Command) -> Any:
    _, (value,) = await values(tryton, command)
    return value


async def _empty_draft(tryton: Tryton) -> str:
    value = await _values(tryton, simple(6)) | {"lines": []}
    (made,) = await tryton.action("account.move/create", {"vlist": [value]})
    return str(made)
