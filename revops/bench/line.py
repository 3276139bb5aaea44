"""
The whole line: signed webhook → stored → canonical record, journal, intent → ERP → posted.

The burst is a closed loop of 16 connections with one delivery in ten repeated; drained per second
counts from the first byte sent to the last posting recorded. Latency is from the event's commit to
its posting's, on the database's clock.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db import connection

from connectors.models import Connection
from connectors.queries import valid_secrets
from revops.bench import load
from revops.bench.figures import percentiles
from revops.bench.house import House, running
from revops.bench.machine import CAPACITY_JOURNALS, erp_capacity, single_row_commits
from revops.kernel import clock
from revops.sandbox import company
from revops.store import sql

CUSTOMERS = 50
REPEATED = 0.10


def measure(*, events: int = 3000, paces: Sequence[int] = (15, 50, 200)) -> dict[str, Any]:
    """
    Our figures beside the machine's limits, in one run on an empty database.

    ``ours`` is events a second; times in milliseconds; CPU in milliseconds an event over
    PostgreSQL, web and worker.
    """
    company.seed()
    stripe = Connection.objects.get(slug=company.STRIPE)
    (secret, *_) = valid_secrets(stripe, "webhook_secret")
    commits = single_row_commits(clients=8, seconds=2)
    with running() as house:
        Connection.objects.filter(slug=company.ERP).update(
            base_url=f"http://127.0.0.1:{house.erp_port}",
            control_url=f"http://127.0.0.1:{house.erp_port}",
        )
        time.sleep(6)  # workers cache connections for some seconds
        source = Webhooks(f"/hooks/{stripe.public_id}/", secret)
        _send(house, [source.customer(number) for number in range(CUSTOMERS)], 4)
        _wait_for_inbox()
        _send(house, [source.invoice() for _ in range(200)], 16)  # warm
        _wait_for_postings(200)
        capacity = erp_capacity(house.erp_port)
        result = _burst(house, source, events)
        result["paced"] = {
            str(pace): _paced(house, source, pace, min(pace * 10, 1500)) for pace in paces
        }
        result["rss_mb"] = house.memory_mb()
        posted = _posted()
        held = _held(house)
    return {
        "name": "line",
        "unit": "events/s",
        "limit": round(commits),
        "limit_is": "durable single-row commits a second, 8 clients",
        "ratio": round(result["ours"] / commits, 3),
        "erp_capacity": round(capacity),
        "erp_capacity_is": "journals a second that the sandbox ERP takes from its connector alone",
        "posted": posted,
        "held_by_erp": held["moves"] - CAPACITY_JOURNALS,
        "held_twice": held["twice"],
        **result,
    }


class Webhooks:
    """Signed Stripe events, as bytes ready to send."""

    def __init__(self, path: str, secret: str) -> None:
        self._path = path
        self._secret = secret.encode()
        self._number = 0
        self._run = f"{random.getrandbits(32):08x}"

    def customer(self, number: int) -> bytes:
        return self._event(
            "customer.created",
            {
                "id": f"cus_{self._run}_{number}",
                "object": "customer",
                "name": f"Bench customer {number}",
                "email": f"c{number}@example.com",
                "created": int(time.time()),
                "metadata": {},
            },
        )

    def invoice(self) -> bytes:
        self._number += 1
        now = int(time.time())
        invoice_id = f"in_{self._run}_{self._number}"
        net, tax = 12000 + self._number % 977, 990
        return self._event(
            "invoice.finalized",
            {
                "id": invoice_id,
                "object": "invoice",
                "number": f"B-{self._run}-{self._number}",
                "customer": f"cus_{self._run}_{self._number % CUSTOMERS}",
                "currency": "usd",
                "status": "open",
                "created": now,
                "status_transitions": {"finalized_at": now, "paid_at": None, "voided_at": None},
                "due_date": None,
                "total": net + tax,
                "subtotal": net,
                "amount_due": net + tax,
                "amount_paid": 0,
                "metadata": {"legal_entity": "US-INC"},
                "lines": {
                    "object": "list",
                    "has_more": False,
                    "data": [
                        {
                            "id": f"il_{self._run}_{self._number}",
                            "object": "line_item",
                            "amount": net,
                            "currency": "usd",
                            "description": "Team plan",
                            "quantity": 1,
                            "period": {"start": now, "end": now + 30 * 86400},
                            "price": {"id": "price_team_monthly", "object": "price"},
                            "tax_amounts": [
                                {"amount": tax, "inclusive": False, "tax_rate": "txr_us_ny"}
                            ],
                            "discount_amounts": [],
                        }
                    ],
                },
            },
        )

    def _event(self, kind: str, thing: dict[str, Any]) -> bytes:
        now = int(time.time())
        body = json.dumps(
            {
                "id": f"evt_{thing['id']}",
                "object": "event",
                "api_version": "2025-03-31.basil",
                "created": now,
                "livemode": False,
                "pending_webhooks": 1,
                "type": kind,
                "data": {"object": thing},
            }
        ).encode()
        signed = hmac.new(self._secret, b"%d." % now + body, hashlib.sha256).hexdigest()
        return load.post(self._path, body, {"Stripe-Signature": f"t={now},v1={signed}"})


def _burst(house: House, source: Webhooks, events: int) -> dict[str, Any]:
    fresh = [source.invoice() for _ in range(events)]
    repeats = random.sample(fresh, int(events * REPEATED))
    requests = fresh + repeats
    random.shuffle(requests)
    before, mark, started_at = house.cpu_seconds(), _posted(), clock.now()
    started = time.perf_counter()
    answers = asyncio.run(load.burst(house.web_port, requests, connections=16))
    accepted = time.perf_counter() - started
    _wait_for_postings(mark + events)
    finished = sql.one("SELECT max(finished_at) AS at FROM delivery_outboundcommand")
    assert finished is not None
    seconds = (finished.at - started_at).total_seconds()
    after = house.cpu_seconds()
    ours = ("postgres", "web", "worker")
    return {
        "ours": round(events / seconds, 1),
        "accepted_per_second": round(len(requests) / accepted, 1),
        "accept_ms": percentiles([answer.took * 1000 for answer in answers]),
        "refused": sum(answer.status != 200 for answer in answers),
        "cpu_ms_per_event": round(
            sum(after[name] - before[name] for name in ours) / events * 1000, 2
        ),
        "cpu_ms_by_process": {
            name: round((after[name] - before[name]) / events * 1000, 2) for name in after
        },
        **_latency(started_at),
    }


def _paced(house: House, source: Webhooks, pace: int, events: int) -> dict[str, Any]:
    requests = [source.invoice() for _ in range(events)]
    mark, started_at = _posted(), clock.now()
    answers = asyncio.run(load.paced(house.web_port, requests, per_second=pace))
    _wait_for_postings(mark + events)
    return {
        "events": events,
        "accept_ms": percentiles([answer.took * 1000 for answer in answers]),
        **_latency(started_at),
    }


def _latency(since: Any) -> dict[str, float]:
    rows = sql.rows(
        "SELECT extract(epoch FROM command.finished_at - event.received_at) * 1000 AS ms "
        "FROM delivery_outboundcommand command "
        "JOIN ledger_journalentry entry ON entry.id = command.subject_id "
        "JOIN events_businessevent meaning ON meaning.id = entry.business_event_id "
        "JOIN events_inboundevent event ON event.id = meaning.inbound_id "
        "WHERE event.received_at >= %s AND command.state = 'posted'",
        (since,),
    )
    return percentiles([float(row.ms) for row in rows])


def _send(house: House, requests: Sequence[bytes], connections: int) -> None:
    answers = asyncio.run(load.burst(house.web_port, requests, connections=connections))
    bad = [answer.status for answer in answers if answer.status != 200]
    if bad:
        raise RuntimeError(f"The console answered {bad[0]} to {len(bad)} webhooks.")


def _posted() -> int:
    row = sql.one("SELECT count(*) AS n FROM delivery_outboundcommand WHERE state = 'posted'")
    assert row is not None
    return int(row.n)


def _wait_for_inbox() -> None:
    _until("SELECT count(*) = 0 AS yes FROM events_inboundevent WHERE state = 'received'")


def _wait_for_postings(count: int) -> None:
    _until(
        "SELECT count(*) >= %s AS yes FROM delivery_outboundcommand WHERE state = 'posted'",
        (count,),
    )


def _until(statement: str, params: tuple[Any, ...] = (), *, seconds: float = 120) -> None:
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        row = sql.one(statement, params)
        if row is not None and row.yes:
            return
        time.sleep(0.05)
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, count(*) FROM delivery_outboundcommand GROUP BY state")
        raise RuntimeError(f"Not finished after {seconds} s; commands: {cursor.fetchall()}")


def _held(house: House) -> dict[str, int]:
    """What the ERP's own books hold, counted by our keys."""
    url = f"http://127.0.0.1:{house.erp_port}/_control/moves"
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310  our own loopback address
        keys = Counter(move["key"] for move in json.load(answer) if move["state"] == "posted")
    return {"moves": sum(keys.values()), "twice": sum(count > 1 for count in keys.values())}
