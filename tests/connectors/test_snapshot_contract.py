"""The contract test for lists lets a good one pass and catches what would spoil a comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.contract import CallFailed, Outcome, PayloadUnreadable, Settings, SnapshotRow
from connectors.http import Client, NotSent, Unanswered
from connectors.manifest import Manifest
from connectors.testing import LOOPBACK, SnapshotContract, Total
from connectors.testing.common import Contract

MANIFEST = Manifest.parse(
    {
        "slug": "toy",
        "label": "Toy",
        "role": "billing",
        "direction": "in",
        "capabilities": ["snapshots"],
        "lists": ["invoice"],
        "hosts": ["*"],
        "docs": "none",
    }
)
PAGE = 100
DAYS = ("2026-03-01", "2026-03-02", "2026-03-02", "2026-03-03", "2027-01-01")
HELD = [
    {"id": f"in_{number}", "amount": 100 * (number + 1), "day": day}
    for number, day in enumerate(DAYS)
]


def toy_sandbox() -> Starlette:
    faults: dict[str, Any] = {}

    async def switch(request: Request) -> Response:
        faults.update(await request.json())
        return JSONResponse(faults)

    async def door(request: Request) -> Response:
        if faults.get("down"):
            return Response(status_code=503)
        if faults.get("garbage"):
            return Response("<html>")
        if faults.get("throttle"):
            return Response(status_code=429, headers={"retry-after": str(faults["retry_after"])})
        if faults.get("unauthorized") or request.headers.get("authorization") != "key":
            return Response(status_code=401)
        asked = request.query_params
        found = [one for one in HELD if asked["start"] <= str(one["day"]) <= asked["end"]]
        after = int(asked["after"] or 0)
        return JSONResponse(found[after : after + int(asked["limit"])])

    return Starlette(
        routes=[
            Route("/_control/faults", switch, methods=["POST"]),
            Route("/invoices", door, methods=["GET"]),
        ]
    )


class Toy:
    """Lists pages of PAGE, by place."""

    manifest = MANIFEST

    async def snapshot(
        self, client: Client, settings: Settings, *, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        if kind != "invoice":
            raise ValueError(f"It lists invoices, not “{kind}”.")
        asked = {"start": start, "end": end, "after": cursor, "limit": PAGE}
        try:
            answer = await client.call(
                "GET", "/invoices", params=asked,
                headers={"authorization": settings.secrets["api_key"]},
            )  # fmt: skip
            if answer.status == 401:
                raise CallFailed(Outcome.AUTH, "The key is not accepted.")
            if answer.status == 429:
                wait = int(answer.headers["retry-after"])
                raise CallFailed(Outcome.THROTTLED, "It is busy.", retry_after=wait)
            found = answer.json()
        except (NotSent, Unanswered, PayloadUnreadable) as error:
            raise CallFailed(Outcome.TRANSIENT, "It cannot be read.") from error
        after = int(cursor or 0) + len(found)
        return [self.row(one) for one in found], str(after) if len(found) == PAGE else ""

    def row(self, one: Mapping[str, Any]) -> SnapshotRow:
        return SnapshotRow(
            kind="invoice", external_id=one["id"], key=one["id"], currency="USD",
            amount=one["amount"], dated=one["day"], state="open",
        )  # fmt: skip


class Listing(SnapshotContract):
    connector: ClassVar[Any] = Toy()
    settings = Settings(slug="toy", base_url=LOOPBACK, secrets={"api_key": "key"})
    days = ("2026-01-01", "2026-12-31")
    page = f"{__name__}.PAGE"

    def build(self) -> Starlette:
        return toy_sandbox()

    async def furnish(self, client: Client, sandbox: httpx.AsyncClient) -> None:
        """It holds what it holds."""

    async def held(self, sandbox: httpx.AsyncClient, kind: str) -> Mapping[str, Total]:
        within = [one for one in HELD if "2026-01-01" <= str(one["day"]) <= "2026-12-31"]
        return {"USD": Total(len(within), sum(int(str(one["amount"])) for one in within))}


def failing(change: Callable[[Toy, list[SnapshotRow], str], tuple[Sequence[SnapshotRow], str]]
            ) -> set[str]:  # fmt: skip
    """Which tests catch a list that is changed so."""

    class Changed(Toy):
        async def snapshot(self, *args: Any, **given: Any) -> tuple[Sequence[SnapshotRow], str]:
            rows, cursor = await super().snapshot(*args, **given)
            return change(self, list(rows), cursor)

    class Wrong(Listing):
        connector = Changed()

    own = set(vars(Contract))
    caught: set[str] = set()
    for name in dir(Wrong):
        if not name.startswith("test_") or name in own:
            continue
        with pytest.MonkeyPatch.context() as patch:
            given = {"monkeypatch": patch} if "page_to_page" in name else {}
            try:
                getattr(Wrong(), name)(**given)
            except (AssertionError, pytest.fail.Exception):
                caught.add(name)
    return caught


class TestAGoodList:
    def test_passes(self) -> None:
        assert failing(lambda toy, rows, cursor: (rows, cursor)) == set()


class TestCaught:
    @pytest.mark.parametrize(
        ("change", "by"),
        [
            (lambda toy, rows, cursor: (rows[:-1], cursor), "lists_all"),
            (lambda toy, rows, cursor: (rows + rows[:1], cursor), "lists_all"),
            (lambda toy, rows, cursor: (rows, ""), "page_to_page"),
            (
                lambda toy, rows, cursor: ([replace(one, amount=1) for one in rows], cursor),
                "lists_all",
            ),
            (
                lambda toy, rows, cursor: ([replace(one, dated="2026") for one in rows], cursor),
                "lists_all",
            ),
            (
                lambda toy, rows, cursor: (
                    [*rows, toy.row({"id": "x", "amount": 0, "day": "2026-02-01"})], cursor,
                ),
                "within_the_days",
            ),
        ],
        ids=["lost", "twice", "one page", "other amounts", "no days", "other days"],
    )  # fmt: skip
    def test_is_what_would_spoil_a_comparison(self, change: Any, by: str) -> None:
        assert [name for name in failing(change) if by in name]
