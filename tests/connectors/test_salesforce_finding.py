from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.contract import CallFailed, Outcome
from connectors.systems.salesforce import sandbox
from connectors.systems.salesforce.connector import connector
from connectors.systems.salesforce.desk import health, invoice_state
from tests.connectors.salesforce_play import Stage, an_account, on_stage, with_parameters


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
