"""The webhook door: what is stored, what is refused, and in which words."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import time
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import InterfaceError, OperationalError
from django.db import connection as database
from django.test import Client, RequestFactory

from connectors.models import Connection
from connectors.operations import set_secret
from connectors.systems.salesforce.desk import outbound_message
from revops.api import bodies, hooks
from revops.api.front import MachineDoors
from revops.events.models import EventConflict, InboundEvent
from revops.pipeline import receive, sources, wake
from tests.factories import a_connection

SECRET = "whsec_for-the-tests-only"


@pytest.fixture
def billing(db: None, monkeypatch: pytest.MonkeyPatch) -> Connection:
    monkeypatch.setattr(wake, "line", lambda connection_id: None)
    connection = a_connection("billing", "stripe")
    set_secret(connection, "webhook_secret", SECRET)
    sources.forget()
    return connection


def an_event(event_id: str = "evt_1", **data: Any) -> bytes:
    return json.dumps(
        {
            "id": event_id,
            "object": "event",
            "type": "customer.created",
            "created": 1_790_000_000,
            "livemode": False,
            "data": {"object": {"id": "cus_1", "object": "customer", "name": "Contoso"} | data},
        }
    ).encode()


def signed(body: bytes, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    stamp = int(time.time() if at is None else at)
    proof = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={stamp},v1={proof}"}


def send(connection: Connection, body: bytes, headers: dict[str, str], **extra: Any) -> Any:
    return Client(enforce_csrf_checks=True).post(
        f"/hooks/{connection.public_id}/",
        body,
        content_type="application/json",
        headers=headers,
        **extra,
    )


class TestHook:
    def test_stores_a_signed_event_and_answers_nothing(self, billing: Connection) -> None:
        body = an_event()
        answer = send(billing, body, signed(body))
        assert (answer.status_code, answer.content) == (200, b"")
        assert bytes(InboundEvent.objects.get().body) == body

    def test_i12_answers_a_repeat_alike_and_stores_it_once(self, billing: Connection) -> None:
        body = an_event()
        assert {send(billing, body, signed(body)).status_code for _ in range(3)} == {200}
        assert InboundEvent.objects.get().deliveries == 3

    def test_accepts_a_repeat_with_other_content_and_keeps_both(self, billing: Connection) -> None:
        for name in ("Contoso", "Fabrikam"):
            body = an_event(name=name)
            assert send(billing, body, signed(body)).status_code == 200
        assert (InboundEvent.objects.count(), EventConflict.objects.count()) == (1, 1)

    def test_carries_the_callers_correlation_id(self, billing: Connection) -> None:
        body = an_event()
        answer = send(billing, body, signed(body) | {"X-Correlation-Id": "story-12345678"})
        assert answer["X-Correlation-Id"] == "story-12345678"
        assert InboundEvent.objects.get().correlation_id == "story-12345678"

    def test_i14_accepts_the_old_and_the_new_secret_while_one_is_rotated(
        self, billing: Connection
    ) -> None:
        set_secret(billing, "webhook_secret", "whsec_the-new-one", overlap=timedelta(hours=1))
        sources.forget()
        for event_id, secret in (("evt_1", SECRET), ("evt_2", "whsec_the-new-one")):
            body = an_event(event_id)
            assert send(billing, body, signed(body, secret)).status_code == 200

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Stripe-Signature": "t=1,v1=00"},
            {"Stripe-Signature": "nonsense"},
            {"Stripe-Signature": "t=1,v1=é"},
            signed(b"another body"),
            signed(an_event(), "whsec_somebody-elses"),
            signed(an_event(), at=time.time() - 3600),
        ],
    )
    def test_i11_refuses_what_is_not_signed_by_the_sender(
        self, billing: Connection, headers: dict[str, str]
    ) -> None:
        answer = send(billing, an_event(), headers)
        assert answer.status_code == 401
        assert answer.json()["detail"] == "The signature does not hold."
        assert answer["Content-Type"] == "application/problem+json"
        assert not InboundEvent.objects.exists()

    def test_i15_does_not_take_one_address_signature_at_another(self, billing: Connection) -> None:
        other = a_connection("other", "stripe")
        set_secret(other, "webhook_secret", "whsec_of-the-other-one")
        body = an_event()
        assert send(other, body, signed(body)).status_code == 401

    def test_knows_nobody_at_another_address(self, billing: Connection) -> None:
        answer = Client().post("/hooks/not-an-address/", b"{}", content_type="application/json")
        assert answer.status_code == 404
        assert answer["Content-Type"] == "application/problem+json"

    @pytest.mark.parametrize("body", [b"", b"not json", b'{"a": NaN}', b"[" * 100_000, b"\xff\xfe"])
    def test_says_why_a_signed_body_cannot_be_read(self, billing: Connection, body: bytes) -> None:
        answer = send(billing, body, signed(body))
        assert answer.status_code == 400
        assert len(answer.json()["detail"]) > 20

    def test_does_not_read_a_body_above_the_limit(self, billing: Connection) -> None:
        body = b"{" + b" " * bodies.LIMIT
        assert send(billing, body, signed(body)).status_code == 413

    def test_does_not_unpack_a_compressed_body(self, billing: Connection) -> None:
        body = an_event()
        answer = send(billing, body, signed(body) | {"Content-Encoding": "gzip"})
        assert answer.status_code == 415

    @pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
    def test_takes_only_posts(self, billing: Connection, method: str) -> None:
        answer = getattr(Client(), method)(f"/hooks/{billing.public_id}/")
        assert (answer.status_code, answer["Allow"]) == (405, "POST")

    @pytest.mark.parametrize(
        "error",
        [
            OperationalError("the database is down"),
            InterfaceError("connection already closed"),
            psycopg.OperationalError("server closed the connection unexpectedly"),
            psycopg.errors.ReadOnlySqlTransaction("cannot execute INSERT"),
            psycopg.errors.DiskFull("no space left on device"),
        ],
    )
    def test_asks_to_send_again_when_it_cannot_store(
        self, billing: Connection, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        def fails(*_: object, **_named: object) -> None:
            raise error

        monkeypatch.setattr(receive, "store", fails)
        body = an_event()
        answer = send(billing, body, signed(body))
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert str(error) not in answer.content.decode()


@pytest.mark.django_db(transaction=True)
class TestHookWithAnAnswer:
    """Salesforce sends its outbound messages again until it reads that they were taken."""

    ORGANIZATION = "00D5g000000sandEAA"

    @pytest.fixture
    def crm(self, db: None, monkeypatch: pytest.MonkeyPatch) -> Connection:
        monkeypatch.setattr(wake, "line", lambda connection_id: None)
        connection = a_connection("crm", "salesforce")
        set_secret(connection, "organization_id", self.ORGANIZATION)
        sources.forget()
        return connection

    def test_says_in_the_senders_words_that_it_was_stored(self, crm: Connection) -> None:
        answer = self.post(crm, outbound_message(organization=self.ORGANIZATION))
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/xml")
        assert b"<Ack>true</Ack>" in answer.content
        assert InboundEvent.objects.get().type == "outbound_message"

    def test_does_not_say_so_of_what_it_refused(self, crm: Connection) -> None:
        answer = self.post(crm, outbound_message(organization="00D000000000000AAA"))
        assert answer.status_code == 401
        assert b"Ack" not in answer.content
        assert not InboundEvent.objects.exists()

    def test_nor_of_what_it_could_not_store(
        self, crm: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(arrival: Any) -> Any:
            raise psycopg.OperationalError("The database is away.")

        monkeypatch.setattr(receive.inbox, "record", away)
        answer = self.post(crm, outbound_message(organization=self.ORGANIZATION))
        assert answer.status_code == 503
        assert b"Ack" not in answer.content

    def post(self, connection: Connection, body: bytes) -> Any:
        return Client(enforce_csrf_checks=True).post(
            f"/hooks/{connection.public_id}/", data=body, content_type="text/xml; charset=utf-8"
        )


@pytest.mark.django_db(transaction=True)
class TestHookAfterTheDatabaseWasAway:
    def test_loses_one_call_and_then_stores_again(self, billing: Connection) -> None:
        body = an_event()
        assert send(billing, body, signed(body)).status_code == 200
        elsewhere = database.copy()
        with elsewhere.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(%s)", [database.connection.info.backend_pid]
            )
        elsewhere.close()
        answers = [send(billing, body, signed(body)).status_code for _ in range(2)]
        assert answers == [503, 200]
        assert InboundEvent.objects.get().deliveries == 2


class TestBodies:
    @staticmethod
    def a_request(body: bytes, **meta: Any) -> Any:
        request = RequestFactory().post("/", body, content_type="application/json")
        request.META.update(meta)
        return request

    def test_reads_no_more_of_a_chunked_body_than_one_byte_too_many(self) -> None:
        stream = io.BytesIO(b"x" * (bodies.LIMIT * 3))
        request = self.a_request(
            b"",
            **{
                "HTTP_TRANSFER_ENCODING": "chunked",
                "wsgi.input_terminated": True,
                "wsgi.input": stream,
            },
        )
        with pytest.raises(bodies.BodyRefused) as refused:
            bodies.read(request)
        assert refused.value.status == 413
        assert stream.tell() == bodies.LIMIT + 1

    def test_reads_a_chunked_body_below_the_limit(self) -> None:
        request = self.a_request(
            b"",
            **{
                "HTTP_TRANSFER_ENCODING": "chunked",
                "wsgi.input_terminated": True,
                "wsgi.input": io.BytesIO(b"{}"),
            },
        )
        assert bodies.read(request) == b"{}"

    def test_wants_a_length_where_the_server_does_not_end_the_stream(self) -> None:
        with pytest.raises(bodies.BodyRefused) as refused:
            bodies.read(self.a_request(b"", HTTP_TRANSFER_ENCODING="chunked"))
        assert refused.value.status == 411

    @pytest.mark.parametrize("length", ["-1", "1e3", "٣", "abc"])
    def test_refuses_a_length_that_is_no_number(self, length: str) -> None:
        with pytest.raises(bodies.BodyRefused) as refused:
            bodies.read(self.a_request(b"{}", CONTENT_LENGTH=length))
        assert refused.value.status == 400

    def test_refuses_a_body_that_ends_early(self) -> None:
        request = self.a_request(b"{}")
        request.META["CONTENT_LENGTH"] = "50"
        with pytest.raises(bodies.BodyRefused, match="ended before"):
            bodies.read(request)


class TestMachineDoors:
    def test_answers_a_hook_without_the_rest_of_the_stack(self, billing: Connection) -> None:
        body = an_event()
        request = RequestFactory().post(
            f"/hooks/{billing.public_id}/",
            body,
            content_type="application/json",
            headers=signed(body),
        )
        answer = MachineDoors(lambda _request: pytest.fail("went on"))(request)
        assert answer.status_code == 200
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cache-Control"] == "no-store"
        assert InboundEvent.objects.get().correlation_id == answer["X-Correlation-Id"]

    @pytest.mark.parametrize("path", ["/", "/hooks/", "/hooks/a/b/", "/hooksy/a/", "/x/hooks/a/"])
    def test_lets_everything_else_pass(self, path: str) -> None:
        passed: list[str] = []

        def goes_on(request: Any) -> Any:
            passed.append(request.path)
            return hooks.HttpResponse()

        MachineDoors(goes_on)(RequestFactory().get(path))
        assert passed == [path]
