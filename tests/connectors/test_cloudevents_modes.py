"""The content modes as the SDK of the CloudEvents project writes them, and as our sandbox does."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import pytest
from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from connectors.contract import PayloadUnreadable, Settings
from connectors.systems.cloudevents.connector import connector
from connectors.systems.cloudevents.sandbox import SIGNED_WITH
from connectors.systems.cloudevents.sandbox.product import MODES, Product
from revops.kernel import clock
from revops.usage import reading
from revops.usage.reading import Bad, Raw

SETTINGS: Final = Settings(slug="product", base_url="https://app.example.com")
AT: Final = datetime(2026, 10, 12, 15, 4, 5, tzinfo=UTC)
NOW: Final = datetime(2026, 10, 13, tzinfo=UTC)
DATA: Final = {"customer_id": "cus_1001", "meter": "api_calls", "quantity": 412}


def made(data: dict[str, Any] | bytes | None = None, **attributes: Any) -> CloudEvent:
    given = {
        "id": "use_1", "source": "https://app.example.com/eu/zürich 1", "type": "usage",
        "subject": 'cus "x" 5% 😀', "time": AT, "datacontenttype": "application/json",
        "region": "eu",
    }  # fmt: skip
    return CloudEvent(given | attributes, DATA if data is None else data)


def read(message: HTTPMessage) -> list[Raw | Bad]:
    body = message.body if isinstance(message.body, bytes) else str(message.body).encode()
    return records(body, message.headers)


def records(body: bytes, headers: Mapping[str, str]) -> list[Raw | Bad]:
    lower = {name.lower(): value for name, value in headers.items()}
    return reading.read_all(connector.usage(body, lower, SETTINGS), source="product", now=NOW)


class TestTheSdksEvents:
    def test_say_the_same_in_every_mode(self) -> None:
        (alone,) = read(to_structured_event(made()))
        assert isinstance(alone, Raw), alone
        assert read(to_binary_event(made())) == [alone]
        batch = b"[" + to_structured_event(made()).body + b"]"  # the SDK writes no batches
        assert records(batch, {"Content-Type": "application/cloudevents-batch+json"}) == [alone]

    def test_whose_data_are_bytes_are_read_and_not_counted_as_one_use(self) -> None:
        """The SDK writes bytes as data_base64, JSON or not."""
        sealed = to_structured_event(made(json.dumps(DATA).encode()))
        assert b"data_base64" in sealed.body
        assert read(sealed) == read(to_structured_event(made()))

    def test_whose_data_are_no_json_are_refused(self) -> None:
        (found,) = read(to_structured_event(made(b"\x00\x01", datacontenttype="image/png")))
        assert isinstance(found, Bad)
        assert "data_base64" in found.reason
        with pytest.raises(PayloadUnreadable, match="image/png"):
            read(to_binary_event(made(b"\x00\x01", datacontenttype="image/png")))

    def test_without_data_are_one_use(self) -> None:
        event = CloudEvent(
            {"id": "1", "source": "s", "type": "report_exported", "subject": "cus_1", "time": AT}
        )
        for message in (to_binary_event(event), to_structured_event(event)):
            (found,) = read(message)
            assert isinstance(found, Raw)
            assert (found.meter, found.quantity) == ("report_exported", "1")


class TestTheContentType:
    def test_decides_though_headers_say_it_as_well(self) -> None:
        """HTTP binding §3.2.3: a structured event may come with the headers of binary mode."""
        binary, structured = to_binary_event(made()), to_structured_event(made())
        both = binary.headers | structured.headers
        assert records(structured.body, both) == read(structured)

    def test_of_another_format_is_told_in_words(self) -> None:
        for kind in ("application/cloudevents+avro", "application/cloudevents-batch+protobuf"):
            with pytest.raises(PayloadUnreadable, match="read as JSON"):
                records(b"\x00", {"content-type": kind})

    def test_of_a_batch_may_hold_none(self) -> None:
        assert records(b"[]", {"content-type": "application/cloudevents-batch+json"}) == []

    def test_of_one_event_holds_no_batch(self) -> None:
        (found,) = records(b"[1]", {"content-type": "application/cloudevents+json"})
        assert isinstance(found, Bad)


class TestHeaders:
    """HTTP binding §3.1.3.2."""

    USUAL: Final = {
        "ce-specversion": "1.0", "ce-id": "1", "ce-source": "s", "ce-type": "t",
        "ce-time": "2026-10-12T15:04:05Z", "content-type": "application/json",
    }  # fmt: skip

    @pytest.mark.parametrize(
        ("header", "customer"),
        [
            ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
            ("cus%5f1", "cus_1"),
            ('"cus 1"', "cus 1"),
            (r'"cus \"1\" \\ %41"', 'cus "1" \\ A'),
            ("100%2525", "100%25"),
        ],
    )
    def test_are_decoded_once(self, header: str, customer: str) -> None:
        (found,) = records(b'{"quantity":1}', self.USUAL | {"ce-subject": header})
        assert isinstance(found, Raw), found
        assert found.customer_ref == customer

    def test_that_are_no_utf_8_are_refused(self) -> None:
        for header in ("%C0%A0", "%FF"):
            with pytest.raises(PayloadUnreadable, match="percent-encoded"):
                records(b"{}", self.USUAL | {"ce-subject": header})

    def test_cannot_smuggle_data_in(self) -> None:
        sealed = base64.b64encode(json.dumps({"quantity": 5}).encode()).decode()
        (found,) = records(
            b"", self.USUAL | {"ce-subject": "c", "ce-data_base64": sealed, "ce-data": "{}"}
        )
        assert isinstance(found, Raw)
        assert found.quantity == "1"


class TestTheSandbox:
    @pytest.mark.parametrize("mode", MODES)
    def test_tells_in_any_mode_and_hears_what_was_not_taken(self, mode: str) -> None:
        heard: list[Raw | Bad] = []

        def console(request: httpx.Request) -> httpx.Response:
            headers = dict(request.headers)
            connector.verify(
                body=request.content, headers=headers, secrets=[SIGNED_WITH], at=clock.now()
            )
            found = reading.read_all(
                connector.usage(request.content, headers, SETTINGS), source="p", now=clock.now()
            )
            heard.extend(found)
            bad = [{"index": n} for n, one in enumerate(found) if isinstance(one, Bad)]
            return httpx.Response(207 if bad else 200, json={"problems": bad})

        async def story() -> dict[str, Any]:
            product = Product("http://console/hooks/1/", SIGNED_WITH)
            product.client = httpx.AsyncClient(transport=httpx.MockTransport(console))
            await product.use(events=6, repeated=0, late=0, broken=0.5, mode=mode)
            await product.aclose()
            told = product.state()
            product.reset()
            assert not product.state()["calls"]
            return told

        told = asyncio.run(story())
        assert [type(one) for one in heard].count(Bad) == 3 == len(told["problems"])
        assert told["events"] == 3
        assert len(told["calls"]) == (1 if mode == "batch" else 6)
