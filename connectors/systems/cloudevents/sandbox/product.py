"""What the product's customers do, and how it tells: signed, in any mode, with its flaws."""

from __future__ import annotations

import asyncio
import json
import random
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import JSONResponse, Response

from connectors.sandboxes.calls import Caller
from connectors.sandboxes.faults import ANY, Faults
from connectors.schemes import sign_standard

SOURCE: Final = "https://app.demo.example/eu"
BATCH: Final = 200
_TRIES: Final = 5
_REMEMBERED: Final = 500


MODES: Final = ("batch", "structured", "binary")
# What a header may hold as it is (HTTP binding §3.1.3.2): printable, without space, quote, percent.
_AS_IT_IS: Final = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
# ``forged`` signs calls with another secret, ``lost`` sends none.
FAULTS: Final = ("down", "throttle", "slow", "garbage", "unauthorized", "forged", "lost")


class Product(Caller):
    def __init__(self, hook_url: str, hook_secret: str) -> None:
        super().__init__()
        self._hook_url = hook_url
        self._secret = hook_secret
        self.faults = Faults(dict.fromkeys(FAULTS, ANY))
        self._sent: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED)
        self._told = 0
        self._untold: list[dict[str, Any]] = []
        self.problems: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED)

    def reset(self) -> None:
        """Nothing told, no faults."""
        self.faults.clear()
        self._sent.clear()
        self.called.clear()
        self.problems.clear()
        self._told = 0

    async def strike(self) -> Response | None:
        """What a call to the product meets instead of an answer."""
        await self.faults.wait()
        if self.faults.hit("throttle"):
            wait = self.faults.retry_after
            headers = {} if wait is None else {"Retry-After": str(wait)}
            return JSONResponse({"error": "too many calls"}, status_code=429, headers=headers)
        if self.faults.hit("down"):
            return JSONResponse({"error": "down"}, status_code=503)
        if self.faults.hit("unauthorized"):
            return JSONResponse({"error": "who are you"}, status_code=401)
        return Response(b"\x00garbage") if self.faults.hit("garbage") else None

    def state(self) -> dict[str, Any]:
        return {
            "events": self._told,
            "calls": list(self.called),
            "problems": list(self.problems),
            "hook": bool(self._hook_url),
        }

    async def use(
        self, customers: Sequence[str] = ("cus_demo",), *, events: int = 50,
        meter: str = "api_calls", most: int = 400, repeated: float = 0.1, minutes: float = 90,
        late: float = 0.02, late_days: int = 40, broken: float = 0, mode: str = "batch",
    ) -> dict[str, Any]:  # fmt: skip
        """
        Customers use a meter, and the console is told: shuffled, ``repeated`` of the events twice.
        They are of the last ``minutes``, ``late`` of them as old as ``late_days``; ``broken`` of
        them have no quantity that can be read. ``mode`` is batch, structured or binary: the last
        two are a call an event.
        """
        if mode not in MODES:
            raise ValueError(f"There is no mode “{mode}”; there are {', '.join(MODES)}.")
        made = [self._event(random.choice(customers), meter, most, minutes, late, late_days)
                for _ in range(events)]  # fmt: skip
        for event in made[: int(events * broken)]:
            event["data"]["quantity"] = "many"
        again = [event for event in (*self._sent, *made) if random.random() < repeated]
        told = [*made, *again[: max(1, int(events * repeated))]] if repeated else made
        told, self._untold = [*told, *self._untold], []
        random.shuffle(told)
        self._sent.extend(made)
        size = BATCH if mode == "batch" else 1
        statuses = [
            await self._tell(told[start : start + size], mode)
            for start in range(0, len(told), size)
        ]
        return {"events": len(made), "told": len(told), "statuses": statuses}

    def _event(
        self, customer: str, meter: str, most: int, minutes: float, late: float, late_days: int
    ) -> dict[str, Any]:
        back = timedelta(minutes=random.uniform(0, minutes))
        if random.random() < late:
            back = timedelta(days=random.uniform(1, late_days))
        return {
            "specversion": "1.0",
            "id": f"use_{token_hex(9)}",
            "source": SOURCE,
            "type": "example.demo.usage",
            "subject": customer,
            "time": (datetime.now(tz=UTC) - back).isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "data": {"customer_id": customer, "meter": meter,
                     "quantity": random.randint(1, most)},
        }  # fmt: skip

    async def _tell(self, events: list[dict[str, Any]], mode: str) -> int | str:
        if not self._hook_url:
            return "no address"
        if self.faults.hit("lost"):
            return "lost"
        if self.faults.hit("down"):
            self._untold += events
            return "down"
        body, headers = _said(events, mode)
        if self.faults.hit("garbage"):
            body = body[: len(body) // 2]
        for attempt in range(_TRIES):
            status, answer = await self._post(body, headers)
            self.called.append({"events": len(events), "attempt": attempt + 1, "result": status})
            if isinstance(status, int) and (status < 300 or 400 <= status < 500):
                break
            await asyncio.sleep(0.5 * 2**attempt)
        if isinstance(status, int) and status < 300:
            refused = self._refused(answer) if status == 207 else []
            self.problems.extend(refused)
            self._told += len(events) - len(refused)
        return status

    def _refused(self, answer: bytes) -> list[dict[str, Any]]:
        """What the console did not take of a call; sending it again would change nothing."""
        try:
            problems = json.loads(answer)["problems"]
        except (ValueError, LookupError, TypeError):
            return []
        return [one for one in problems if isinstance(one, dict)]

    async def _post(self, body: bytes, headers: dict[str, str]) -> tuple[int | str, bytes]:
        at = datetime.now(tz=UTC)
        message_id = f"msg_{token_hex(8)}"
        secret = "whsec_Zm9yZ2Vk" if self.faults.hit("forged") else self._secret
        signature = sign_standard(body=body, secret=secret, at=at, message_id=message_id)
        proof = {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature,
        }
        return await self.ask(self._hook_url, content=body, headers=headers | proof)


def _said(events: list[dict[str, Any]], mode: str) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a call."""
    if mode == "batch":
        return json.dumps(events).encode(), {"Content-Type": "application/cloudevents-batch+json"}
    (event,) = events
    if mode == "structured":
        return json.dumps(event).encode(), {"Content-Type": "application/cloudevents+json"}
    headers = {"Content-Type": str(event["datacontenttype"])}
    for name, value in event.items():
        if name not in ("data", "datacontenttype"):
            headers[f"ce-{name}"] = quote(str(value), safe=_AS_IT_IS)
    return json.dumps(event["data"]).encode(), headers
