from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from connectors import drift
from connectors.contract import CallFailed, Outcome, PayloadUnreadable
from connectors.systems.salesforce import polling, sandbox
from connectors.systems.salesforce.connector import connector
from tests.connectors.salesforce_play import Stage, on_stage, opened, told, with_parameters


def contracts(page: Any) -> list[str]:
    return [event.contract for event in told(page)]


class TestPolling:
    def test_tells_accounts_deals_quotes_and_contracts_oldest_first(self) -> None:
        async def story(stage: Stage) -> None:
            start = time.time() - 3600
            account = stage.business.account(Name="Acme", at=start)["Id"]
            deal = stage.business.deal(
                account=account, items=[{"sku": "a", "quantity": 2, "price": "10.50"}], at=start + 1
            )["Id"]
            stage.business.win(deal, at=start + 5)
            stage.business.quote(deal=deal, at=start + 6)
            stage.business.sign(deal=deal, at=start + 7)
            page = await stage.poll()
            assert contracts(page) == [
                "customer.created/1", "opportunity.won/1", "quote.accepted/1", "contract.signed/1",
            ]  # fmt: skip
            won = told(page)[1]
            assert (won.amount, won.items[0].unit_amount) == (2100, 1050)

        on_stage(story)

    def test_a_quote_of_cpq_is_no_drift_of_what_is_known(self) -> None:
        async def story(stage: Stage) -> None:
            account = stage.business.account(Name="Acme")["Id"]
            sold = [{"sku": "a", "quantity": 2, "price": "10.50"}]
            deal = stage.business.deal(account=account, items=sold)["Id"]
            stage.business.cpq_quote(deal=deal, optional=sold)
            parameters = {**stage.settings.parameters, "quotes_of": "cpq"}
            stage.settings = replace(stage.settings, parameters=parameters)
            page = await stage.poll()
            (quote,) = [one for one in page.bodies if b"SBQQ__Quote__c" in one]
            assert list(drift.differences(connector, quote)) == []

        on_stage(story)

    def test_a_record_that_becomes_visible_late_is_found_all_the_same(self) -> None:
        """A transaction stamps before it commits: others overtake it."""

        async def story(stage: Stage) -> None:
            early = stage.business.account(Name="Long transaction", at=time.time() - 300)
            stage.world.hidden[early["Id"]] = float("inf")
            stage.business.account(Name="Short one", at=time.time() - 10)
            first = await stage.poll()
            assert [event.name for event in told(first)] == ["Short one"]
            stage.world.hidden.clear()
            second = await stage.poll(first.cursor)
            assert [event.name for event in told(second)] == ["Long transaction", "Short one"]
            assert second.bodies[1] == first.bodies[0]

        on_stage(story)

    def test_nothing_is_skipped_among_hundreds_of_one_second(self) -> None:
        async def story(stage: Stage) -> None:
            at = time.time() - 60
            names = {f"Account {number}" for number in range(polling.PAGE + 70)}
            for name in sorted(names):
                stage.business.account(Name=name, at=at)
            found: list[str] = []
            cursor, more = "", True
            for _ in range(5):
                page = await stage.poll(cursor)
                found += [event.name for event in told(page)]
                cursor, more = page.cursor, page.more
                if not more:
                    break
            assert not more
            assert len(found) == len(names)
            assert set(found) == names

        # Each answer of a query lists a hundred, so that lists go on by nextRecordsUrl as well.
        on_stage(story, config=sandbox.Config(batch=100))

    def test_a_new_order_tells_its_contract_anew(self) -> None:
        async def story(stage: Stage) -> None:
            made = (await stage.play("customers", count=1))["made"][0]
            await stage.play("win", opportunity=made["opportunity"])
            contract = (await stage.play("sign"))["contract"]
            first = await stage.poll()
            assert contracts(first)[-1] == "contract.signed/1"
            await stage.play("amend", contract=contract, words="Five more")
            second = await stage.poll(first.cursor)
            (amended,) = [event for event in told(second) if event.contract.startswith("contract.")]
            assert amended.contract == "contract.amended/1"
            assert amended.items[0].quantity == 15
            assert amended.total == 1_800_000
            await stage.play("renew", contract=contract)
            third = await stage.poll(second.cursor)
            (renewed,) = [event for event in told(third) if event.contract.startswith("contract.")]
            assert renewed.contract == "contract.renewed/1"
            assert renewed.items[0].quantity == 15
            stage.settings = with_parameters(
                contract_fields="cancelled_on=Cancelled_On__c, reason=Cancel_Reason__c"
            )
            await stage.play("cancel", contract=contract, on="2027-03-01")
            last = told(await stage.poll(third.cursor), stage.settings)[-1]
            assert last.contract == "contract.cancelled/1"
            assert last.effective_on.isoformat() == "2027-03-01"

        on_stage(story)

    def test_a_merge_is_told_once_with_the_survivor(self) -> None:
        async def story(stage: Stage) -> None:
            made = (await stage.play("customers", count=2))["made"]
            first = await stage.poll()
            one, two = (item["account"] for item in made)
            await stage.play("merge", master=one, victim=two)
            page = await stage.poll(first.cursor)
            (merged,) = [event for event in told(page) if event.contract == "customer.merged/1"]
            assert (merged.customer_id, merged.merged_id) == (one, two)

        on_stage(story)

    def test_old_accounts_are_wanted_and_old_deals_are_not(self) -> None:
        async def story(stage: Stage) -> None:
            long_ago = time.time() - 400 * 86400
            account = stage.business.account(Name="Old friend", at=long_ago)["Id"]
            stage.business.deal(account=account, at=long_ago)
            assert contracts(await stage.poll()) == ["customer.created/1"]
            stage.settings = with_parameters(since="2020-01-01")
            assert contracts(await stage.poll()) == ["customer.created/1", "opportunity.updated/1"]

        on_stage(story)

    def test_leaves_the_last_calls_of_the_day_to_others(self) -> None:
        async def story(stage: Stage) -> None:
            stage.world.calls = 85_000
            with pytest.raises(CallFailed, match="85001 of 100000") as caught:
                await stage.poll()
            assert caught.value.outcome is Outcome.THROTTLED
            assert caught.value.retry_after == 900
            stage.settings = with_parameters(api_share=90)
            await stage.poll()

        on_stage(story)

    def test_an_org_without_quotes_and_contracts_can_be_read(self) -> None:
        async def story(stage: Stage) -> None:
            made = (await stage.play("customers", count=1))["made"][0]
            await stage.play("win", opportunity=made["opportunity"])
            await stage.play("quote")
            await stage.play("sign")
            stage.settings = with_parameters(quotes=False, contracts=False)
            page = await stage.poll()
            assert set(json.loads(page.cursor)) == {"Account", "Opportunity"}
            assert len(page.bodies) == 2

        on_stage(story)

    def test_a_field_that_is_not_there_is_named(self) -> None:
        async def story(stage: Stage) -> None:
            stage.settings = with_parameters(account_fields="tax_id=Nope__c")
            with pytest.raises(CallFailed, match="Nope__c") as caught:
                await stage.poll()
            assert caught.value.outcome is Outcome.REFUSED

        on_stage(story)

    @pytest.mark.parametrize("cursor", ["{", "[1]", '{"Account": 5}', '{"Account": ["x", ""]}'])
    def test_a_foreign_cursor_is_refused(self, cursor: str) -> None:
        async def story(stage: Stage) -> None:
            with pytest.raises((CallFailed, PayloadUnreadable)):
                await stage.poll(cursor)

        on_stage(story)

    def test_what_is_polled_is_no_missed_message(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.play("customers", count=1)
            assert all(envelope.polled for envelope in opened(await stage.poll()))

        on_stage(story)


class TestSnapshots:
    def test_lists_accounts_deals_and_contracts_of_some_days(self) -> None:
        async def story(stage: Stage) -> None:
            made = (await stage.play("customers", count=3))["made"]
            await stage.play("win", opportunity=made[0]["opportunity"])
            contract = (await stage.play("sign"))["contract"]
            listed = {}
            for kind in ("account", "opportunity", "contract"):
                rows, cursor = await connector.snapshot(
                    stage.client, stage.settings,
                    kind=kind, start="2026-01-01", end="2099-12-31", cursor="",
                )  # fmt: skip
                assert cursor == ""
                listed[kind] = rows
            assert [row.external_id for row in listed["account"]] == [
                item["account"] for item in made
            ]
            assert [(row.state, row.amount) for row in listed["opportunity"]] == [
                ("won", 1_200_000), ("open", 1_200_000), ("open", 1_200_000),
            ]  # fmt: skip
            assert all(row.party for row in listed["account"])
            assert all(row.number for row in listed["opportunity"])
            (row,) = listed["contract"]
            assert (row.external_id, row.amount, row.currency) == (contract, 1_200_000, "USD")
            none, _ = await connector.snapshot(
                stage.client, stage.settings,
                kind="contract", start="2020-01-01", end="2020-12-31", cursor="",
            )  # fmt: skip
            assert none == []

        on_stage(story)

    def test_goes_on_after_the_last_id(self) -> None:
        async def story(stage: Stage) -> None:
            for number in range(505):
                stage.business.account(Name=f"A{number}")
            rows, cursor = await self._accounts(stage, "")
            more, end = await self._accounts(stage, cursor)
            assert (len(rows), len(more), end) == (500, 5, "")
            assert len({row.external_id for row in [*rows, *more]}) == 505

        on_stage(story)

    def test_an_unknown_kind_is_a_mistake(self) -> None:
        async def story(stage: Stage) -> None:
            with pytest.raises(ValueError, match="account, opportunity, contract"):
                await connector.snapshot(
                    stage.client, stage.settings,
                    kind="lead", start="2026-01-01", end="2026-12-31", cursor="",
                )  # fmt: skip

        on_stage(story)

    async def _accounts(self, stage: Stage, cursor: str) -> Any:
        return await connector.snapshot(
            stage.client, stage.settings,
            kind="account", start="2020-01-01", end="2099-12-31", cursor=cursor,
        )  # fmt: skip
