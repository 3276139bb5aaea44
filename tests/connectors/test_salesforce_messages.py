from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.contract import NeedsFetch, PayloadUnreadable, SignatureInvalid
from connectors.systems.salesforce import connector as module
from connectors.systems.salesforce import desk, sandbox, soap
from connectors.systems.salesforce.connector import connector
from revops.kernel.clock import now
from tests.connectors.salesforce_play import Stage, on_stage

RECORDED = (Path(module.__file__).parent / "fixtures/outbound_message__accounts.xml").read_bytes()
_BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>"""
_FILE = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>"""


class TestReading:
    def test_takes_the_ids_of_all_notifications(self) -> None:
        message = soap.read(RECORDED)
        assert message.organization == sandbox.ORGANIZATION
        assert [(one.id, one.kind, one.record) for one in message.notifications] == [
            ("04l5g00002nrC5BAAU", "Account", "0015g00000Kx1aPAAR"),
            ("04l5g00002nrC5CAAU", "Account", "0015g00000Kx1ZzAAJ"),
        ]

    @pytest.mark.parametrize(
        "body",
        [
            _BOMB,
            _FILE,
            b"<!DOCTYPE x><x/>",
            b"<x>",
            b"<x/>",
            b"<a>" * 40 + b"</a>" * 40,
            b"<\xff>",
            b'<?xml version="1.0" encoding="utf-7"?><x/>',
            RECORDED.replace(b"0015g00000Kx1aPAAR", b"' OR Id != '"),
            RECORDED.replace(b"http://soap.sforce.com/2005/09/outbound", b"urn:other"),
        ],
    )
    def test_i26_refuses_what_is_no_message_and_reads_no_document_type(self, body: bytes) -> None:
        with pytest.raises(PayloadUnreadable):
            connector.open(body)
        if b"OR Id" not in body:
            with pytest.raises(SignatureInvalid):
                soap.verify(body, [sandbox.ORGANIZATION])

    def test_at_most_a_hundred_notifications(self) -> None:
        records = [("Account", "0015g00000Kx1aPAAR")] * 100
        assert len(soap.read(desk.outbound_message(*records)).notifications) == 100
        with pytest.raises(PayloadUnreadable, match="more than 100"):
            soap.read(desk.outbound_message(*records, records[0]))

    def test_organizations_are_the_same_with_15_and_18_characters(self) -> None:
        soap.verify(RECORDED, [sandbox.ORGANIZATION[:15]])

    def test_an_id_outside_of_its_place_is_not_taken(self) -> None:
        """What a field of the record holds must not look like the message's own organization."""
        forged = desk.outbound_message(organization="00D000000000000AAA").replace(
            b"<sf:SystemModstamp>",
            f"<OrganizationId>{sandbox.ORGANIZATION}</OrganizationId><sf:SystemModstamp>".encode(),
        )
        with pytest.raises(SignatureInvalid):
            soap.verify(forged, [sandbox.ORGANIZATION])


class TestHints:
    def test_a_repeat_with_newer_values_is_the_same_event(self) -> None:
        first = connector.open(RECORDED)
        second = connector.open(RECORDED.replace(b"&amp; Co.", b"SE"))
        assert first.event_id == second.event_id
        assert first.raw == second.raw

    def test_what_it_says_of_a_record_is_not_believed(self) -> None:
        envelope = connector.open(RECORDED)
        assert "Nordlicht" not in str(envelope.raw)
        with pytest.raises(NeedsFetch):
            connector.translate(envelope, desk.SETTINGS)

    def test_is_acknowledged_and_records_are_not(self) -> None:
        reply = connector.answer(RECORDED)
        assert reply is not None
        assert b"<Ack>true</Ack>" in reply.body
        assert connector.answer(b"{}") is None


class TestFetching:
    def test_a_hint_leads_to_the_record_as_it_is_now(self) -> None:
        async def story(stage: Stage) -> None:
            made = (await stage.play("customers", count=1))["made"][0]
            hint = connector.open(desk.outbound_message(("Account", made["account"])))
            await stage.play("change", object="Account", id=made["account"], Name="Renamed")
            body = await connector.fetch(
                stage.client, stage.settings, hint.object_type, hint.object_id
            )
            assert body is not None
            (event,) = connector.translate(connector.open(body), stage.settings)
            assert event.name == "Renamed"

        on_stage(story)

    def test_settles_a_second_in_which_a_record_changed_twice(self) -> None:
        async def story(stage: Stage) -> None:
            moment = 1_790_000_000.0
            account = stage.business.account(Name="First", at=moment)["Id"]
            first = connector.open((await stage.poll()).bodies[0])
            stage.world.update("Account", account, {"Name": "Second"}, at=moment + 0.6)
            second = connector.open((await stage.poll()).bodies[0])
            assert first.object_version == second.object_version
            body = await connector.fetch(stage.client, stage.settings, "Account", account)
            assert body is not None
            fetched = connector.open(body)
            assert fetched.event_id not in (first.event_id, second.event_id)
            assert second.object_version < fetched.object_version
            stage.world.update("Account", account, {"Name": "Third"}, at=moment + 1)
            third = connector.open((await stage.poll()).bodies[0])
            assert fetched.object_version < third.object_version

        on_stage(story)

    def test_does_not_call_a_second_settled_that_may_not_be_over(self) -> None:
        async def story(stage: Stage) -> None:
            account = stage.business.account(Name="Just now")["Id"]
            polled = connector.open((await stage.poll()).bodies[0])
            body = await connector.fetch(stage.client, stage.settings, "Account", account)
            assert body is not None
            assert connector.open(body).object_version == polled.object_version

        on_stage(story)

    def test_an_order_is_told_as_its_contract_and_what_is_gone_as_nothing(self) -> None:
        async def story(stage: Stage) -> None:
            made = (await stage.play("customers", count=1))["made"][0]
            await stage.play("win", opportunity=made["opportunity"])
            contract = (await stage.play("sign"))["contract"]
            (order,) = stage.world.rows["Order"]
            body = await connector.fetch(stage.client, stage.settings, "Order", order)
            assert body is not None
            assert connector.open(body).object_id == contract
            for kind, identity in (
                ("Account", "0015g0000000zzzAAA"), ("Account", "x' OR Id != '"), ("Lead", order),
            ):  # fmt: skip
                assert await connector.fetch(stage.client, stage.settings, kind, identity) is None

        on_stage(story)


class TestSending:
    """The sandbox's side: it sends until it reads ``Ack`` true."""

    def test_is_sent_again_until_it_is_acknowledged(self) -> None:
        async def story(stage: Stage) -> None:
            answers = [httpx.Response(200), httpx.Response(503), self.acknowledged()]
            bodies = await self.sent(stage, answers)
            assert len(bodies) == 3
            assert {connector.open(body).event_id for body in bodies} == {
                connector.open(bodies[0]).event_id
            }
            connector.verify(body=bodies[0], headers={}, secrets=[sandbox.ORGANIZATION], at=now())
            results = [one["result"] for one in stage.sandbox.outbound.called]
            assert results == [200, 503, "acknowledged"]

        on_stage(story, config=sandbox.Config(retry_base_s=0.01))

    def test_a_retry_carries_the_values_of_its_own_time(self) -> None:
        async def story(stage: Stage) -> None:
            bodies = await self.sent(
                stage, [httpx.Response(500), self.acknowledged()], rename="Renamed"
            )
            assert b"Renamed" not in bodies[0]
            assert b"Renamed" in bodies[-1]

        on_stage(story, config=sandbox.Config(retry_base_s=0.01))

    def test_may_be_dropped_or_sent_twice(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.fault(drop_webhooks=True)
            assert await self.sent(stage, []) == []
            await stage.fault(drop_webhooks=False, duplicate_webhooks=True)
            assert len(await self.sent(stage, [self.acknowledged()] * 2)) == 2

        on_stage(story)

    def acknowledged(self) -> httpx.Response:
        return httpx.Response(200, content=soap.ACK)

    async def sent(
        self, stage: Stage, answers: list[httpx.Response], rename: str = ""
    ) -> list[bytes]:
        """The bodies that a listener got, which gave these answers."""
        bodies: list[bytes] = []
        outbound: Any = stage.sandbox.outbound

        def listen(request: httpx.Request) -> httpx.Response:
            bodies.append(request.content)
            if rename and len(bodies) == 1:
                row = next(iter(stage.world.rows["Account"].values()))
                row["Name"] = rename
            return answers[len(bodies) - 1]

        outbound.client = httpx.AsyncClient(transport=httpx.MockTransport(listen))
        outbound.url = "http://console/hooks/x/"
        await stage.play("account", Name="Acme")
        await asyncio.wait_for(outbound.idle(), 5)
        return bodies
