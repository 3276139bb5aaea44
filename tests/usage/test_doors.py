"""How raw usage comes in: through the API in three forms, by a signed hook, and from a file."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from connectors.operations import set_secret
from connectors.schemes import sign_standard
from exceptions.models import Case
from revops.events.models import InboundEvent
from revops.kernel import clock
from revops.pipeline import sources
from revops.usage.models import Batch, Record, Refused
from tests.api.calls import Caller
from tests.usage.kit import product_connection

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/usage/?connection=product"
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()


@pytest.fixture(autouse=True)
def _connection() -> Iterator[None]:
    sources.forget()
    product_connection()
    yield
    sources.forget()


def plain(usage_id: str, /, **changes: Any) -> dict[str, Any]:
    made = {
        "usage_id": usage_id, "customer_id": "cus_1", "meter": "api_calls", "quantity": 5,
        "used_at": "2026-10-12T15:00:00Z",
    }  # fmt: skip
    return made | changes


def event(usage_id: str, **changes: Any) -> dict[str, Any]:
    made = {
        "specversion": "1.0", "id": usage_id, "source": "app", "type": "api_calls",
        "subject": "cus_1", "time": "2026-10-12T15:00:00Z", "data": {"quantity": 5},
    }  # fmt: skip
    return made | changes


class TestTheApi:
    def test_takes_a_list_of_records(self) -> None:
        answer = Caller("usage:write").post(ADDRESS, [plain("a"), plain("b", quantity="1.50")])
        assert answer.status_code == 202
        assert answer.json() == {
            "accepted": 2, "duplicates": 0, "conflicts": 0, "refused": 0, "problems": [],
        }  # fmt: skip
        assert not InboundEvent.objects.exists()

    def test_takes_a_batch_of_cloud_events(self) -> None:
        answer = Caller().post(
            ADDRESS, [event("a"), event("b")], content_type="application/cloudevents-batch+json"
        )
        assert answer.json()["accepted"] == 2

    def test_takes_a_stream_of_lines(self) -> None:
        lines = [*(json.dumps(plain(str(n))) for n in range(5_100)), "", json.dumps(event("z"))]
        answer = Caller().post(
            ADDRESS, "\n".join(lines).encode(), content_type="application/x-ndjson"
        )
        assert answer.json()["accepted"] == 5_101
        assert Batch.objects.count() == 2

    def test_says_of_each_record_what_is_wrong_and_stores_the_others(self) -> None:
        body = [plain("a"), plain("b", quantity="many"), 7, plain("a", quantity=6), plain("c")]
        answer = Caller().post(ADDRESS, body)
        assert answer.status_code == 207
        told = answer.json()
        assert (told["accepted"], told["refused"], told["conflicts"]) == (2, 2, 1)
        assert [(one["index"], one["id"], one["status"]) for one in told["problems"]] == [
            (1, "b", "refused"), (2, "", "refused"), (3, "a", "conflict"),
        ]  # fmt: skip
        assert told["problems"][1]["problem"] == "A usage record is a JSON object."
        assert Refused.objects.count() == 2
        assert {case.kind for case in Case.objects.all()} == {"usage_refused", "usage_conflict"}

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"usage_id": ""}, "“usage_id” is missing."),
            ({"usage_id": 5}, "“usage_id” is a text."),
            ({"usage_id": "x" * 121}, "“usage_id” is longer than 120 characters."),
            ({"meter": "a\x07b"}, "“meter” holds control characters."),
            ({"customer_id": None}, "names neither a customer_id nor a subscription_id"),
            ({"quantity": None}, "“quantity” is missing."),
            ({"quantity": True}, "“quantity” is a number"),
            ({"quantity": "1e5"}, "“quantity” is a number"),
            ({"quantity": 10**15}, "“quantity” is a number"),
            ({"used_at": "2026-10-12"}, "needs its time zone"),
            ({"used_at": "yesterday"}, "is no instant"),
            ({"used_at": 1760281200}, "“used_at” is missing"),
            ({"used_at": "1999-12-31T00:00:00Z"}, "before the year 2000"),
            ({"used_at": "0001-01-01T00:00:00+14:00"}, "is no instant"),
        ],
    )
    def test_refuses_a_record_with_one_sentence(self, changes: dict[str, Any], said: str) -> None:
        answer = Caller().post(ADDRESS, [plain("a", **changes)])
        assert said in answer.json()["problems"][0]["problem"]
        assert not Record.objects.exists()

    def test_refuses_the_future(self) -> None:
        ahead = (clock.now() + timedelta(hours=25)).isoformat()
        told = Caller().post(ADDRESS, [plain("a", used_at=ahead)]).json()
        assert told["problems"][0]["problem"] == "“used_at” is in the future."

    def test_sent_again_is_the_same(self) -> None:
        Caller().post(ADDRESS, [plain("a")])
        again = Caller().post(ADDRESS, [plain("a", quantity="5.0")])
        assert (again.status_code, again.json()["duplicates"]) == (200, 1)

    def test_reads_a_broken_line_as_one_refused_record(self) -> None:
        body = b'{"usage_id":\n' + json.dumps(plain("a")).encode() + b"\n" + b"x" * 70_000 + b"\n"
        answer = Caller().post(ADDRESS, body, content_type="application/x-ndjson").json()
        assert (answer["accepted"], answer["refused"]) == (1, 2)

    @pytest.mark.parametrize(
        ("body", "kind", "status"),
        [
            (b"[{]", "application/json", 400),
            (b"[]", "application/json", 400),
            (b"a,b", "text/csv", 415),
            (b"[" + b" " * (8 * 1024 * 1024) + b"]", "application/json", 413),
        ],
    )
    def test_refuses_other_bodies_as_a_whole(self, body: bytes, kind: str, status: int) -> None:
        assert Caller().post(ADDRESS, body, content_type=kind).status_code == status
        assert not Batch.objects.exists()

    def test_wants_a_connection_and_the_scope(self) -> None:
        assert Caller().post("/api/v1/usage/", [plain("a")]).status_code == 400
        assert Caller().post("/api/v1/usage/?connection=no", [plain("a")]).status_code == 422
        assert Caller("read:cases").post(ADDRESS, [plain("a")]).status_code == 403
        compressed = {"Content-Encoding": "gzip"}
        assert Caller().post(ADDRESS, [plain("a")], headers=compressed).status_code == 415


class TestTheHook:
    def call(self, body: Any, *, secret: str = SECRET, **headers: str) -> Any:
        connection = product_connection()
        set_secret(connection, "signing_secret", SECRET)
        sources.forget()
        raw = json.dumps(body).encode()
        now = clock.now()
        signed = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": sign_standard(body=raw, secret=secret, at=now),
        }
        return Client().post(
            f"/hooks/{connection.public_id}/",
            raw,
            content_type=headers.pop("content_type", "application/cloudevents-batch+json"),
            headers=signed | headers,
        )

    def test_takes_signed_batches_into_no_inbox(self) -> None:
        answer = self.call([event("a"), event("b"), event("a")])
        assert answer.status_code == 200
        assert (answer.json()["accepted"], answer.json()["duplicates"]) == (2, 1)
        assert not InboundEvent.objects.exists()

    def test_takes_one_event_and_binary_mode(self) -> None:
        one = self.call(event("a"), content_type="application/cloudevents+json")
        attributes = {f"ce-{name}": value for name, value in event("b").items() if name != "data"}
        two = self.call({"quantity": 5}, content_type="application/json", **attributes)
        assert (one.status_code, two.status_code) == (200, 200)
        assert sorted(Record.objects.values_list("usage_id", flat=True)) == ["a", "b"]

    def test_stores_the_good_ones_and_names_the_others(self) -> None:
        answer = self.call([event("a"), event("b", time="soon")])
        assert answer.status_code == 207
        assert answer.json()["problems"][0]["id"] == "b"

    def test_refuses_forged_calls(self) -> None:
        assert self.call([event("a")], secret="whsec_Zm9yZ2Vk").status_code == 401
        assert self.call("nothing").status_code == 400
        assert not Batch.objects.exists()


class TestAFile:
    def test_is_read_line_by_line(self, tmp_path: Any, capsys: Any) -> None:
        path = tmp_path / "use.ndjson"
        path.write_text("\n".join([json.dumps(plain("a")), json.dumps(event("b")), "{"]))
        call_command("usage", str(path), connection="product")
        assert "2 stored, 0 known, 0 in conflict, 1 refused" in capsys.readouterr().out
        assert Batch.objects.get().channel == "file"

    def test_needs_a_connection_that_is_there(self, tmp_path: Any) -> None:
        path = tmp_path / "use.ndjson"
        path.write_text("{}")
        with pytest.raises(CommandError, match="no connection"):
            call_command("usage", str(path), connection="nobody")
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("usage", str(tmp_path / "none"), connection="product")
