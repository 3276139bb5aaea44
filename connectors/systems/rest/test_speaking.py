"""How a described system is spoken to: proofs, pages, thin calls, what is sent and asked."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.contract import (
    CallFailed,
    Command,
    NeedsFetch,
    Outcome,
    PayloadUnreadable,
    Receipt,
    Settings,
    SignatureInvalid,
)
from connectors.http import Client
from connectors.schemes import sign_basic, sign_standard, sign_timestamped
from connectors.systems.rest import desk, proof, sandbox
from connectors.systems.rest.connector import connector
from connectors.systems.rest.test_contract import DESK, PLANS
from connectors.testing import LOOPBACK
from connectors.testing.sources import _AT, _OTHER, _SECRET

ROOT = Path(__file__).parents[3]
TICKET = (Path(__file__).parent / "fixtures/desk_ticket__open.json").read_bytes()


def settings(mapping: Any = None, messages: Any = None, **parameters: Any) -> Settings:
    texts = {"mapping": mapping, "messages": messages}
    typed = {name: json.dumps(one) for name, one in texts.items() if one is not None}
    return Settings(slug="rest", base_url=LOOPBACK, parameters={**typed, **parameters})


def against(app: Any, story: Callable[[Client], Any]) -> Any:
    async def play() -> Any:
        wire = httpx.ASGITransport(app=app)
        async with Client(LOOPBACK, hosts=(), allow_loopback=True, transport=wire) as client:
            return await story(client)

    return asyncio.run(play())


class TestTheDocumentedExamples:
    def test_are_those_that_are_tested(self) -> None:
        page = (ROOT / "docs/rest.md").read_text(encoding="utf-8")
        blocks = [json.loads(one) for one in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
        names = ("desk.mapping", "desk.messages", "plans.mapping", "plans.messages")
        assert blocks == [json.loads(desk.example(name)) for name in names]
        section = page.partition("### Events that may be told")[2].partition("## How")[0]
        assert re.findall(r"`([^`]+)`", section) == list(connector.manifest.emits)

    def test_a_ticket_that_asks_for_a_credit_is_a_request_of_exact_money(self) -> None:
        body = TICKET.replace(
            b'"goodwill": null',
            b'"goodwill": {"amount": "120.50", "currency": "eur", "asked_at": '
            b'"2026-11-21T23:30:00Z", "reason": "Down"}',
        )
        desk_ = connector.configured(DESK)
        told = desk_.translate(desk_.open(body), replace(DESK, zone="Europe/Berlin"))
        assert [one.contract for one in told] == ["support_case.opened/1", "credit.requested/1"]
        request = told[1].model_dump(mode="json")
        assert (request["amount"], request["currency"]) == (12050, "EUR")
        assert request["requested_on"] == "2026-11-22"
        assert request["case_ref"] == "T-4711"


class TestProofs:
    @pytest.mark.parametrize("family", [one for one in proof.FAMILIES if one != proof.NONE])
    def test_each_family_takes_its_own_and_nothing_else(self, family: str) -> None:
        secret = f"name:{_SECRET}" if family == proof.BASIC else _SECRET
        made = {
            proof.STANDARD: lambda: sign_standard(body=TICKET, secret=secret, at=_AT),
            proof.TIMESTAMPED: lambda: sign_timestamped(body=TICKET, secret=secret, at=_AT),
            proof.SHARED: lambda: secret,
            proof.BASIC: lambda: sign_basic(body=TICKET, secret=secret, at=_AT),
        }.get(family, lambda: proof.sign_body(body=TICKET, secret=secret, family=family))()
        headers = {
            proof.HEADERS[family]: made, "webhook-id": "msg_1",
            "webhook-timestamp": str(int(_AT.timestamp())),
        }  # fmt: skip
        given = {"headers": headers, "at": _AT}
        proof.verify(family, "", body=TICKET, secrets=[_OTHER, secret], **given)
        for body, secrets in ((TICKET, [_OTHER * 2]), (TICKET, [])):
            with pytest.raises(SignatureInvalid):
                proof.verify(family, "", body=body, secrets=secrets, **given)
        with pytest.raises(SignatureInvalid):
            proof.verify(family, "x-other", body=TICKET, secrets=[secret], **given)

    def test_without_one_no_call_is_taken(self) -> None:
        for family in (proof.NONE, "magic", ""):
            with pytest.raises(SignatureInvalid):
                proof.verify(family, "x", body=b"{}", headers={"x": ""}, secrets=[""], at=_AT)

    def test_of_the_sender_alone_makes_the_object_asked_for(self) -> None:
        shared = replace(DESK, parameters={**DESK.parameters, "proof": proof.SHARED})
        one = connector.configured(shared)
        envelope = one.open(TICKET)
        assert (envelope.object_type, envelope.object_id) == ("ticket", "4711")
        with pytest.raises(NeedsFetch):
            one.translate(envelope, shared)
        passing = json.dumps({"polled_as": "ticket", "object": {}}).encode()
        with pytest.raises(SignatureInvalid):
            one.verify(
                body=passing, headers={"x-desk-signature": _SECRET}, secrets=[_SECRET], at=_AT
            )

    def test_an_object_that_is_asked_for_is_newer_than_the_call(self) -> None:
        async def story(client: Client) -> bytes | None:
            for nothing in ("404", "..", "."):
                assert (
                    await connector.configured(DESK).fetch(client, DESK, "ticket", nothing) is None
                )
            return await connector.configured(DESK).fetch(client, DESK, "ticket", "2")

        app = sandbox.build()
        app.state.system.world.keep("tickets", {**json.loads(TICKET)["data"]["ticket"], "id": 2})
        body = against(app, story)
        one = connector.configured(DESK)
        told = one.open(body)
        same = one.open(json.dumps({"polled_as": "ticket", **_object(body)}).encode())
        assert told.object_version == same.object_version + 1
        assert one.translate(told, DESK)


def _object(body: bytes) -> Mapping[str, Any]:
    return {"object": json.loads(body)["object"]}


class TestWhatCannotBeRead:
    @pytest.mark.parametrize(
        ("gone", "path"), [("id", "“id”"), ("updated_at", "“updated_at”"), ("number", "case_id")]
    )
    def test_is_kept_and_told_with_the_path(self, gone: str, path: str) -> None:
        one = connector.configured(DESK)
        told = json.loads(TICKET)
        del told["data"]["ticket"][gone]
        envelope = one.open(json.dumps(told).encode())
        assert envelope.event_id == one.open(json.dumps(told).encode()).event_id
        with pytest.raises(ValueError, match=path):
            one.translate(envelope, DESK)

    def test_is_not_lost_when_the_mapping_itself_cannot_be_used(self) -> None:
        broken = settings(mapping={"kinds": 1})
        one = connector.configured(broken)
        with pytest.raises(PayloadUnreadable, match="mapping cannot be used"):
            one.translate(one.open(TICKET), broken)
        with pytest.raises(CallFailed):
            against(sandbox.build(), lambda client: one.poll(client, broken, cursor=""))
        (receipt,) = against(
            sandbox.build(), lambda client: one.send(client, broken, [desk.granted(1)])
        )
        assert receipt.outcome is Outcome.NOT_SENT

    def test_a_call_that_no_kind_is_for_is_kept_and_ignored_in_words(self) -> None:
        envelope = connector.configured(DESK).open(b'{"event": "agent.hired"}')
        assert "No kind" in envelope.ignored


ROWS = [{"id": n, "at": f"2026-11-0{n}T00:00:00Z"} for n in range(1, 6)]
KIND = {
    "kind": "thing", "id": "id", "at": "at",
    "events": [{"contract": "customer.updated/1", "fields": {"customer_id": "id", "name": "id"}}],
}  # fmt: skip


def lister(page: Callable[[Request], tuple[Any, Mapping[str, str]]]) -> Starlette:
    async def listed(request: Request) -> Response:
        value, headers = page(request)
        return JSONResponse(value, headers=dict(headers))

    return Starlette(routes=[Route("/things", listed)])


def by_link(request: Request) -> tuple[Any, Mapping[str, str]]:
    at = int(request.query_params.get("from", 0))
    onward = f"{LOOPBACK}/things?from={at + 2}" if at + 2 < len(ROWS) else None
    return {"rows": ROWS[at : at + 2], "next": onward}, {}


def by_header(request: Request) -> tuple[Any, Mapping[str, str]]:
    value, _ = by_link(request)
    onward = f'<{value["next"]}>; rel="next", <{LOOPBACK}/things>; rel="first"'
    return value["rows"], {"link": onward} if value["next"] else {}


def by_offset(request: Request) -> tuple[Any, Mapping[str, str]]:
    at = int(request.query_params["skip"])
    return {"rows": ROWS[at : at + 2]}, {}


class TestPages:
    @pytest.mark.parametrize(
        ("page", "listing"),
        [
            (by_link, {"items": "rows", "pages": {"by": "link", "next": "next"}}),
            (by_header, {"pages": {"by": "link_header"}}),
            (by_offset, {"items": "rows", "pages": {"by": "offset", "name": "skip", "size": 2}}),
            (by_offset, {"items": "rows", "pages": {"by": "offset", "name": "skip"}}),
        ],
    )
    def test_are_turned_to_the_end(self, page: Any, listing: Mapping[str, Any]) -> None:
        asked = settings({"kinds": [{**KIND, "list": {"path": "/things", **listing}}]})
        one = connector.configured(asked)

        async def story(client: Client) -> list[str]:
            found, cursor = [], ""
            for _ in range(9):
                told = await one.poll(client, asked, cursor=cursor)
                found += [one.open(body).object_id for body in told.bodies]
                cursor = told.cursor
                if not told.more:
                    return found
            raise AssertionError("It does not end.")

        assert against(lister(page), story) == ["1", "2", "3", "4", "5"]

    @pytest.mark.parametrize("link", ["https://evil.example/things", f"{LOOPBACK}:1/things"])
    def test_are_not_followed_to_another_host(self, link: str) -> None:
        listing = {"items": "rows", "pages": {"by": "link", "next": "next"}}
        asked = settings({"kinds": [{**KIND, "list": {"path": "/things", **listing}}]})
        app = lister(lambda request: ({"rows": ROWS, "next": link}, {}))
        with pytest.raises(CallFailed, match="not the connection's own"):
            against(app, lambda client: connector.configured(asked).poll(client, asked, cursor=""))

    def test_of_another_mapping_begin_again(self) -> None:
        place = {"seen": {}, "kind": "thing", "page": "abc", "pages": 1, "began": 5, "top": 1}
        for page, pages in (
            (by_offset, {"by": "offset", "name": "skip"}),
            (by_link, {"by": "link", "next": "next"}),
        ):
            listing = {"path": "/things", "items": "rows", "pages": pages}
            asked = settings({"kinds": [{**KIND, "list": listing}]})
            poll = partial(connector.configured(asked).poll, cursor=json.dumps(place))
            told = against(lister(page), partial(poll, settings=asked))
            assert len(told.bodies) == 2

    def test_that_have_ended_meanwhile_begin_again(self) -> None:
        place = {"seen": {}, "kind": "thing", "page": "/gone", "pages": 1, "began": 5, "top": 1}
        listing = {"pages": {"by": "link_header"}, "path": "/things"}
        asked = settings({"kinds": [{**KIND, "list": listing}]})
        one = connector.configured(asked)
        told = against(
            lister(by_header), lambda client: one.poll(client, asked, cursor=json.dumps(place))
        )
        assert not told.bodies
        assert json.loads(told.cursor)["page"] == ""


def sent(app: Any, asked: Settings, command: Command, **faults: Any) -> Receipt:
    app.state.system.faults.set(faults)

    async def story(client: Client) -> Receipt:
        client._timeout_s = 0.3
        (receipt,) = await connector.configured(asked).send(client, asked, [command])
        return receipt

    receipt: Receipt = against(app, story)
    return receipt


class TestSending:
    def test_a_system_that_knows_our_key_does_it_once(self) -> None:
        app = sandbox.build(sandbox.Config(dialect="plans"))
        assert sent(app, PLANS, desk.granted(1), response_lost=1).outcome is Outcome.IN_DOUBT
        again = sent(app, PLANS, desk.granted(1))
        assert (again.outcome, again.external_id) == (Outcome.OK, "cus_1/exports")
        (row,) = app.state.system.world.rows["limits"].values()
        assert (row["limit"], row["revision"]) == ("25", 1)

    def test_what_is_gone_already_was_there_before(self) -> None:
        app = sandbox.build(sandbox.Config(dialect="plans"))
        revoked = replace(
            desk.granted(1), payload={**desk.granted(1).payload, "type": "entitlement.revoked"}
        )
        assert sent(app, PLANS, revoked).outcome is Outcome.ALREADY_DONE

    def test_a_value_cannot_lead_to_another_address(self) -> None:
        app = sandbox.build(sandbox.Config(dialect="plans"))
        odd = desk.granted(1, customer_id="../../admin", feature="a/b?c")
        assert sent(app, PLANS, odd).outcome is Outcome.REFUSED
        assert not app.state.system.world.rows["limits"]
        for nothing in ("..", ".", ""):
            receipt = sent(app, PLANS, desk.granted(2, feature=nothing))
            assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "payload_invalid")

    def test_a_system_that_cannot_be_asked_stays_in_doubt(self) -> None:
        messages = {
            name: one for name, one in json.loads(desk.example("desk.messages")).items()
            if name != "find"
        }  # fmt: skip
        mute = replace(DESK, parameters={**DESK.parameters, "messages": json.dumps(messages)})
        app = sandbox.build()
        assert sent(app, mute, desk.granted(1), response_lost=1).outcome is Outcome.IN_DOUBT
        one = connector.configured(mute)
        with pytest.raises(CallFailed, match="somebody has to look"):
            against(app, lambda client: one.find(client, mute, [desk.granted(1).key]))

    def test_an_event_without_a_message_is_refused_in_words(self) -> None:
        other = replace(
            desk.granted(1), payload={**desk.granted(1).payload, "type": "invoice.paid"}
        )
        receipt = sent(sandbox.build(), DESK, other)
        assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "payload_invalid")
        assert "invoice.paid" in receipt.reason

    def test_numbers_are_sent_as_numbers_and_exact(self) -> None:
        told = {"messages": [{
            "events": ["invoice.paid"], "path": "/x", "fields": {
                "major": {"path": "data.amount", "as": "major", "currency": {"value": "usd"}},
                "rate": {"path": "data.rate", "as": "number"}, "none": {"value": None},
            },
        }]}  # fmt: skip
        asked, seen = settings(messages=told, sign_in="none"), []

        async def taken(request: Request) -> Response:
            seen.append((await request.body()).decode())
            return Response(status_code=204)

        app = Starlette(routes=[Route("/x", taken, methods=["POST"])])
        data = {"amount": 1250, "rate": "0.10"}
        paid = {**desk.granted(1).payload, "type": "invoice.paid", "data": data}
        command = replace(desk.granted(1), payload=paid)
        (receipt,) = against(
            app, lambda client: connector.configured(asked).send(client, asked, [command])
        )
        assert (receipt.outcome, receipt.external_id) == (Outcome.OK, command.key)
        assert seen == ['{"major":"12.50","rate":0.10,"none":null}']


class TestWhatAPollFinds:
    def test_should_have_been_told_only_where_somebody_listens(self) -> None:
        body = json.dumps({"polled_as": "ticket", **json.loads(TICKET)["data"]}).encode()
        body = body.replace(b'"ticket": {', b'"object": {')
        deaf = replace(DESK, parameters={**DESK.parameters, "proof": proof.NONE})
        assert not connector.configured(DESK).open(body).polled
        assert connector.configured(deaf).open(body).polled


class TestSigningIn:
    @pytest.mark.parametrize(
        ("parameters", "name", "value"),
        [
            ({"sign_in": "none"}, "authorization", None),
            ({"sign_in": "bearer"}, "authorization", "Bearer a-key"),
            ({"sign_in": "header", "key_header": "X-Key"}, "x-key", "a-key"),
            ({"sign_in": "basic", "username": "u"}, "authorization", "Basic dTpwdw=="),
            ({"sign_in": "oauth2_client", "client_id": "c", "token_url": "/t", "scope": "read",
              "client_as": "basic"}, "authorization", "Bearer t-1"),
        ],
    )  # fmt: skip
    def test_is_as_the_connection_says(
        self, parameters: Mapping[str, Any], name: str, value: str | None
    ) -> None:
        seen: list[str | None] = []

        async def listed(request: Request) -> Response:
            seen.append(request.headers.get(name))
            return JSONResponse([])

        async def token(request: Request) -> Response:
            assert request.headers["authorization"] == "Basic YzpzZWM="
            assert (await request.body()) == b"grant_type=client_credentials&scope=read"
            return JSONResponse({"access_token": "t-1", "expires_in": 60})

        app = Starlette(routes=[Route("/things", listed), Route("/t", token, methods=["POST"])])
        secrets = {"api_key": "a-key", "password": "pw", "client_secret": "sec"}
        mapping = {"kinds": [{**KIND, "list": {"path": "/things"}}]}
        asked = replace(settings(mapping, **parameters), secrets=secrets)
        against(app, lambda client: connector.configured(asked).poll(client, asked, cursor=""))
        assert seen == [value]

    def test_without_a_credential_is_told_before_anything_is_sent(self) -> None:
        asked = settings({"kinds": [{**KIND, "list": {"path": "/things"}}]}, sign_in="bearer")
        with pytest.raises(CallFailed) as failed:
            against(
                lister(by_link),
                lambda client: connector.configured(asked).poll(client, asked, cursor=""),
            )
        assert failed.value.outcome is Outcome.AUTH
