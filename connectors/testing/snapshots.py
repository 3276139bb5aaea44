"""What every SnapshotSource promises: all of it, once, within the days, and nothing else."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

import httpx
import pytest

from connectors.contract import CallFailed, Outcome, SnapshotRow
from connectors.http import Client
from connectors.testing.common import Contract

# What a system has, whatever the days: no range applies, and no money stands in it.
UNDATED: Final = frozenset({"customer", "account", "company", "period"})
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)
_LONG_AGO: Final = ("1999-01-01", "1999-12-31")
_MOST_PAGES: Final = 100


@dataclass(frozen=True, slots=True)
class Total:
    """How many rows of a currency, and what they come to in minor units."""

    count: int
    amount: int


class SnapshotContract(Contract):
    """
    Give ``furnish``, ``days`` and ``page`` as well, and ``held`` unless the sandbox answers
    ``GET /_control/totals?kind=&start=&end=`` with ``{"USD": {"count": 2, "amount": 1000}}`` (“”
    for rows without a currency), counted from what it holds and not from what it was asked for.

    ``page`` is the dotted place of the constant that says how many rows the connector asks for at
    once, such as ``connectors.systems.acme.listing.PAGE``; the test makes it small. “” where the
    system decides: then ``build`` makes its pages small. ``undated`` are kinds without a range.
    """

    days: ClassVar[tuple[str, str]]
    page: ClassVar[str]
    undated: ClassVar[frozenset[str]] = UNDATED

    @abstractmethod
    async def furnish(self, client: Client, sandbox: httpx.AsyncClient) -> None:
        """Let the sandbox hold something of each kind: of one at least three within ``days``."""

    async def held(self, sandbox: httpx.AsyncClient, kind: str) -> Mapping[str, Total]:
        """By currency, what the sandbox holds of a kind within ``days``."""
        start, end = self.days
        answer = await sandbox.get(
            "/_control/totals", params={"kind": kind, "start": start, "end": end}
        )
        assert answer.status_code == 200, f"The sandbox tells no totals of {kind}: {answer.text}"
        return {code: Total(**total) for code, total in answer.json().items()}

    def test_lists_all_that_is_held_once_with_its_totals(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.furnish(client, sandbox)
            most = 0
            for kind in self.connector.manifest.lists:
                rows = await self.listed(client, kind)
                self.well_formed(kind, rows)
                assert totals(rows) == dict(await self.held(sandbox, kind)), kind
                assert rows, f"Nothing of the kind “{kind}” is listed: furnish one."
                most = max(most, len(rows))
            assert most >= 3, "At least one kind needs three rows, or paging is not seen."

        self.run(story)

    def test_goes_from_page_to_page(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.furnish(client, sandbox)
            whole = {
                kind: await self.listed(client, kind) for kind in self.connector.manifest.lists
            }
            if self.page:
                monkeypatch.setattr(self.page, 2)
            pages = 0
            for kind, rows in whole.items():
                again, count = await self.paged(client, kind)
                assert _sorted(again) == _sorted(rows), kind
                pages = max(pages, count)
            assert pages > 1, "Everything came on one page."

        self.run(story)

    def test_lists_what_is_within_the_days_and_no_other(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.furnish(client, sandbox)
            for kind in set(self.connector.manifest.lists) - self.undated:
                rows = await self.listed(client, kind)
                day = min(row.dated for row in rows)
                first = await self.listed(client, kind, day, day)
                assert _sorted(first) == _sorted(row for row in rows if row.dated == day), kind
                assert await self.listed(client, kind, *_LONG_AGO) == [], kind

        self.run(story)

    def test_a_kind_that_is_not_listed_is_refused_in_words(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            with pytest.raises((CallFailed, ValueError), match="no such|“no such”"):
                await self.listed(client, "no such")

        self.run(story)

    def test_listing_says_how_a_read_failed(self) -> None:
        expected = {
            "throttle": Outcome.THROTTLED,
            "garbage": Outcome.TRANSIENT,
            "down": Outcome.TRANSIENT,
            "unauthorized": Outcome.AUTH,
        }

        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            kind = self.connector.manifest.lists[0]
            for fault, outcome in expected.items():
                await self.fault(sandbox, **{fault: True, "retry_after": 7})
                with pytest.raises(CallFailed) as caught:
                    await self.listed(client, kind)
                assert caught.value.outcome is outcome, fault
                assert " " in caught.value.reason
                if fault == "throttle":
                    assert caught.value.retry_after, "How long it waits is not told."
                await self.fault(sandbox, **{fault: False})

        self.run(story)

    def test_listing_with_wrong_credentials_says_so(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            secrets = dict.fromkeys(self.settings.secrets, "wrong-wrong-wrong")
            start, end = self.days
            with pytest.raises(CallFailed) as caught:
                await self.connector.snapshot(
                    client,
                    replace(self.settings, secrets=secrets),
                    kind=self.connector.manifest.lists[0],
                    start=start,
                    end=end,
                    cursor="",
                )
            assert caught.value.outcome is Outcome.AUTH

        self.run(story)

    async def listed(
        self, client: Client, kind: str, start: str = "", end: str = ""
    ) -> list[SnapshotRow]:
        rows, _ = await self.paged(client, kind, start, end)
        return rows

    async def paged(
        self, client: Client, kind: str, start: str = "", end: str = ""
    ) -> tuple[list[SnapshotRow], int]:
        """All rows, and how many pages they came on."""
        start, end = start or self.days[0], end or self.days[1]
        rows: list[SnapshotRow] = []
        cursor = ""
        for number in range(1, _MOST_PAGES):
            found, cursor = await self.connector.snapshot(
                client, self.settings, kind=kind, start=start, end=end, cursor=cursor
            )
            rows += found
            if not cursor:
                return rows, number
        raise AssertionError(f"The list of {kind} never ends.")

    def well_formed(self, kind: str, rows: Sequence[SnapshotRow]) -> None:
        ids = [row.external_id for row in rows]
        assert all(ids), kind
        assert len(set(ids)) == len(ids), f"{kind} is listed twice"
        start, end = self.days
        for row in rows:
            assert row.kind == kind
            assert row.state, f"{kind} {row.external_id} has no state"
            assert type(row.amount) is int
            if kind in self.undated:
                continue
            assert _DAY.fullmatch(row.dated), row
            assert start <= row.dated <= end, row
            assert _CURRENCY.fullmatch(row.currency) or not row.amount, row


def totals(rows: Sequence[SnapshotRow]) -> dict[str, Total]:
    counts: Counter[str] = Counter()
    amounts: Counter[str] = Counter()
    for row in rows:
        counts[row.currency] += 1
        amounts[row.currency] += row.amount
    return {code: Total(count, amounts[code]) for code, count in counts.items()}


def _sorted(rows: Iterable[SnapshotRow]) -> list[SnapshotRow]:
    return sorted(rows, key=lambda row: row.external_id)
