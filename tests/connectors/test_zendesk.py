"""Zendesk beyond the contract test: what a ticket tells, and what the desk's sandbox keeps."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import NeedsFetch, PayloadUnreadable, SignatureInvalid
from connectors.http import Client
from connectors.schemes import sign_stamped, verify_stamped
from connectors.systems.zendesk import sandbox
from connectors.systems.zendesk.connector import connector
from connectors.systems.zendesk.sandbox.hooks import event
from connectors.systems.zendesk.wire import Zendesk
from revops.kernel import clock
from tests.connectors.zendesk_desk import SETTINGS, Door, case_of, happen, play, told


class TestSignature:
    """Made with ``openssl dgst -sha256 -hmac … -binary | base64`` over timestamp and body."""

    SECRET = "dGhpc19zZWNyZXQ"
    STAMP = "2026-01-15T12:00:00Z"
    AT = datetime(2026, 1, 15, 12, 0, 30, tzinfo=UTC)
    VECTORS = (
        (
            b'{"type":"zen:event-type:ticket.created"}',
            "78XBDOoKpiB9i0GKDG/8LM2gU8dL881xREO7qY2uOPY=",
        ),
        (b"", "QUadUUBLsKd0/v9Mw7nuv9YQuHrNnQQdxay8fTU8i+o="),
    )

    @pytest.mark.parametrize(("body", "signature"), VECTORS)
    def test_is_what_openssl_makes(self, body: bytes, signature: str) -> None:
        assert sign_stamped(body=body, secret=self.SECRET, stamp=self.STAMP) == signature
        verify_stamped(
            body=body, stamp=self.STAMP, signature=signature, secrets=["old", self.SECRET],
            at=self.AT,
        )  # fmt: skip

    def test_covers_the_time(self) -> None:
        body, signature = self.VECTORS[0]
        with pytest.raises(SignatureInvalid):
            verify_stamped(
                body=body, stamp="2026-01-15T12:00:10Z", signature=signature,
                secrets=[self.SECRET], at=self.AT,
            )  # fmt: skip


class TestWebhooks:
    TICKET = {
        "id": 48213, "subject": "Down", "status": "open", "priority": "urgent",
        "organization_id": 7, "external_id": None, "created_at": "2026-01-12T08:05:00Z",
        "updated_at": "2026-01-12T08:20:31Z",
    }  # fmt: skip

    def test_only_name_the_ticket(self) -> None:
        envelope = connector.open(json.dumps(event("created", self.TICKET)).encode())
        assert (envelope.object_type, envelope.object_id) == ("ticket", "48213")
        with pytest.raises(NeedsFetch):
            connector.translate(envelope, SETTINGS)

    def test_of_one_change_count_as_one(self) -> None:
        found = {
            connector.open(json.dumps(event(kind, self.TICKET)).encode()).event_id
            for kind in ("status_changed", "priority_changed")
        }
        assert len(found) == 1

    def test_of_a_trigger_are_read_too(self) -> None:
        body = b'{"ticket_id": "48213", "updated_at": "2026-01-12T08:20:31Z"}'
        assert connector.open(body).object_id == "48213"

    def test_of_other_things_are_refused_in_words(self) -> None:
        with pytest.raises(PayloadUnreadable, match="no event of a ticket"):
            connector.open(b'{"type": "zen:event-type:user.created", "detail": {"id": "1"}}')


class TestTickets:
    def test_are_read_with_their_organization_when_a_webhook_names_them(self) -> None:
        async def story(client: Client, door: Door) -> None:
            await happen(
                door, "ticket", number=48213, customer_ref="cus_alder", subject="Down",
                priority="high", invoice_ref="in_7",
            )  # fmt: skip
            body = await connector.fetch(client, SETTINGS, "ticket", "48213")
            assert body is not None
            (case,) = told(body)
            assert case.contract == "support_case.opened/1"
            assert (case.case_id, case.customer_ref, case.severity, case.invoice_ref) == (
                "ZD-48213", "cus_alder", "2", "in_7",
            )  # fmt: skip
            assert await connector.fetch(client, SETTINGS, "ticket", "404") is None

        play(story)

    def test_are_the_same_event_read_or_polled(self) -> None:
        async def story(client: Client, door: Door) -> None:
            await happen(door, "ticket", number=48213, customer_ref="cus_alder")
            read = await connector.fetch(client, SETTINGS, "ticket", "48213")
            assert read is not None
            (polled,) = (await connector.poll(client, SETTINGS, cursor="")).bodies
            assert connector.open(read).event_id == connector.open(polled).event_id
            assert connector.open(read).content == connector.open(polled).content
            assert connector.open(read).object_version > connector.open(polled).object_version

        play(story)

    def test_tell_of_a_breach_that_changed_no_ticket(self) -> None:
        async def story(client: Client, door: Door) -> None:
            await happen(door, "ticket", number=48213, minutes_ago=600)
            first = await connector.poll(client, SETTINGS, cursor="")
            await happen(door, "breach", number=48213)
            later = await connector.poll(client, SETTINGS, cursor=first.cursor)
            (body,) = later.bodies
            assert connector.open(body).polled
            opened, breached = told(body)
            assert opened.contract == "support_case.opened/1"
            assert (breached.contract, breached.promise) == ("sla.breached/1", "first_response")
            assert breached.breached_on == clock.now().date()

        play(story)

    def test_tell_of_a_promise_that_a_monitor_marked(self) -> None:
        async def story(client: Client, door: Door) -> None:
            await happen(door, "ticket", number=7, promise="availability", promise_day="2026-01-09")
            body = await connector.fetch(client, SETTINGS, "ticket", "7")
            assert body is not None
            _, breached = told(body)
            assert (breached.promise, breached.breached_on) == ("availability", date(2026, 1, 9))

        play(story)

    def test_tell_since_when_they_are_escalated(self) -> None:
        """By a tag; later changes, which the tag outlives, do not move the time."""

        async def story(client: Client, door: Door) -> None:
            await happen(door, "ticket", number=7, minutes_ago=5)
            await happen(door, "escalate", number=7)
            first = await case_of(client, "7")
            await happen(door, "prioritize", number=7, priority="low")
            later = await case_of(client, "7")
            for body in (first, later):
                assert [one.contract for one in told(body)] == [
                    "support_case.opened/1", "support_case.escalated/1",
                ]  # fmt: skip
            assert json.loads(first)["history"] == json.loads(later)["history"]
            await happen(door, "escalate", number=7, back=True)
            (opened,) = told(await case_of(client, "7"))
            assert opened.contract == "support_case.opened/1"

        play(story)

    def test_tell_that_they_were_opened_again_until_they_are_solved_again(self) -> None:
        async def story(client: Client, door: Door) -> None:
            await happen(door, "ticket", number=7, minutes_ago=5)
            await happen(door, "solve", number=7)
            (solved,) = told(await case_of(client, "7"))
            await happen(door, "reopen", number=7)
            body = await case_of(client, "7")
            opened, again = told(body)
            assert (opened.status, again.contract) == ("open", "support_case.reopened/1")
            assert again.reopened_on == solved.resolved_on == clock.now().date()
            (polled,) = (await connector.poll(client, SETTINGS, cursor="")).bodies
            assert connector.open(polled).content == connector.open(body).content
            await happen(door, "solve", number=7)
            (ended,) = told(await case_of(client, "7"))
            assert ended.contract == "support_case.resolved/1"

        play(story)

    def test_have_their_audits_read_only_where_those_have_something_to_tell(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def none(self: Zendesk, number: int) -> Any:
            raise AssertionError("Its audits were read.")

        async def story(client: Client, door: Door) -> None:
            await happen(door, "ticket", number=7)
            assert told(await case_of(client, "7"))

        monkeypatch.setattr(Zendesk, "audits", none)
        play(story)

    def test_come_page_by_page_and_none_is_missed(self) -> None:
        async def story(client: Client, door: Door) -> None:
            for number in range(1, 131):
                await happen(door, "ticket", number=number, minutes_ago=200 - number)
            first = await connector.poll(client, SETTINGS, cursor="")
            assert (len(first.bodies), first.more) == (100, True)
            second = await connector.poll(client, SETTINGS, cursor=first.cursor)
            assert (len(second.bodies), second.more) == (30, False)
            await happen(door, "solve", number=3)
            third = await connector.poll(client, SETTINGS, cursor=second.cursor)
            (resolved,) = told(third.bodies[0])
            assert (resolved.contract, resolved.case_id) == ("support_case.resolved/1", "ZD-3")

        play(story)


class TestSandbox:
    def test_keeps_its_tickets_between_starts(self, tmp_path: Path) -> None:
        config = sandbox.Config(state_path=str(tmp_path / "desk.state"))
        world = sandbox.build(config).state.sandbox.world
        world.open(number=7, at=clock.now() - timedelta(days=1), subject="Kept", status="open")
        world.save()
        assert sandbox.build(config).state.sandbox.world.tickets[7]["subject"] == "Kept"

    def test_the_demos_buttons_open_and_breach_a_case(self) -> None:
        async def story(client: Client, door: Door) -> None:
            await happen(door, "ticket", number=5, customer_ref="cus_alder", minutes_ago=9)
            for wanted in ({"open": True}, {"breach": True}):
                assert (await door.post("/_control/cases", json=wanted)).status_code == 200
            state = (await door.get("/_control/state")).json()
            newest = max(state["tickets"], key=lambda row: row["created_at"])
            assert newest["organization_id"] == state["tickets"][0]["organization_id"]
            assert state["metrics"][0]["ticket_id"] == newest["id"]
            assert (await door.post("/_control/cases", json={"open": False})).status_code == 200
            assert "solved" in (await door.get("/")).text

        play(story)
