from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import CallFailed, Outcome
from connectors.systems.salesforce import payloads, sandbox
from connectors.systems.salesforce.connector import connector
from connectors.systems.salesforce.desk import command, health, invoice_state
from tests.connectors.salesforce_play import Stage, on_stage, with_parameters

OK, REFUSED = Outcome.OK, Outcome.REFUSED
LATER = "2026-11-20T11:00:00Z"
EARLIER = "2026-11-20T09:00:00Z"


def an_account(stage: Stage, **given: Any) -> str:
    return str(stage.business.account(**{"Name": "Acme", **given})["Id"])


def invoices(stage: Stage) -> list[dict[str, Any]]:
    return list(stage.world.all("RevOps_Invoice__c"))


class TestEachKind:
    def test_an_invoices_state_becomes_a_record_of_its_own(self) -> None:
        async def story(stage: Stage) -> None:
            account = an_account(stage)
            (receipt,) = await stage.send(
                invoice_state(
                    1, account_id=account, state="overdue", open=500_005, reason="No card"
                )
            )
            assert receipt.outcome is OK
            (row,) = invoices(stage)
            assert receipt.external_number == row["Id"]
            assert (row["RevOps_Id__c"], row["Name"]) == ("in_1", "INV-0001")
            assert (row["Total__c"], row["Open__c"]) == (Decimal("12990.00"), Decimal("5000.05"))
            assert (row["State__c"], row["Due_On__c"]) == ("overdue", "2026-12-01")
            assert (row["Account__c"], row["Paid_On__c"]) == (account, None)

        on_stage(story)

    def test_a_newer_state_changes_that_record(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.send(invoice_state(1))
            paid = invoice_state(
                1, 2, as_of=LATER, state="paid", open=0, paid_on="2026-11-20", due_on=None
            )
            (receipt,) = await stage.send(paid)
            assert receipt.outcome is OK
            (row,) = invoices(stage)
            assert (row["State__c"], row["Open__c"], row["Due_On__c"]) == ("paid", 0, None)

        on_stage(story)

    def test_health_goes_onto_the_account(self) -> None:
        async def story(stage: Stage) -> None:
            account = an_account(stage)
            (receipt,) = await stage.send(health(account, reason="Fewer sign-ins " + "x" * 300))
            assert receipt.outcome is OK
            row = stage.world.get("Account", account)
            assert (row["Health_Score__c"], row["Health_Band__c"]) == (Decimal("71.5"), "yellow")
            assert len(row["Health_Reason__c"]) == 255

        on_stage(story)

    @pytest.mark.parametrize("target", ["Account", "Opportunity"])
    def test_a_renewals_value_goes_onto_an_account_or_a_deal(self, target: str) -> None:
        async def story(stage: Stage) -> None:
            account = an_account(stage)
            deal = stage.business.deal(account=account)["Id"]
            (receipt,) = await stage.send(
                command(
                    "crm.renewal_value", account, target=target, currency="USD", value=9_600_000,
                    record_id=account if target == "Account" else deal,
                    renews_on="2027-01-01", risk="low",
                )
            )  # fmt: skip
            assert receipt.outcome is OK
            row = stage.world.get(target, account if target == "Account" else deal)
            assert row["Renewal_Value__c"] == Decimal("96000")
            assert (row["Renews_On__c"], row["Renewal_Risk__c"]) == ("2027-01-01", "low")

        on_stage(story)

    def test_ids_of_other_systems_are_noted_where_the_connection_names_a_field(self) -> None:
        async def story(stage: Stage) -> None:
            account = an_account(stage)
            ids = {"stripe": "cus_9", "erp": "4711", "gainsight": "1P02"}
            link = command("crm.customer_link", account, account_id=account, ids=ids)
            (receipt,) = await stage.send(link)
            assert receipt.outcome is OK
            row = stage.world.get("Account", account)
            assert (row["Stripe_Customer_ID__c"], row["ERP_ID__c"]) == ("cus_9", "4711")
            none = command(
                "crm.customer_link", account, 2, account_id=account, ids={"gainsight": "1P02"}
            )
            (receipt,) = await stage.send(none)
            assert (receipt.outcome, receipt.code) == (OK, "unchanged")
            stage.settings = with_parameters(other_ids="")
            (receipt,) = await stage.send(none)
            assert (receipt.outcome, receipt.code) == (REFUSED, "field_missing")

        on_stage(story)

    def test_a_link_that_is_there_already_is_not_written_again(self) -> None:
        """It would be read as a change of the account, which leads to a link again."""

        async def story(stage: Stage) -> None:
            account = an_account(stage)
            link = {"account_id": account, "ids": {"erp": "4711"}}
            await stage.send(command("crm.customer_link", account, 1, **link))
            stamp = stage.world.get("Account", account)["RevOps_Link_Stamp__c"]
            (receipt,) = await stage.send(
                command("crm.customer_link", account, 2, as_of=LATER, **link)
            )
            assert (receipt.outcome, receipt.code) == (OK, "unchanged")
            assert stage.world.get("Account", account)["RevOps_Link_Stamp__c"] == stamp

        on_stage(story)

    def test_a_subscription_is_linked_with_its_opportunity(self) -> None:
        async def story(stage: Stage) -> None:
            deal = stage.business.deal(account=an_account(stage))["Id"]
            (receipt,) = await stage.send(
                command(
                    "crm.subscription_link", deal, record_id=deal, subscription_id="sub_1",
                    status="active", started_on="2026-11-01",
                )
            )  # fmt: skip
            assert receipt.outcome is OK
            row = stage.world.get("Opportunity", deal)
            assert (row["Subscription_ID__c"], row["Subscription_Status__c"]) == ("sub_1", "active")

        on_stage(story)

    def test_kinds_and_payloads_that_are_none_are_refused(self) -> None:
        async def story(stage: Stage) -> None:
            for broken in (
                command("journal.post", "x"),
                command("crm.health", "x", account_id="001", score="1"),
                replace(invoice_state(1), key="rc1'--"),
                health("no-id"),
                invoice_state(2, surplus=1),
            ):
                (receipt,) = await stage.send(broken)
                assert receipt.outcome is REFUSED
                assert len(receipt.reason.split()) > 3
            assert stage.world.calls == 0

        on_stage(story)


class TestOrder:
    def test_an_old_state_never_replaces_a_newer_one(self) -> None:
        async def story(stage: Stage) -> None:
            account = an_account(stage)
            await stage.send(health(account, 2, as_of=LATER, band="red"))
            (receipt,) = await stage.send(health(account, 1, as_of=EARLIER, band="green"))
            assert (receipt.outcome, receipt.code) == (OK, "overtaken")
            assert stage.world.get("Account", account)["Health_Band__c"] == "red"

        on_stage(story)

    def test_of_two_states_in_a_batch_the_newer_one_is_written(self) -> None:
        async def story(stage: Stage) -> None:
            account = an_account(stage)
            newer = health(account, 2, as_of=LATER, band="red")
            older = health(account, 1, as_of=EARLIER, band="green")
            receipts = await stage.send(newer, older)
            assert [one.outcome for one in receipts] == [OK, OK]
            assert receipts[0].external_id != receipts[1].external_id
            assert stage.world.get("Account", account)["Health_Band__c"] == "red"

        on_stage(story)

    def test_kinds_on_one_account_do_not_disturb_each_other(self) -> None:
        async def story(stage: Stage) -> None:
            account = an_account(stage)
            link = command("crm.customer_link", account, account_id=account, ids={"erp": "1"})
            commands = (health(account, as_of=LATER), link)
            receipts = await stage.send(*commands)
            assert [one.outcome for one in receipts] == [OK, OK]
            assert set(await stage.find(*commands)) == {one.key for one in commands}

        on_stage(story)

    def test_other_content_under_a_key_is_a_conflict(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.send(invoice_state(1))
            (receipt,) = await stage.send(invoice_state(1, total=5))
            assert (receipt.outcome, receipt.code) == (REFUSED, "conflict")

        on_stage(story)


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


class TestCurrencies:
    def test_a_field_beside_the_amount_says_which_currency_it_is_in(self) -> None:
        async def story(stage: Stage) -> None:
            account = an_account(stage)
            renewal = command(
                "crm.renewal_value", "x", record_id=account, currency="JPY", value=9_600
            )
            receipts = await stage.send(invoice_state(1, currency="EUR"), renewal)
            assert [one.outcome for one in receipts] == [OK, OK]
            row = stage.world.get("Account", account)
            assert (row["Renewal_Value__c"], row["Renewal_Currency__c"]) == (9_600, "JPY")

        on_stage(story)

    def test_without_one_an_org_of_one_currency_takes_no_other(self) -> None:
        async def story(stage: Stage) -> None:
            stage.settings = with_parameters(invoice_fields="currency=")
            (receipt,) = await stage.send(invoice_state(1, currency="EUR"))
            assert (receipt.outcome, receipt.code) == (REFUSED, "currency_mismatch")
            assert "USD" in receipt.reason
            assert "EUR" in receipt.reason

        on_stage(story)

    def test_of_many_each_invoice_keeps_its_own(self) -> None:
        async def story(stage: Stage) -> None:
            stage.settings = with_parameters(multi_currency=True)
            receipts = await stage.send(
                invoice_state(1, currency="JPY", total=1299, open=0),
                invoice_state(2, currency="KWD", total=1299, open=1),
            )
            assert [one.outcome for one in receipts] == [OK, OK]
            assert [(row["CurrencyIsoCode"], row["Total__c"]) for row in invoices(stage)] == [
                ("JPY", 1299), ("KWD", Decimal("1.299")),
            ]  # fmt: skip

        on_stage(story)

    def test_an_account_is_not_told_an_amount_in_another_currency_than_its_own(self) -> None:
        async def story(stage: Stage) -> None:
            account = an_account(stage, CurrencyIsoCode="EUR")
            stage.settings = with_parameters(multi_currency=True, renewal_fields="currency=")
            (receipt,) = await stage.send(
                command("crm.renewal_value", "x", record_id=account, currency="USD", value=1)
            )
            assert (receipt.outcome, receipt.code) == (REFUSED, "currency_mismatch")

        on_stage(story)


class TestFind:
    def test_objects_and_fields_that_nobody_made_hold_nothing(self) -> None:
        async def story(stage: Stage) -> None:
            stage.settings = with_parameters(
                invoice_object="Nope__c", subscription_fields="stamp=Nope__c"
            )
            wanted = health(an_account(stage))
            await stage.send(wanted)
            assert set(await stage.find(wanted)) == {wanted.key}

        on_stage(story)

    def test_does_not_take_silence_for_absence(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.fault(down={"times": True, "on": "read"})
            with pytest.raises(CallFailed) as caught:
                await stage.find(invoice_state(1))
            assert caught.value.outcome is Outcome.TRANSIENT

        on_stage(story)


class TestProbe:
    def test_names_what_is_missing(self) -> None:
        async def story(stage: Stage) -> None:
            settings = with_parameters(
                account_fields="tax_id=Nope__c", invoice_fields="external_id=Name",
                health_fields="band=Mood__c",
            )  # fmt: skip
            steps = await connector.probe(stage.client, settings)
            told = {step.label: step for step in steps}
            assert "Nope__c" in told["Account can be read"].detail
            assert "unique" in told["Invoice states can be written"].detail
            assert "Account.Mood__c" in steps[-1].detail
            assert [step.label for step in steps if not step.passed] == [
                "Account can be read", "Invoice states can be written", steps[-1].label,
            ]  # fmt: skip

        on_stage(story)

    def test_says_how_many_calls_are_left(self) -> None:
        async def story(stage: Stage) -> None:
            stage.world.calls = 99_000
            steps = await connector.probe(stage.client, stage.settings)
            assert steps[1].detail.startswith("999 of 100000")

        on_stage(story)

    def test_a_wrong_secret_is_told_by_the_sign_in(self) -> None:
        async def story(stage: Stage) -> None:
            secrets = {"client_id": sandbox.CLIENT_ID, "client_secret": "wrong"}
            steps = await connector.probe(stage.client, replace(stage.settings, secrets=secrets))
            assert [step.passed for step in steps] == [False]
            assert "invalid client credentials" in steps[0].detail

        on_stage(story)
