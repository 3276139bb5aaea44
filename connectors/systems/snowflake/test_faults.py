"""What Snowflake can do to a load: each time it is loaded once, or known not to be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import jwt
import pytest

from connectors import loads
from connectors.contract import CallFailed, Outcome
from connectors.http import Client
from connectors.systems.snowflake import sandbox, session, test_contract
from connectors.systems.snowflake.connector import connector
from connectors.systems.snowflake.signing import Signer
from connectors.testing.common import impatient
from connectors.testing.warehouses import invoices, load, row

_STAGE: Final = test_contract.TestSnowflake()
SETTINGS: Final = test_contract.SETTINGS


async def ran(door: httpx.AsyncClient) -> int:
    return int((await door.get("/_control/statements")).json()["runs"])


async def ids(door: httpx.AsyncClient) -> list[int]:
    return [one[0] for one in await _STAGE.kept(door, "invoices", "id")]


class TestAnswersThatAreLost:
    @pytest.mark.parametrize("lost", [1, {"times": 1, "after": 1}])
    def test_a_lost_answer_is_in_doubt_and_loaded_once(self, lost: Any) -> None:
        """That of the rows, and that of the key: the second one leaves a load that is found."""

        async def story(client: Client, door: httpx.AsyncClient) -> None:
            await _STAGE.send_one(client, invoices(1))
            await _STAGE.fault(door, response_lost=lost)
            receipt = await _STAGE.send_one(impatient(client), invoices(2))
            assert receipt.outcome is Outcome.IN_DOUBT
            found = await connector.find(client, SETTINGS, [invoices(2).key])
            assert bool(found) == (lost != 1)
            assert (await _STAGE.send_one(client, invoices(2))).outcome in (
                Outcome.OK, Outcome.ALREADY_DONE,
            )  # fmt: skip
            assert await ids(door) == [1, 2]

        _STAGE.run(story)

    def test_what_succeeded_is_not_run_again_under_the_same_request(self) -> None:
        async def story(client: Client, door: httpx.AsyncClient) -> None:
            await _STAGE.send_one(client, invoices(1))
            await _STAGE.fault(door, bad_gateway=1)
            receipt = await _STAGE.send_one(client, invoices(2))
            assert (receipt.outcome, receipt.http_status) == (Outcome.IN_DOUBT, 502)
            before = await ran(door)
            assert (await _STAGE.send_one(client, invoices(2))).outcome is Outcome.OK
            # The look at the keys, and the key; not the rows.
            assert await ran(door) == before + 2

        _STAGE.run(story)

    def test_what_is_run_late_changes_nothing_that_is_newer(self) -> None:
        async def story(client: Client, door: httpx.AsyncClient) -> None:
            await _STAGE.send_one(client, invoices(1))
            await _STAGE.fault(door, late_commit={"times": 1, "seconds": 0.6})
            old = load(2, row(1, state="late"), row(2))
            assert (await _STAGE.send_one(impatient(client), old)).outcome is Outcome.IN_DOUBT
            newer = load(3, row(1, state="paid", changed_at="2026-11-05T00:00:00+00:00"))
            assert (await _STAGE.send_one(client, newer)).outcome is Outcome.OK
            await door.post("/_control/idle")
            assert await _STAGE.kept(door, "invoices", "id, state") == [(1, "paid"), (2, "open")]
            # Its key never came, so it is loaded again: nothing changes.
            assert await connector.find(client, SETTINGS, [old.key]) == {}
            assert (await _STAGE.send_one(client, old)).outcome is Outcome.OK
            assert await _STAGE.kept(door, "invoices", "id, state") == [(1, "paid"), (2, "open")]

        _STAGE.run(story)

    def test_after_an_open_load_the_rest_of_the_batch_waits(self) -> None:
        async def story(client: Client, door: httpx.AsyncClient) -> None:
            await _STAGE.send_one(client, invoices(1))
            await _STAGE.fault(door, bad_gateway=1)
            batch = [invoices(number) for number in (1, 2, 3)]
            receipts = await connector.send(client, SETTINGS, batch)
            assert [one.outcome for one in receipts] == [
                Outcome.ALREADY_DONE, Outcome.IN_DOUBT, Outcome.NOT_SENT,
            ]  # fmt: skip

        _STAGE.run(story)


class TestStatementsThatAreAtWork:
    def test_are_asked_about_until_they_are_done(self) -> None:
        async def story(client: Client, door: httpx.AsyncClient) -> None:
            # A look at one that fails decides nothing.
            await _STAGE.fault(door, busy=0.02, throttle={"times": 1, "on": "look"})
            assert (await _STAGE.send_one(client, invoices(1))).outcome is Outcome.OK
            refused = await _STAGE.send_one(client, invoices(2, total="a lot"))
            assert (refused.outcome, refused.code) == (Outcome.REFUSED, "sql_100071")
            assert await ids(door) == [1]

        _STAGE.run(story)

    def test_are_given_up_and_cancelled_when_they_take_too_long(self) -> None:
        async def story(client: Client, door: httpx.AsyncClient) -> None:
            await _STAGE.send_one(client, invoices(1))
            await _STAGE.fault(door, busy=0.9)
            receipt = await _STAGE.send_one(impatient(client), invoices(2))
            assert (receipt.outcome, receipt.code) == (Outcome.IN_DOUBT, "working")
            await door.post("/_control/idle")
            assert await ids(door) == [1]

        _STAGE.run(story)


class TestRights:
    def test_what_is_not_granted_stops_the_connection_and_says_what(self) -> None:
        async def story(client: Client, door: httpx.AsyncClient) -> None:
            for name in ("role", "warehouse", "database", "schema"):
                settings = replace(SETTINGS, parameters={**SETTINGS.parameters, name: "MINE"})
                (receipt,) = await connector.send(client, settings, [invoices(1)])
                assert receipt.outcome is Outcome.AUTH
                assert name in receipt.reason.lower()
                steps = await connector.probe(client, settings)
                assert not steps[-1].passed
                # Nothing is told as absent that is merely not ours to see.
                with pytest.raises(CallFailed):
                    await connector.find(client, settings, [invoices(1).key])
                with pytest.raises(CallFailed):
                    await connector.snapshot(
                        client, settings, kind="journal", start="2026-01-01", end="2026-01-31",
                        cursor="",
                    )  # fmt: skip

        _STAGE.run(story)

    def test_a_token_names_the_user_and_the_key_and_ends(self) -> None:
        at = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
        told = jwt.decode(
            Signer(SETTINGS).token(at), options={"verify_signature": False, "verify_exp": False}
        )
        assert told["sub"] == "DEMO.REVOPS"
        account, user, kind = told["iss"].rpartition(":")[0].split(".")
        assert (account, user, kind) == ("DEMO", "REVOPS", "SHA256")
        assert told["iat"] < at.timestamp() < told["exp"] < told["iat"] + 3600

    def test_a_token_that_has_ended_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def story(client: Client, door: httpx.AsyncClient) -> None:
            hours_ago = datetime.now(UTC) - timedelta(hours=2)
            monkeypatch.setattr(session, "now", lambda: hours_ago)
            with pytest.raises(CallFailed) as failed:
                await connector.find(client, SETTINGS, ["rc1-any"])
            assert failed.value.outcome is Outcome.AUTH

        _STAGE.run(story)


class TestResults:
    def test_come_in_several_partitions(self) -> None:
        class Small(test_contract.TestSnowflake):
            def build(self) -> Any:
                return sandbox.build(sandbox.Config(part=2))

        async def story(client: Client, door: httpx.AsyncClient) -> None:
            batch = [invoices(number) for number in range(5)]
            await connector.send(client, SETTINGS, batch)
            found = await connector.find(client, SETTINGS, [one.key for one in batch])
            assert {key: one[0].content_sha256 for key, one in found.items()} == {
                one.key: loads.digest(one.payload) for one in batch
            }

        Small().run(story)
