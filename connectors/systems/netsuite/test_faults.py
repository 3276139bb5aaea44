from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

from connectors.contract import Outcome
from connectors.postings import JOURNAL
from connectors.systems.netsuite import sandbox
from connectors.systems.netsuite.connector import NetSuiteConnector
from connectors.systems.netsuite.test_contract import SETTINGS
from connectors.testing import desks
from connectors.testing.books import Books, line
from connectors.testing.desks import Desk

T = TypeVar("T")
OK, REFUSED, DONE = Outcome.OK, Outcome.REFUSED, Outcome.ALREADY_DONE
BOOKS: Final = Books()


def play(story: Callable[[Desk], Awaitable[T]], **parameters: Any) -> T:
    made, app = NetSuiteConnector(), sandbox.build()
    return desks.play(story, made=made, app=app, settings=SETTINGS, **parameters)


class TestSigningIn:
    def test_a_token_that_ended_is_replaced_once_and_the_call_repeated(self) -> None:
        async def story(desk: Desk) -> None:
            assert (await desk.one(BOOKS.journal(1))).outcome is OK
            await desk.control("sign_in", expire=True)
            assert (await desk.one(BOOKS.journal(2))).outcome is OK
            assert (await desk.control("sign_in"))["issued"] == 2

        play(story)

    def test_an_invalid_login_under_load_does_not_revoke_credentials(self) -> None:
        async def story(desk: Desk) -> None:
            await desk.one(BOOKS.journal(1))
            await desk.control("faults", login_under_load=True)
            receipt = await desk.one(BOOKS.journal(2))
            assert (receipt.outcome, receipt.code) == (Outcome.THROTTLED, "login_under_load")
            assert receipt.retry_after == 60
            await desk.control("faults", login_under_load=False)
            assert (await desk.one(BOOKS.journal(2))).outcome is OK

        play(story)

    def test_a_limit_told_as_400_slows_down_and_nothing_else(self) -> None:
        async def story(desk: Desk) -> None:
            await desk.one(BOOKS.journal(1))
            await desk.control("faults", throttle_400=True)
            receipt = await desk.one(BOOKS.journal(2))
            assert (receipt.outcome, receipt.retry_after) == (Outcome.THROTTLED, 30)

        play(story)

    def test_calls_may_be_signed_instead_and_a_wrong_signature_gets_nowhere(self) -> None:
        async def story(desk: Desk) -> None:
            desk.settings = replace(desk.settings, secrets=sandbox.TOKENS)
            assert (await desk.one(BOOKS.journal(1))).outcome is OK
            assert "sign_in" not in await desk.look("requests")
            assert all(
                step.passed for step in await desk.connector.probe(desk.client, desk.settings)
            )
            wrong = {**sandbox.TOKENS, "token_secret": "another"}
            desk.settings = replace(desk.settings, secrets=wrong)
            receipt = await desk.one(BOOKS.journal(2))
            assert (receipt.outcome, receipt.code) == (Outcome.THROTTLED, "login_under_load")
            assert len(await desk.look("moves")) == 1

        play(story, sign_in="tba")


class TestInTheBackground:
    IN: Final = {"processing": "in the background"}

    def test_posts_by_a_job_and_reads_it_back(self) -> None:
        async def story(desk: Desk) -> None:
            receipt = await desk.one(BOOKS.journal(1))
            assert receipt.outcome is OK
            assert (await desk.look("requests"))["job"] == 3

        play(story, **self.IN)

    def test_a_job_under_way_is_asked_about_and_not_begun_twice(self) -> None:
        async def story(desk: Desk) -> None:
            await desk.control("jobs", held=True)
            for _ in range(2):
                receipt = await desk.one(BOOKS.journal(1))
                assert (receipt.outcome, receipt.code) == (Outcome.WORKING, "working")
            assert (await desk.control("jobs", finish=True))["finished"] == 1
            assert (await desk.one(BOOKS.journal(1))).outcome is DONE
            assert len(await desk.look("moves")) == 1

        play(story, **self.IN)

    def test_a_job_stays_known_though_the_posting_would_not_be_taken_now(self) -> None:
        async def story(desk: Desk) -> None:
            command = BOOKS.journal(1, accounting_date=BOOKS.late_day)
            await desk.control("jobs", held=True)
            working = await desk.one(command)
            told = replace(command, drafted_id=working.drafted_id)
            await desk.control("periods", **{BOOKS.late_period: "closed"})
            desk.connector = NetSuiteConnector()
            again = await desk.one(told)
            assert (again.outcome, again.drafted_id) == (Outcome.WORKING, working.drafted_id)
            await desk.control("jobs", held=False, finish=True)
            refused = await desk.one(told)
            assert (refused.code, refused.drafted_id) == ("period_closed", "")
            assert await desk.look("moves") == []

        play(story, **self.IN)

    def test_what_a_job_refused_is_told_and_tried_anew_when_asked_again(self) -> None:
        async def story(desk: Desk) -> None:
            command = BOOKS.journal(1, accounting_date=BOOKS.late_day)
            await desk.control("jobs", held=True)
            assert (await desk.one(command)).outcome is Outcome.WORKING
            await desk.control("periods", **{BOOKS.late_period: "closed"})
            await desk.control("jobs", held=False, finish=True)
            await desk.control("periods", **{BOOKS.late_period: "open"})
            assert (await desk.one(command)).outcome is OK
            assert len(await desk.look("moves")) == 1

        play(story, **self.IN)


class TestWhatIsHeld:
    def test_a_journal_that_waits_for_approval_is_no_posting(self) -> None:
        async def story(desk: Desk) -> None:
            await desk.control("approvals", needed=True)
            command = BOOKS.journal(1)
            receipt = await desk.one(command)
            assert (receipt.outcome, receipt.code) == (REFUSED, "approval_pending")
            found = await desk.connector.find(desk.client, desk.settings, [command.key])
            assert [one.posted for one in found[command.key]] == [False]
            assert (await desk.one(command)).drafted_id == receipt.drafted_id

            # Whatever is wrong by now, it is there: nobody may think that nothing is.
            told = replace(command, drafted_id=receipt.drafted_id)
            await desk.control("periods", **{BOOKS.day[:7]: "closed"})
            desk.connector = NetSuiteConnector()
            assert (await desk.one(told)).code == "approval_pending"
            await desk.control("faults", down=True)
            assert (await desk.one(told)).drafted_id == receipt.drafted_id
            await desk.control("faults", down=False)
            await desk.control("periods", **{BOOKS.day[:7]: "open"})

            await desk.control("approvals", approve=int(receipt.drafted_id))
            assert (await desk.one(told)).outcome is DONE

        play(story)

    def test_what_somebody_changed_is_a_conflict_and_left_alone(self) -> None:
        async def story(desk: Desk) -> None:
            command = BOOKS.journal(1)
            receipt = await desk.one(command)
            change = {"account": "1100", "against": "2300", "by": 500}
            await desk.control("tamper", move=receipt.external_id, do="shift", **change)
            again = await desk.one(command)
            assert (again.outcome, again.code) == (REFUSED, "conflict")
            assert again.external_id == receipt.external_id

        play(story)

    def test_an_external_id_is_one_for_all_types(self) -> None:
        async def story(desk: Desk) -> None:
            journal = BOOKS.journal(1)
            await desk.one(journal)
            invoice = replace(BOOKS.invoice(1), key=journal.key)
            assert (await desk.one(invoice)).outcome is DONE

        play(story)


class TestWhatDoesNotFit:
    def test_a_foreign_journal_is_posted_in_the_books_currency_and_says_what_it_was(self) -> None:
        lines = [
            line("1050", debit=1100) | {"document_amount": 1000, "cost_centre": "Sales"},
            line("4000", credit=1100) | {"document_amount": -1000, "customer_class": "Foreign"},
        ]
        command = BOOKS.command(JOURNAL, 1, lines, document_currency="EUR")

        async def story(desk: Desk) -> None:
            assert (await desk.one(command)).outcome is OK
            (held,) = await desk.look("moves")
            assert held["currency"] == "USD"
            (row,) = await desk.connector.documents(
                desk.client, desk.settings, legal_entity="US-INC", number=held["number"]
            )
            assert {one.account: one.amount for one in row.lines} == {"1050": 1100, "4000": -1100}

        play(story)


class TestCustomers:
    def test_a_new_one_belongs_to_the_subsidiary_that_it_is_wanted_in(self) -> None:
        app = sandbox.build()

        async def story(desk: Desk) -> None:
            for number, entity in ((1, "UK-LTD"), (2, "")):
                asked = BOOKS.customer(number, legal_entity=entity)
                assert (await desk.one(asked)).outcome is OK

        desks.play(story, made=NetSuiteConnector(), app=app, settings=SETTINGS)
        store = app.state.sandbox.store
        held = [store.one("SELECT * FROM customer WHERE externalid = ?", f"cus_{number}")
                for number in (1, 2)]  # fmt: skip
        assert [row["subsidiary"] for row in held] == [3, 2]
