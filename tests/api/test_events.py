"""Events in through the API: stored once, refused whole, and each in words."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError

from connectors.models import Connection
from revops.events.models import EventConflict, InboundEvent
from revops.kernel import strict_json
from revops.pipeline import receive, sources, wake
from tests.api.calls import PROBLEM, Caller
from tests.factories import a_connection

PATH = "/api/v1/events/"


@pytest.fixture
def billing(db: None, monkeypatch: pytest.MonkeyPatch) -> Connection:
    monkeypatch.setattr(wake, "line", lambda connection_id: None)
    sources.forget()
    return a_connection("billing", "stripe")


@pytest.fixture
def sender(billing: Connection) -> Caller:
    return Caller("events:write")


def an_event(id: str = "e-1", **changes: Any) -> dict[str, Any]:
    event: dict[str, Any] = {
        "contract": "invoice.issued/1",
        "id": id,
        "source": "billing",
        "occurred_at": "2026-10-31T23:59:59Z",
        "data": {
            "invoice_id": "in_1",
            "number": "INV-1",
            "customer_id": "cus_1",
            "currency": "USD",
            "issued_on": "2026-10-31",
            "lines": [{"line_id": "l1", "sku": "plan", "amount": 10_000}],
            "total": 10_000,
        },
    }
    return event | changes


def with_data(**changes: Any) -> dict[str, Any]:
    event = an_event()
    event["data"] |= changes
    return event


class TestOneEvent:
    def test_is_stored_before_it_is_answered(self, sender: Caller) -> None:
        answer = sender.post(PATH, an_event())
        stored = InboundEvent.objects.get()
        assert answer.status_code == 202
        assert answer.json() == {"id": "e-1", "status": "accepted", "event": str(stored)}
        assert stored.channel == "api"
        assert strict_json.loads(bytes(stored.body))["data"]["total"] == 10_000

    def test_is_the_same_event_when_it_comes_again(self, sender: Caller) -> None:
        first, second = (sender.post(PATH, an_event()) for _ in range(2))
        assert (second.status_code, second.json()["status"]) == (200, "duplicate")
        assert second.json()["event"] == first.json()["event"]
        assert InboundEvent.objects.count() == 1

    def test_is_the_same_event_however_its_json_is_written(self, sender: Caller) -> None:
        sender.post(PATH, an_event())
        turned = dict(reversed(an_event().items()))
        turned["occurred_at"] = "2026-11-01T00:59:59+01:00"
        turned["data"]["lines"][0]["quantity"] = "1"
        assert sender.post(PATH, turned).json()["status"] == "duplicate"

    def test_is_taken_without_the_slash_too(self, sender: Caller) -> None:
        assert sender.post(PATH.rstrip("/"), an_event()).status_code == 202

    def test_conflicts_when_it_comes_again_with_other_content(self, sender: Caller) -> None:
        first = sender.post(PATH, an_event())
        answer = sender.post(PATH, with_data(number="INV-2"))
        assert (answer.status_code, answer["Content-Type"]) == (409, PROBLEM)
        assert answer.json()["type"] == "urn:revops:problem:conflict"
        assert answer.json()["event"] == first.json()["event"]
        assert (InboundEvent.objects.count(), EventConflict.objects.count()) == (1, 1)

    def test_carries_the_callers_correlation_id(self, sender: Caller) -> None:
        sender.post(PATH, an_event(), headers={"X-Correlation-Id": "story-12345678"})
        assert InboundEvent.objects.get().correlation_id == "story-12345678"

    @pytest.mark.parametrize(
        ("event", "path"),
        [
            (with_data(total=10_001), "data"),
            (with_data(total="10000"), "data.total"),
            (with_data(total=100.5), "data.total"),
            (with_data(currency="usd"), "data.currency"),
            (with_data(currency="ZZZ"), "data.currency"),
            (with_data(lines=[]), "data.lines"),
            (with_data(suprise=1), "data.suprise"),
            (with_data(lines=[{"line_id": "l1", "sku": "plan"}]), "data.lines.0.amount"),
            (an_event(contract="invoice.issued/99"), "contract"),
            (an_event(contract="no.such.thing/1"), "contract"),
            (an_event(contract="journal.posted/1"), "contract"),
            (an_event(contract="usage.rated/1"), "contract"),
            (an_event(contract="period.closed/1"), "contract"),
            (an_event(source="nobody"), "source"),
            (an_event(occurred_at="2026-10-31T23:59:59"), "occurred_at"),
            (an_event(occurred_at=1_790_000_000), "occurred_at"),
            (an_event(id=""), "id"),
            (an_event(id=7), "id"),
            (an_event(id="a\u0000b"), "id"),
            (an_event(id="x" * 201), "id"),
            (an_event(data=[]), "data"),
            (an_event(approved_by="me"), "approved_by"),
            ({"id": "e-1"}, "contract"),
        ],
    )
    def test_names_the_field_that_does_not_hold_and_stores_nothing(
        self, sender: Caller, event: dict[str, Any], path: str
    ) -> None:
        answer = sender.post(PATH, event)
        assert (answer.status_code, answer["Content-Type"]) == (422, PROBLEM)
        found = [error["path"] for error in answer.json()["errors"]]
        assert any(name.startswith(path) for name in found), found
        assert not InboundEvent.objects.exists()

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            (b"", "Send one event"),
            (b"{}", "Send one event"),
            (b"[]", "Send one event"),
            (b'"text"', "Send one event"),
            (b"not json", "not valid JSON"),
            (b'{"a": NaN}', "NaN"),
            (b'{"id": 1, "id": 2}', "appears twice"),
            (b"[" * 5_000, "nested deeper"),
            (b'{"a": ' + b"9" * 5_000 + b"}", "more than 30 digits"),
            (b'{"a": 1e400}', "beyond the range"),
            (b"\xff\xfe{\x00}\x00", "not UTF-8"),
            (b"\xef\xbb\xbf{}", "byte order mark"),
        ],
    )
    def test_says_why_a_body_cannot_be_read(self, sender: Caller, body: bytes, words: str) -> None:
        answer = sender.post(PATH, body)
        assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)
        assert words in answer.json()["detail"]

    def test_is_not_read_above_the_limit(self, sender: Caller) -> None:
        assert sender.post(PATH, b"[" + b" " * 1024 * 1024 + b"]").status_code == 413

    def test_is_not_unpacked(self, sender: Caller) -> None:
        answer = sender.post(PATH, an_event(), headers={"Content-Encoding": "gzip"})
        assert (answer.status_code, answer["Content-Type"]) == (415, PROBLEM)

    def test_needs_a_length(self, sender: Caller) -> None:
        answer = sender.post(PATH, an_event(), HTTP_TRANSFER_ENCODING="chunked")
        assert (answer.status_code, answer["Content-Type"]) == (411, PROBLEM)

    def test_is_json_and_says_so(self, sender: Caller) -> None:
        answer = sender.post(PATH, an_event(), content_type="text/plain")
        assert (answer.status_code, answer["Content-Type"]) == (415, PROBLEM)

    def test_is_to_be_sent_again_when_it_cannot_be_stored(
        self, sender: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def down(**_: object) -> None:
            raise OperationalError("could not connect to server at 10.0.0.5")

        monkeypatch.setattr(receive, "accept", down)
        answer = sender.post(PATH, an_event())
        assert (answer.status_code, answer["Content-Type"]) == (503, PROBLEM)
        assert answer["Retry-After"] == "5"
        assert "10.0.0.5" not in answer.content.decode()


class TestAList:
    def test_answers_for_each_event_in_its_place(self, sender: Caller) -> None:
        a_connection("shop", "stripe")
        sender.post(PATH, an_event("e-2"))
        changed = with_data(number="INV-9") | {"id": "e-2"}
        events = [an_event("e-1"), an_event("e-3", source="shop"), an_event("e-1"), changed]
        answer = sender.post(PATH, events)
        assert answer.status_code == 207
        assert [(row["id"], row["status"]) for row in answer.json()["results"]] == [
            ("e-1", "accepted"),
            ("e-3", "accepted"),
            ("e-1", "duplicate"),
            ("e-2", "conflict"),
        ]

    def test_is_accepted_and_then_a_repeat(self, sender: Caller) -> None:
        events = [an_event(f"e-{number}") for number in range(3)]
        assert [sender.post(PATH, events).status_code for _ in range(2)] == [202, 200]
        assert InboundEvent.objects.count() == 3

    def test_is_refused_whole_with_the_place_of_every_problem(self, sender: Caller) -> None:
        events = [an_event("e-1"), an_event("e-2", source="nobody"), with_data(total=1), {}]
        answer = sender.post(PATH, events)
        assert answer.status_code == 422
        places = {error["path"].split(".")[0] for error in answer.json()["errors"]}
        assert places == {"1", "2", "3"}
        assert not InboundEvent.objects.exists()

    def test_holds_at_most_five_hundred(self, sender: Caller) -> None:
        answer = sender.post(PATH, [{}] * 501)
        assert (answer.status_code, answer["Content-Type"]) == (413, PROBLEM)
