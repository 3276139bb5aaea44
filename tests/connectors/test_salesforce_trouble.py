from __future__ import annotations

import asyncio

from connectors.contract import Outcome
from connectors.systems.salesforce import payloads
from connectors.systems.salesforce.desk import health, invoice_state
from tests.connectors.salesforce_play import Stage, an_account, invoices, on_stage, with_parameters

OK, REFUSED = Outcome.OK, Outcome.REFUSED


class TestTrouble:
    def test_a_lost_answer_is_in_doubt_and_then_found(self) -> None:
        async def story(stage: Stage) -> None:
            wanted = invoice_state(1)
            await stage.fault(response_lost=1)
            (receipt,) = await stage.send(wanted)
            assert receipt.outcome is Outcome.IN_DOUBT
            found = (await stage.find(wanted))[wanted.key]
            assert [one.content_sha256 for one in found] == [payloads.digest(wanted.payload)]
            (receipt,) = await stage.send(wanted)
            assert receipt.outcome is Outcome.ALREADY_DONE
            assert receipt.external_id == found[0].external_id
            assert len(invoices(stage)) == 1

        on_stage(story, timeout_s=0.3)

    def test_a_late_commit_leaves_one_record(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.fault(late_commit={"times": 1, "seconds": 0.6})
            (receipt,) = await stage.send(invoice_state(1))
            assert receipt.outcome is Outcome.IN_DOUBT
            (receipt,) = await stage.send(invoice_state(1))
            assert receipt.outcome is OK
            await asyncio.sleep(0.7)
            assert len(invoices(stage)) == 1

        on_stage(story, timeout_s=0.3)

    def test_a_locked_row_is_tried_again_later(self) -> None:
        async def story(stage: Stage) -> None:
            account = an_account(stage)
            for wanted in (health(account), invoice_state(1)):
                await stage.fault(lock_row=1)
                (receipt,) = await stage.send(wanted)
                assert (receipt.outcome, receipt.code) == (Outcome.TRANSIENT, "locked")
                (receipt,) = await stage.send(wanted)
                assert receipt.outcome is OK

        on_stage(story)

    def test_used_up_calls_are_waited_for_though_nothing_says_how_long(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.fault(throttle=1)
            (receipt,) = await stage.send(invoice_state(1))
            assert (receipt.outcome, receipt.http_status) == (Outcome.THROTTLED, 403)
            assert receipt.retry_after == 300
            assert "TotalRequests" in receipt.reason

        on_stage(story)

    def test_a_session_that_ended_is_renewed_in_passing(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.send(invoice_state(1))
            await stage.fault(expire_session={"times": 1, "on": "write"})
            (receipt,) = await stage.send(invoice_state(2))
            assert receipt.outcome is OK
            assert stage.sandbox.tokens.issued == 2

        on_stage(story)

    def test_a_record_that_is_gone_is_told_and_not_made_again(self) -> None:
        async def story(stage: Stage) -> None:
            keep, gone = an_account(stage), an_account(stage)
            await stage.play("merge", master=keep, victim=gone)
            (receipt,) = await stage.send(health(gone))
            assert (receipt.outcome, receipt.code) == (REFUSED, "record_missing")

        on_stage(story)

    def test_invoices_are_not_made_where_that_is_switched_off(self) -> None:
        async def story(stage: Stage) -> None:
            stage.settings = with_parameters(invoice_create=False)
            (receipt,) = await stage.send(invoice_state(1))
            assert (receipt.outcome, receipt.code) == (REFUSED, "record_missing")
            assert invoices(stage) == []

        on_stage(story)

    def test_several_records_of_one_external_id_are_a_matter_for_people(self) -> None:
        """Where the field is no unique one, Salesforce answers 300 and changes nothing."""

        async def story(stage: Stage) -> None:
            twins = [
                stage.world.create("RevOps_Invoice__c", {"RevOps_Id__c": name})["Id"]
                for name in ("in_1", "in_other")
            ]
            stage.world.rows["RevOps_Invoice__c"][twins[1]]["RevOps_Id__c"] = "in_1"
            (receipt,) = await stage.send(invoice_state(1))
            assert (receipt.outcome, receipt.code) == (REFUSED, "duplicate_external_id")
            assert twins[0] in receipt.reason
            assert {row["State__c"] for row in invoices(stage)} == {None}

        on_stage(story)

    def test_what_salesforce_made_of_it_is_compared(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.fault(change_values=1)
            (receipt,) = await stage.send(invoice_state(1))
            assert (receipt.outcome, receipt.code) == (REFUSED, "echo_differs")
            assert "State__c" in receipt.reason
            (receipt,) = await stage.send(invoice_state(1))
            assert receipt.outcome is OK

        on_stage(story)

    def test_one_bad_record_does_not_stop_the_others_of_its_call(self) -> None:
        async def story(stage: Stage) -> None:
            commands = [invoice_state(number) for number in range(60)]
            commands[30] = invoice_state(30, account_id="0015g0000000zzzAAA")
            receipts = await stage.send(*commands)
            assert [one.outcome for one in receipts].count(OK) == 59
            assert (receipts[30].outcome, receipts[30].code) == (REFUSED, "record_missing")
            assert "Account__c" in receipts[30].reason
            assert len({one.external_id for one in receipts}) == 60
            # look, write, read back: three calls, and the sign-in
            assert stage.world.calls == 3

        on_stage(story)

    def test_a_mistake_that_spoils_the_look_is_told_for_its_kind_only(self) -> None:
        async def story(stage: Stage) -> None:
            account = an_account(stage)
            stage.settings = with_parameters(health_fields="score=Nope__c")
            receipts = await stage.send(health(account), invoice_state(1))
            assert [(one.outcome, one.code) for one in receipts] == [
                (REFUSED, "field_missing"), (OK, ""),
            ]  # fmt: skip

        on_stage(story)
