"""The machine's own limits, measured in the same run as our figures."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace
from typing import Final

import psycopg
from django.db import connection

from connectors.contract import Command, Outcome
from connectors.http import Client
from revops.kernel.keys import idempotency_key
from revops.pipeline import sources
from revops.sandbox import company

CAPACITY_JOURNALS: Final = 2000


def single_row_commits(*, clients: int, seconds: float) -> float:
    """Durable single-row inserts a second, each its own transaction, from ``clients`` threads."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_limit")
        cursor.execute(
            "CREATE TABLE bench_limit (id bigserial PRIMARY KEY, key text UNIQUE, body text)"
        )
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    done = [0] * clients

    def client(number: int) -> None:
        with psycopg.connect(**parameters, autocommit=True) as raw:
            body = "x" * 300
            until = time.perf_counter() + seconds
            count = 0
            while time.perf_counter() < until:
                raw.execute(
                    "INSERT INTO bench_limit (key, body) VALUES (%s, %s)",
                    (f"{number}-{count}", body),
                    prepare=True,
                )
                count += 1
            done[number] = count

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - started
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_limit")
    return sum(done) / elapsed


def erp_capacity(port: int) -> float:
    """Journals a second that the sandbox ERP takes from its connector, with nothing around it."""
    sources.forget()
    source = sources.by_slug(company.ERP)
    settings = replace(source.settings, base_url=f"http://127.0.0.1:{port}")
    size = source.manifest.max_batch
    commands = [_command(number) for number in range(CAPACITY_JOURNALS)]

    async def send_all() -> float:
        async with Client.of(source.manifest, settings.base_url, allow_loopback=True) as client:
            started = time.perf_counter()
            for start in range(0, len(commands), size):
                receipts = await source.connector.send(
                    client, settings, commands[start : start + size]
                )
                assert all(receipt.outcome is Outcome.OK for receipt in receipts), receipts[0]
            return time.perf_counter() - started

    return CAPACITY_JOURNALS / asyncio.run(send_all())


def _command(number: int) -> Command:
    identity = f"capacity:{number}"
    line = {"credit": 0, "customer": None, "debit": 0, "memo": "", "tax_code": ""}
    payload = {
        "accounting_date": "2026-11-02",
        "business_key": identity,
        "currency": "USD",
        "description": identity,
        "document_type": "payment",
        "functional_currency": "USD",
        "legal_entity": "US-INC",
        "lines": [
            line | {"account": "1000", "debit": 1000},
            line | {"account": "1050", "credit": 1000},
        ],
        "number": identity,
        "period": "2026-11",
        "revision": 1,
    }
    key = idempotency_key(
        lane="bench", legal_entity="US-INC", document_type="payment", business_key=identity,
        revision=1,
    )  # fmt: skip
    return Command(key, "journal.post", payload, identity, "co-bench")
