"""Zendesk beyond the contract test: what a ticket is told, once and in the right order."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from connectors.contract import CallFailed, Outcome
from connectors.http import Answer, Client
from connectors.problem import Problem
from connectors.systems.zendesk import answers
from connectors.systems.zendesk.connector import connector
from connectors.systems.zendesk.desk import billing_context, credit_state
from tests.connectors.zendesk_desk import PARAMETERS, SETTINGS, Door, happen, one, play, tickets


class TestTelling:
    def test_writes_a_private_note_and_the_fields(self) -> None:
        async def story(client: Client, door: Door) -> None:
            await happen(door, "ticket", number=5001)
            receipt = await one(client, credit_state(1, ticket_id="ZD-5001", document="CN-9"))
            assert (receipt.outcome, receipt.external_number) == (Outcome.OK, "#5001")
            ticket = (await tickets(door))[5001]
            (note,) = ticket["notes"]
            assert note["body"].startswith("A credit of USD 1,200.00 before tax was approved.")
            assert note["public"] is False
            fields = {row["id"]: row["value"] for row in ticket["custom_fields"]}
            assert fields[12].startswith("Credit approved:")
            assert fields[13] == "Invoice INV-10293, credit note CN-9"
            assert fields[11] == "rc1-zendesk1-approved"

        play(story)

    def test_a_lost_answer_leaves_one_note(self) -> None:
        async def story(client: Client, door: Door) -> None:
            await happen(door, "ticket", number=5001)
            await door.post("/_control/faults", json={"response_lost": 1})
            command = credit_state(1, ticket_id="ZD-5001")
            assert (await one(client, command)).outcome is Outcome.IN_DOUBT
            assert (await one(client, command)).outcome is Outcome.ALREADY_DONE
            found = await connector.find(client, SETTINGS, [command.key])
            assert found[command.key][0].content_sha256 == connector.digest(command.payload)
            assert len((await tickets(door))[5001]["notes"]) == 1

        play(story, timeout_s=0.5)

    def test_a_change_that_is_made_late_is_found_and_not_repeated(self) -> None:
        async def story(client: Client, door: Door) -> None:
            await happen(door, "ticket", number=5001)
            await door.post("/_control/faults", json={"late_commit": {"times": 1, "seconds": 0.3}})
            command = credit_state(1, ticket_id="ZD-5001")
            assert (await one(client, command)).outcome is Outcome.IN_DOUBT
            assert (await tickets(door))[5001]["notes"] == []
            while not (await tickets(door))[5001]["notes"]:
                await asyncio.sleep(0.02)
            assert (await one(client, command)).outcome is Outcome.ALREADY_DONE
            assert len((await tickets(door))[5001]["notes"]) == 1

        play(story, timeout_s=0.15)

    def test_an_older_stage_never_follows_a_newer_one(self) -> None:
        async def story(client: Client, door: Door) -> None:
            await happen(door, "ticket", number=5001)
            newer = credit_state(1, ticket_id="ZD-5001", state="issued", version=200)
            older = credit_state(1, ticket_id="ZD-5001", state="approved", version=100)
            assert (await one(client, newer)).outcome is Outcome.OK
            receipt = await one(client, older)
            assert (receipt.outcome, receipt.code) == (Outcome.OK, "superseded")
            assert len((await tickets(door))[5001]["notes"]) == 1

        play(story)

    def test_a_key_on_the_second_page_of_audits_is_seen(self) -> None:
        async def story(client: Client, door: Door) -> None:
            await happen(door, "ticket", number=5001)
            for _ in range(60):
                await happen(door, "prioritize", number=5001, priority="low")
                await happen(door, "prioritize", number=5001, priority="high")
            command = credit_state(1, ticket_id="ZD-5001")
            assert (await one(client, command)).outcome is Outcome.OK
            assert (await one(client, command)).outcome is Outcome.ALREADY_DONE

        play(story)

    @pytest.mark.parametrize(
        ("fault", "outcome", "code"),
        [("conflict", Outcome.TRANSIENT, "changed_meanwhile"),
         ("refuse", Outcome.REFUSED, "record_invalid")],
    )  # fmt: skip
    def test_says_what_a_refusal_means(self, fault: str, outcome: Outcome, code: str) -> None:
        async def story(client: Client, door: Door) -> None:
            await happen(door, "ticket", number=5001)
            await door.post("/_control/faults", json={fault: True})
            receipt = await one(client, credit_state(1, ticket_id="ZD-5001"))
            assert (receipt.outcome, receipt.code) == (outcome, code)

        play(story)

    def test_waits_as_asked_and_a_minute_when_nobody_says(self) -> None:
        async def story(client: Client, door: Door) -> None:
            await door.post("/_control/faults", json={"throttle": True, "retry_after": 9})
            assert (await one(client, credit_state(1))).retry_after == 9
            await door.post("/_control/faults", json={"retry_after": 0})
            receipt = await one(client, credit_state(1))
            assert (receipt.outcome, receipt.retry_after) == (Outcome.THROTTLED, 60)
            with pytest.raises(CallFailed) as caught:
                await connector.poll(client, SETTINGS, cursor="")
            assert caught.value.retry_after == 60

        play(story)

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [({"retry-after": "9", "ratelimit-reset": "41"}, 9), ({"ratelimit-reset": "41"}, 41),
         ({"ratelimit-reset": "9000"}, 60), ({"ratelimit-reset": "soon"}, 60), ({}, 60)],
    )  # fmt: skip
    def test_waits_until_the_minute_is_over_where_zendesk_says_when(
        self, headers: dict[str, str], seconds: int
    ) -> None:
        with pytest.raises(Problem) as caught:
            answers.body(Answer(429, headers, b"Too many"), write=True)
        assert (caught.value.outcome, caught.value.retry_after) == (Outcome.THROTTLED, seconds)

    def test_without_a_field_for_our_key_everything_waits(self) -> None:
        async def story(client: Client, door: Door) -> None:
            settings = replace(SETTINGS, parameters={})
            (receipt,) = await connector.send(client, settings, [credit_state(1)])
            assert (receipt.outcome, receipt.code) == (Outcome.AUTH, "setup")

        play(story)


class TestBillingContext:
    def test_stands_in_a_field_beside_the_ticket_and_leaves_no_note(self) -> None:
        async def story(client: Client, door: Door) -> None:
            await happen(door, "ticket", number=5001)
            receipt = await one(client, billing_context(1, ticket_id="ZD-5001"))
            assert receipt.outcome is Outcome.OK
            ticket = (await tickets(door))[5001]
            assert ticket["notes"] == []
            (text,) = (row["value"] for row in ticket["custom_fields"] if row["id"] == 17)
            assert text.replace("\xa0", " ").splitlines() == [
                "Plan: pro_annual × 40, renews on 2027-01-01",
                "Collection: overdue",
                "Open invoices: INV-10293: USD 1,299.00, was due 2026-01-31",
                "Entitlements:",
                "- API calls: 500000 calls",
                "- Support: without limit",
                "Credits of the last year: CN-7: USD 90.00, issued 2025-11-02",
                "https://console.example/records/support_case/7/",
            ]

        play(story)

    def test_an_older_state_never_replaces_a_newer_one(self) -> None:
        async def story(client: Client, door: Door) -> None:
            await happen(door, "ticket", number=5001)
            newer = billing_context(1, ticket_id="ZD-5001", version=200, collection="clear")
            assert (await one(client, newer)).outcome is Outcome.OK
            older = billing_context(1, ticket_id="ZD-5001", version=100)
            assert (await one(client, older)).code == "superseded"
            credit = credit_state(1, ticket_id="ZD-5001", version=150)
            assert (await one(client, credit)).code == ""

        play(story)

    def test_is_not_written_where_the_connection_names_no_field(self) -> None:
        async def story(client: Client, door: Door) -> None:
            await happen(door, "ticket", number=5001)
            parameters = {**PARAMETERS, "context_field": ""}
            settings = replace(SETTINGS, parameters=parameters)
            command = billing_context(1, ticket_id="ZD-5001")
            (receipt,) = await connector.send(client, settings, [command])
            assert (receipt.outcome, receipt.code) == (Outcome.OK, "not_shown")
            assert (await door.get("/_control/state")).json()["tickets"][0]["notes"] == []

        play(story)
