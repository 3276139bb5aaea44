"""
What stands in customers' databases and in their ERPs does not change with the code that made it:
digests of payloads, the receipts of postings, and the names by which an ERP is asked for a key.

``erp_standing.json`` holds what they are. A difference here is a migration of stored rows, or a
mistake.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
import pytest

from connectors.contract import Command, Settings
from connectors.http import Client
from connectors.postings import CREDIT_MEMO, INVOICE, JOURNAL, PAYMENT
from connectors.testing.books import Books, line
from tests.connectors.erps import ERPS, Heard

_STANDING: Final = Path(__file__).with_name("erp_standing.json")
_NAMES: Final = re.compile(r"[A-Za-z0-9:-]{8,160}", re.ASCII)
# Pieces of a key that are found in a name, in whatever form an ERP can hold.
_PIECE: Final = 10
# A time in milliseconds, and two digits more.
_GROUP: Final = re.compile(r"\b1[0-9]{14}\b")


def postings(books: Books) -> dict[str, Command]:
    """One of each kind, and what a digest may stumble over."""
    invoice = books.invoice(1)
    foreign = [
        line(books.bank, debit=1100, document_amount=1000),
        line(books.revenue, credit=1100, document_amount=-1000),
    ]
    joined = [
        line(books.bank, debit=700), line(books.bank, debit=300), line(books.bank, credit=100),
        line(books.revenue, credit=900), line(books.deferred),
    ]  # fmt: skip
    return {
        "journal": books.journal(5),
        "invoice": invoice,
        "credit memo": books.credit_memo(2, of=invoice),
        "payment": books.payment(3, of=invoice),
        "customer": books.customer(7, other_ids=["cus_70"], tax_id="de 136 2"),
        "foreign": books.command(JOURNAL, 6, foreign, document_currency="EUR"),
        "joined": books.command(JOURNAL, 8, joined),
    }


def unfit(books: Books) -> dict[str, Command]:
    """What no ERP is asked for; whether a digest is given is a matter of each."""
    uneven = [line(books.bank, debit=5), line(books.revenue, credit=4)]
    both = [line(books.bank, debit=5, credit=5), line(books.revenue)]
    second = [line(books.bank, debit=5, document_amount=4), line(books.revenue, credit=5)]
    against = [line(books.bank, debit=5, document_amount=-4), line(books.revenue, credit=5)]
    return {
        "uneven": books.command(JOURNAL, 11, uneven),
        "both sides": books.command(JOURNAL, 12, both),
        "no lines": books.command(JOURNAL, 13, []),
        "no second currency": books.command(JOURNAL, 14, second),
        "two directions": books.command(JOURNAL, 15, against, document_currency="EUR"),
        "no day": books.command(INVOICE, 16, books.invoiced(), accounting_date="20260331"),
        "currency": books.command(PAYMENT, 17, books.invoiced(), currency="XXQ"),
        "memo": books.command(CREDIT_MEMO, 18, uneven),
    }


async def told(case: Any) -> dict[str, Any]:
    """Receipts of all postings, one after the other, and the names that were written for them."""
    connector, found = case.connector, {}
    wire = Heard(case().build())
    settings: Settings = case.settings
    async with Client(settings.base_url, hosts=(), allow_loopback=True, transport=wire) as client:
        for name, command in postings(Books()).items():
            wire.bodies.clear()
            (receipt,) = await connector.send(client, settings, [command])
            held = await connector.find(client, settings, [command.key])
            found[name] = {
                "receipt": [
                    receipt.outcome.value, _plain(receipt.external_id),
                    _GROUP.sub("group", receipt.external_number), receipt.drafted_id,
                    receipt.code, receipt.reason,
                ],
                "content": [one.content_sha256 for one in held.get(command.key, ())],
                "names": sorted(_names(command.key, "\n".join(wire.bodies))),
            }  # fmt: skip
    return found


def _names(key: str, said: str) -> set[str]:
    bare = key.rpartition("-")[2].lower()
    pieces = {bare[start : start + _PIECE] for start in range(len(bare) - _PIECE + 1)}
    return {name for name in _NAMES.findall(said) if any(one in name.lower() for one in pieces)}


def _plain(external_id: str) -> str:
    """An id without what a sandbox draws by lot."""
    head, colon, tail = external_id.rpartition(":")
    try:
        return f"{head}{colon}{UUID(tail).version and 'guid'}"
    except ValueError:
        return external_id


@pytest.mark.parametrize("slug", sorted(ERPS))
class TestWhatStands:
    def test_digests_are_what_they_were(self, slug: str) -> None:
        connector, books = ERPS[slug].connector, Books()
        commands = postings(books) | unfit(books)
        found = {name: connector.digest(one.payload) for name, one in commands.items()}
        assert found == _standing(slug)["digests"]

    def test_receipts_contents_and_names_are_what_they_were(self, slug: str) -> None:
        assert asyncio.run(told(ERPS[slug])) == _standing(slug)["told"]


class TestKeysOfRequests:
    def test_a_request_in_the_background_has_the_key_that_it_had(self) -> None:
        """NetSuite knows a request by it for as long as it keeps the job."""
        case = ERPS["netsuite"]
        heard: list[str] = []

        class Listening(Heard):
            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                heard.append(request.headers.get("x-netsuite-idempotency-key", ""))
                return await super().handle_async_request(request)

        async def story() -> None:
            told = {**case.settings.parameters, "processing": "in the background"}
            settings = replace(case.settings, parameters=told)
            wire = Listening(case().build())
            address = settings.base_url
            async with Client(address, hosts=(), allow_loopback=True, transport=wire) as client:
                await case.connector.send(client, settings, [Books().journal(5)])

        asyncio.run(story())
        assert [key for key in heard if key] == _standing("netsuite")["requests"]


def _standing(slug: str) -> dict[str, Any]:
    held: dict[str, Any] = json.loads(_STANDING.read_text(encoding="utf-8"))[slug]
    return held
