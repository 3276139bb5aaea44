from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

import pytest

from connectors.contract import CallFailed, Outcome, Settings
from connectors.postings import JOURNAL
from connectors.systems.oracle_fusion import importing, receivables, sandbox, wire
from connectors.systems.oracle_fusion.connector import FusionConnector
from connectors.systems.oracle_fusion.test_contract import SETTINGS
from connectors.testing import desks
from connectors.testing.books import Books, line
from connectors.testing.desks import Desk

T = TypeVar("T")
OK, REFUSED, DONE = Outcome.OK, Outcome.REFUSED, Outcome.ALREADY_DONE
WAITING: Final = Outcome.WORKING
BOOKS: Final = Books()


def play(story: Callable[[Desk], Awaitable[T]], **parameters: Any) -> T:
    made, app = FusionConnector(), sandbox.build()
    return desks.play(story, made=made, app=app, settings=SETTINGS, **parameters)


class TestAnImport:
    def test_that_waits_is_asked_about_by_its_request_and_not_uploaded_again(self) -> None:
        async def story(desk: Desk) -> None:
            command = BOOKS.journal(1)
            await desk.control("faults", import_waits=True)
            receipt = await desk.one(command)
            assert (receipt.outcome, receipt.code) == (WAITING, "importing")
            assert receipt.drafted_id.startswith("request:")
            assert receipt.retry_after
            told = replace(command, drafted_id=receipt.drafted_id)
            again = await desk.one(told)
            assert (again.outcome, again.drafted_id) == (WAITING, receipt.drafted_id)
            assert (await desk.control("imports", work=True))["done"] == 1
            assert (await desk.one(told)).outcome is OK
            assert (await desk.one(told)).outcome is DONE
            assert (await desk.look("requests"))["import"] == 1

        play(story)

    def test_is_posted_with_the_others_of_its_batch_by_one_request(self) -> None:
        async def story(desk: Desk) -> None:
            receipts = await desk.send(*(BOOKS.journal(number) for number in range(1, 5)))
            assert [receipt.outcome for receipt in receipts] == [OK] * 4
            asked = await desk.look("requests")
            assert (asked["import"], asked["post"]) == (4, 1)

        play(story)

    def test_that_waits_does_not_hold_up_those_after_it(self) -> None:
        async def story(desk: Desk) -> None:
            await desk.control("faults", import_waits=True)
            journal, invoice = await desk.send(BOOKS.journal(1), BOOKS.invoice(2))
            assert (journal.outcome, invoice.outcome) == (WAITING, OK)

        play(story)

    def test_that_ended_well_and_did_nothing_is_no_posting(self) -> None:
        async def story(desk: Desk) -> None:
            await desk.control("faults", wrong_account=True)
            receipt = await desk.one(BOOKS.journal(1))
            assert (receipt.outcome, receipt.code) == (REFUSED, "nothing_imported")
            assert "UCM account" in receipt.reason
            await desk.control("faults", wrong_account=False)
            assert (await desk.one(BOOKS.journal(1))).outcome is OK

        play(story)

    def test_that_was_rejected_says_why_in_its_log(self) -> None:
        async def story(desk: Desk) -> None:
            await desk.control("faults", import_waits=True)
            late = BOOKS.journal(1, accounting_date=BOOKS.late_day)
            sent = [late, BOOKS.journal(2)]
            told = [
                replace(command, drafted_id=receipt.drafted_id)
                for command, receipt in zip(sent, await desk.send(*sent), strict=True)
            ]
            await desk.control("periods", **{BOOKS.late_period: "closed"})
            await desk.control("imports", work=True)
            # Another process, which reads the periods now.
            desk.connector = FusionConnector()
            refused, done = await desk.send(*told)
            assert (refused.outcome, refused.code) == (REFUSED, "period_closed")
            assert "EP01" in refused.reason
            assert done.outcome is OK
            await desk.control("periods", **{BOOKS.late_period: "open"})
            await desk.control("faults", import_waits=False)
            assert (await desk.one(late)).outcome is OK

        play(story)

    def test_stays_known_whatever_goes_wrong_while_it_waits(self) -> None:
        async def story(desk: Desk) -> None:
            command = BOOKS.journal(1, accounting_date=BOOKS.late_day)
            await desk.control("faults", import_waits=True)
            receipt = await desk.one(command)
            told = replace(command, drafted_id=receipt.drafted_id)

            await desk.control("faults", maintenance=True)
            down = await desk.one(told)
            assert (down.outcome, down.code, down.retry_after) == (
                Outcome.THROTTLED,
                "maintenance",
                900,
            )
            assert down.drafted_id == receipt.drafted_id
            await desk.control("faults", maintenance=False)

            settings, desk.settings = desk.settings, Settings("oracle_fusion", "https://x")
            wrong = await desk.one(told)
            assert (wrong.outcome, wrong.code) == (REFUSED, "parameter")
            assert wrong.drafted_id == receipt.drafted_id
            desk.settings = settings

            # Closed once it was imported: the books hold it, whatever may be posted now.
            await desk.control("imports", work=True)
            await desk.control("posting", all=True)
            await desk.control("periods", **{BOOKS.late_period: "closed"})
            desk.connector = FusionConnector()
            assert (await desk.one(told)).outcome is DONE
            assert (await desk.look("requests"))["import"] == 1

        play(story)

    def test_is_not_posted_before_its_batch_is(self) -> None:
        async def story(desk: Desk) -> None:
            command = BOOKS.journal(1)
            receipt = await desk.one(command)
            assert (receipt.outcome, receipt.code) == (WAITING, "unposted")
            found = await desk.connector.find(desk.client, desk.settings, [command.key])
            assert [one.posted for one in found[command.key]] == [False]
            told = replace(command, drafted_id=receipt.drafted_id)
            assert (await desk.one(told)).code == "unposted"
            await desk.control("posting", all=True)
            assert (await desk.one(told)).outcome is DONE
            assert (await desk.look("requests"))["import"] == 1

        play(story, autopost_criteria="")


class TestAnUploadWithoutAnAnswer:
    def test_is_not_there_only_once_none_of_our_imports_is_under_way(self) -> None:
        async def story(desk: Desk) -> None:
            await desk.control("faults", import_waits=True)
            receipt = await desk.one(BOOKS.journal(1))
            assert receipt.outcome is WAITING

            async def found() -> Any:
                return await desk.connector.find(desk.client, desk.settings, [BOOKS.journal(2).key])

            # Begun a moment ago, it is nothing that was sent before the settle window.
            assert await found() == {}
            await desk.control("imports", older_by=importing.RECENT_S + 60)
            with pytest.raises(CallFailed, match=receipt.drafted_id.partition(":")[2]):
                await found()
            await desk.control("imports", work=True)
            assert await found() == {}

        play(story)

    def test_stays_in_doubt_where_fusion_does_not_show_its_scheduler(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(wire, "SCHEDULER", "/ess/rest/elsewhere")

        async def story(desk: Desk) -> None:
            done = BOOKS.journal(1)
            assert (await desk.one(done)).outcome is OK
            assert done.key in await desk.connector.find(desk.client, desk.settings, [done.key])
            with pytest.raises(CallFailed, match="scheduled processes"):
                await desk.connector.find(desk.client, desk.settings, [BOOKS.journal(2).key])
            steps = await desk.connector.probe(desk.client, desk.settings)
            assert (steps[-1].label[:19], steps[-1].passed) == ("Scheduled processes", False)

        play(story)


class TestDocuments:
    def test_other_content_under_a_key_is_a_conflict(self) -> None:
        async def story(desk: Desk) -> None:
            await desk.one(BOOKS.invoice(1))
            receipt = await desk.one(BOOKS.invoice(1, accounting_date=BOOKS.later_day))
            assert (receipt.outcome, receipt.code) == (REFUSED, "conflict")
            assert (await desk.look("requests"))["document"] == 1

        play(story)

    def test_a_number_that_somebody_else_gave_is_not_taken_for_ours(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(receivables, "number", lambda key: "RC1")

        async def story(desk: Desk) -> None:
            assert (await desk.one(BOOKS.invoice(1))).outcome is OK
            receipt = await desk.one(BOOKS.invoice(2))
            assert (receipt.outcome, receipt.code) == (REFUSED, "conflict")
            assert (await desk.look("requests"))["document"] == 2

        play(story)

    def test_what_fusion_refuses_stops_nothing_after_it(self) -> None:
        async def story(desk: Desk) -> None:
            await desk.one(BOOKS.journal(1))
            # The connector has read the accounts before.
            await desk.control("scenario/close_accounts", accounts=["2300"])
            lines = [line("1050", debit=5), line("4000", credit=5)]
            refused, wrong, good = await desk.send(
                BOOKS.invoice(2), BOOKS.journal(3), BOOKS.command(JOURNAL, 4, lines)
            )
            assert (refused.outcome, refused.code) == (REFUSED, "account_unknown")
            assert (wrong.outcome, wrong.code) == (REFUSED, "account_unknown")
            assert "EF04" in wrong.reason
            assert good.outcome is OK

        play(story)
