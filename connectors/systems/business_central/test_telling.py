from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from connectors import entra
from connectors.contract import NeedsFetch, Outcome
from connectors.http import Answer, Client
from connectors.problem import Problem
from connectors.systems.business_central import answers, sandbox, wire
from connectors.systems.business_central.desk import SETTINGS, Desk
from connectors.systems.business_central.sandbox import chart
from connectors.systems.business_central.sandbox.app import Config
from connectors.testing.books import Books

BOOKS = Books()
COMPANIES = len(chart.COMPANIES)
HOOK = "http://console/hooks/bc/"


class Listener:
    """Our address as Business Central meets it."""

    def __init__(self, desk: Desk, status: int = 200) -> None:
        self.heard: list[bytes] = []
        self.status = status
        self.deaf = False
        self._desk = desk
        app = Starlette(routes=[Route("/hooks/bc/", self.answer, methods=["POST"])])
        desk.inside.hooks.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app))

    async def answer(self, request: Request) -> Response:
        reply = self._desk.connector.handshake(dict(request.query_params))
        if reply is not None and not self.deaf:
            return Response(reply.body, media_type=reply.content_type)
        self.heard.append(await request.body())
        return PlainTextResponse("", self.status)


class TestSubscriptions:
    def poll(self, desk: Desk) -> Any:
        async def story(client: Client) -> Any:
            return await desk.connector.poll(client, desk.settings, cursor="")

        return desk.run(story)

    def test_are_made_with_a_handshake_and_renewed_before_they_end(self) -> None:
        desk = Desk(notification_url=HOOK)
        Listener(desk)
        self.poll(desk)
        rows = desk.inside.world.subscriptions
        assert len(rows) == 4 * COMPANIES
        first = next(iter(rows.values()))
        soon = datetime.now(UTC) + timedelta(hours=20)
        first["expirationDateTime"] = soon.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.poll(desk)
        assert len(rows) == 4 * COMPANIES
        ends = [datetime.fromisoformat(row["expirationDateTime"]) for row in rows.values()]
        assert min(ends) > datetime.now(UTC) + timedelta(days=2)
        handshakes = [one for one in desk.inside.hooks.called if "handshake" in one]
        assert len(handshakes) == 4 * COMPANIES + 1

    def test_what_changed_is_told_and_read_by_a_poll(self) -> None:
        desk = Desk(notification_url=HOOK)
        listener = Listener(desk)
        self.poll(desk)
        desk.send(BOOKS.customer(1))
        assert len(listener.heard) == COMPANIES
        body = listener.heard[0]
        desk.connector.verify(body=body, headers={}, secrets=[sandbox.STATE], at=datetime.now(UTC))
        envelope = desk.connector.open(body)
        assert sandbox.STATE not in json.dumps(envelope.raw)
        with pytest.raises(NeedsFetch):
            desk.connector.translate(envelope, SETTINGS)
        (told, *_) = self.poll(desk).bodies
        (event,) = desk.connector.translate(desk.connector.open(told), SETTINGS)
        assert event.subject_id == "CUS_1"

    def test_a_refusal_of_ours_would_delete_the_subscription_and_the_next_poll_makes_it(
        self,
    ) -> None:
        desk = Desk(notification_url=HOOK)
        listener = Listener(desk, status=410)
        self.poll(desk)
        desk.send(BOOKS.customer(1))
        assert len(desk.inside.world.subscriptions) == 3 * COMPANIES
        listener.status = 200
        self.poll(desk)
        assert len(desk.inside.world.subscriptions) == 4 * COMPANIES

    def test_without_somebody_who_listens_polling_goes_on(self) -> None:
        desk = Desk(notification_url=HOOK)
        Listener(desk).deaf = True
        desk.send(BOOKS.customer(1))
        assert len(self.poll(desk).bodies) == COMPANIES
        assert not desk.inside.world.subscriptions

    def test_only_a_token_of_a_sensible_size_is_answered(self) -> None:
        shake = Desk().connector.handshake
        assert shake({}) is None
        assert shake({"validationToken": "x" * 2000}) is None
        assert shake({"validationToken": "é"}) is None
        reply = shake({"validationToken": "abc-1"})
        assert reply is not None
        assert (reply.body, reply.content_type) == (b"abc-1", "text/plain; charset=utf-8")


class TestAnswers:
    @pytest.mark.parametrize(
        ("status", "code", "message", "outcome", "word"),
        [
            (429, "Application_TooManyRequests", "", Outcome.THROTTLED, "throttled"),
            (503, "", "", Outcome.IN_DOUBT, "failed"),
            (504, "", "", Outcome.IN_DOUBT, "failed"),
            (408, "Application_Timeout", "", Outcome.IN_DOUBT, "failed"),
            (500, "Internal_ServerError", "", Outcome.IN_DOUBT, "failed"),
            (400, "Internal_ServerError", "Cannot connect", Outcome.IN_DOUBT, "failed"),
            (413, "", "", Outcome.REFUSED, "too_large"),
            (409, "Request_EntityChanged", "", Outcome.TRANSIENT, "changed"),
            (412, "BadRequest_InvalidToken", "", Outcome.TRANSIENT, "changed"),
            (401, "Authentication_InvalidCredentials", "", Outcome.AUTH, "session"),
            (403, "Authorization_RequestDenied", "", Outcome.AUTH, "forbidden"),
            (400, "Application_DialogException", "It is no good.", Outcome.REFUSED, "refused"),
            (
                400, "Application_FieldValidationException",
                "Customer Posting Group must have a value in Customer: No.=C00690.",
                Outcome.REFUSED, "party_incomplete",
            ),
            (
                400, "Application_DialogException",
                "You may not enter numbers manually. If you want to enter numbers manually",
                Outcome.REFUSED, "numbering",
            ),
            (
                400, "Internal_EntityWithSameKeyExists",
                "The General Journal Batch already exists.", Outcome.TRANSIENT, "batch_exists",
            ),
        ],
    )  # fmt: skip
    def test_are_classified_by_status_and_by_the_family_of_their_code(
        self, status: int, code: str, message: str, outcome: Outcome, word: str
    ) -> None:
        said = {"error": {"code": code, "message": f"{message}  CorrelationId:  4711."}}
        body = json.dumps(said).encode() if code else b"<html>"
        with pytest.raises(Problem) as caught:
            answers.of(Answer(status, {}, body), write=True)
        assert (caught.value.outcome, caught.value.code) == (outcome, word)
        assert "4711" not in caught.value.reason

    def test_an_expired_client_secret_is_called_that(self) -> None:
        body = b'{"error":"invalid_client","error_description":"AADSTS7000222: expired"}'
        with pytest.raises(Problem, match="expired; make a new one"):
            entra.of_token(Answer(401, {}, body))

    @pytest.mark.parametrize(
        ("rows", "link"),
        [
            ([{"id": "1"}], "https://evil.example/v2.0/companies"),
            ([], "http://127.0.0.1:9/v2.0/contoso.onmicrosoft.com/production/api/v2.0/companies"),
        ],
    )
    def test_a_list_that_leads_elsewhere_or_nowhere_is_not_followed(
        self, rows: list[Any], link: str
    ) -> None:
        desk = Desk()
        listed = {"value": rows, "@odata.nextLink": link}
        desk.inside._listed = lambda request, path: JSONResponse(listed)

        async def story(client: Client) -> None:
            await wire.Central(client, desk.settings).rows("companies")

        with pytest.raises(Problem, match="lists"):
            desk.run(story)


class TestSandbox:
    def test_keeps_its_books_over_a_restart(self, tmp_path: Path) -> None:
        path = str(tmp_path / "books.jsonl")
        desk = Desk()
        desk.app = sandbox.build(Config(state_path=path))
        desk.inside = desk.app.state.sandbox
        sent = desk.send(BOOKS.journal(1), BOOKS.invoice(2))
        desk.app = sandbox.build(Config(state_path=path))
        again = desk.send(BOOKS.journal(1), BOOKS.invoice(2))
        assert [one.outcome for one in again] == [Outcome.ALREADY_DONE] * 2
        assert [one.external_id for one in again] == [one.external_id for one in sent]

    def test_a_customer_that_changed_meanwhile_is_tried_again(self) -> None:
        desk = Desk()
        desk.one(BOOKS.customer(1))
        desk.inside.faults.set({"stale": 1})
        renamed = BOOKS.customer(1, revision=2, name="Renamed")
        receipt = desk.one(renamed)
        assert (receipt.outcome, receipt.code) == (Outcome.TRANSIENT, "changed")
        assert desk.one(renamed).outcome is Outcome.OK
