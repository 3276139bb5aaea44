from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from connectors.contract import Outcome
from connectors.systems.salesforce.desk import command, health, invoice_state
from tests.connectors.salesforce_play import Stage, an_account, invoices, on_stage, with_parameters

OK, REFUSED = Outcome.OK, Outcome.REFUSED
LATER = "2026-11-20T11:00:00Z"
EARLIER = "2026-11-20T09:00:00Z"


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
