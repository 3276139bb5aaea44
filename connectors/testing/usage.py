"""What every UsageSource promises."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any, Final

import httpx
import pytest

from connectors.contract import PayloadUnreadable, SignatureInvalid
from connectors.http import Client
from connectors.schemes import sign_standard
from connectors.testing.common import Contract

_AT: Final = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
_SECRET: Final = "whsec_" + token_hex(16)
_OTHER: Final = "whsec_" + token_hex(16)
_ID: Final = "msg_test"
_REPLACEMENTS: Final[Sequence[Any]] = ("gone", None, "text", -1, 1.5, True, [], {}, [[]], [1])


class UsageContract(Contract):
    """``fixtures/*.json`` are bodies of calls, ``batch__…`` or ``structured__…``."""

    def test_every_recorded_call_holds_events_that_name_themselves(self) -> None:
        for name, body in self.fixtures().items():
            events = self.usage(name, body)
            assert events, name
            for event in events:
                assert event["specversion"] == "1.0", name
                assert event["id"], name
                assert event["source"], name

    def test_a_batch_and_its_events_one_by_one_say_the_same(self) -> None:
        for name, body in self.fixtures().items():
            held = json.loads(body)
            alone = held if isinstance(held, list) else [held]
            told = [event for one in alone for event in self.usage("structured__", _bytes(one))]
            assert told == list(self.usage(name, body)), name

    def test_binary_mode_says_the_same_as_structured_mode(self) -> None:
        for name, body in self.fixtures().items():
            if name.startswith("batch"):
                continue
            event = json.loads(body)
            headers = {"content-type": "application/json"} | {
                f"ce-{key}": value for key, value in event.items() if key != "data"
            }
            data = _bytes(event["data"]) if "data" in event else b""
            told = self.connector.usage(data, headers, self.settings)
            assert list(told) == list(self.usage(name, body)), name

    def test_reads_the_products_own_names(self) -> None:
        names = {"customer_field": "tenant", "meter_field": "what", "quantity_field": "n"}
        event = {
            "specversion": "1.0", "id": "1", "source": "s", "type": "t",
            "data": {"tenant": "acme", "what": "calls", "n": 5},
        }  # fmt: skip
        settings = replace(self.settings, parameters=names)
        (told,) = self.connector.usage(_bytes(event), _headers("structured__"), settings)
        assert told["data"] == {"customer_id": "acme", "meter": "calls", "quantity": 5}

    def test_drifted_calls_never_crash(self) -> None:
        for name, body in self.fixtures().items():
            for path, drifted in _drifts(json.loads(body)):
                try:
                    self.usage(name, _bytes(drifted))
                except PayloadUnreadable:
                    continue
                except Exception as error:
                    raise AssertionError(f"{name}: {path} breaks it: {error!r}") from error

    def test_refuses_what_is_no_call(self) -> None:
        for body in (b"", b"{", b"null", b'"text"', b"{}", b'{"a":NaN}', b"\xff\xfe{}"):
            with pytest.raises(PayloadUnreadable):
                self.connector.usage(body, {"content-type": "application/json"}, self.settings)

    def test_accepts_a_signed_call_and_refuses_all_others(self) -> None:
        body = next(iter(self.fixtures().values()))
        good = _signed(body, _SECRET)
        self.verify(body, good, [_OTHER, _SECRET])
        late = timedelta(seconds=self.connector.manifest.signature.tolerance_s + 1)
        refused: list[tuple[bytes, Mapping[str, str], Sequence[str], datetime]] = [
            (body, {}, [_SECRET], _AT),
            (body, good | {"webhook-signature": "é=\udcff v1,ü"}, [_SECRET], _AT),
            (body, good | {"webhook-id": "msg_other"}, [_SECRET], _AT),
            (body, good | {"webhook-timestamp": "soon"}, [_SECRET], _AT),
            (body, _signed(body, _OTHER), [_SECRET], _AT),
            (body, good, [], _AT),
            (body + b" ", good, [_SECRET], _AT),
            (body, good, [_SECRET], _AT + late),
            (body, good, [_SECRET], _AT - late),
        ]
        for refused_body, headers, secrets, at in refused:
            with pytest.raises(SignatureInvalid):
                self.verify(refused_body, headers, secrets, at)

    def test_the_sandbox_repeats_itself_and_keeps_no_order(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            answer = await sandbox.post(
                "/_control/scenario/use", json={"events": 300, "repeated": 0.2}
            )
            assert answer.status_code == 200, answer.text
            assert answer.json()["told"] > answer.json()["events"] == 300

        self.run(story)

    def usage(self, name: str, body: bytes) -> Sequence[Mapping[str, Any]]:
        told: Sequence[Mapping[str, Any]] = self.connector.usage(
            body, _headers(name), self.settings
        )
        return told

    def verify(
        self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], at: datetime = _AT
    ) -> None:
        self.connector.verify(body=body, headers=headers, secrets=secrets, at=at)


def _headers(name: str) -> dict[str, str]:
    kind = "cloudevents-batch" if name.startswith("batch") else "cloudevents"
    return {"content-type": f"application/{kind}+json; charset=utf-8"}


def _signed(body: bytes, secret: str) -> dict[str, str]:
    return {
        "webhook-id": _ID,
        "webhook-timestamp": str(int(_AT.timestamp())),
        "webhook-signature": sign_standard(body=body, secret=secret, at=_AT, message_id=_ID),
    }


def _bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


def _drifts(value: Any) -> Iterator[tuple[str, Any]]:
    """The call with one member of one event gone, null, or of another type, for each of them."""
    for replacement in _REPLACEMENTS:
        yield f"the whole = {replacement!r}", replacement
    events = value if isinstance(value, list) else [value]
    for place, event in enumerate(events):
        for path in [(key,) for key in event] + [("data", key) for key in event.get("data", {})]:
            for replacement in _REPLACEMENTS:
                drifted = copy.deepcopy(events)
                inner = drifted[place]
                for step in path[:-1]:
                    inner = inner[step]
                if replacement == "gone":
                    del inner[path[-1]]
                else:
                    inner[path[-1]] = replacement
                whole = drifted if isinstance(value, list) else drifted[0]
                yield f"{place}.{'.'.join(path)} = {replacement!r}", whole
