"""
The demo with all of its sandboxes on free ports and a console that answers at an address, so that
everything goes over HTTP: webhooks in, calls of APIs out, and what a tour plays.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx

from connectors.models import Connection
from exceptions.models import Case
from revops.bench.house import free_port
from revops.credits import tasks as credits
from revops.delivery.models import OutboundCommand
from revops.events.models import InboundEvent, SourceCursor
from revops.kernel import clock
from revops.ledger import books
from revops.ledger.models import JournalEntry
from revops.pipeline import fetch, poll, process, send, sources
from revops.pipeline.flows.advance import look_again
from revops.pipeline.metering import turn
from revops.pipeline.models import StepRun
from revops.sandbox import company, contacts, group, metered
from revops.sandbox.serve import stands
from revops.sandbox.tours import base
from revops.sandbox.tours.base import Facts, Tour, Walk
from revops.store import sql
from tests.pipeline.rehearsal import serving

# Outbound messages gather for a moment before they are sent.
_QUIET_S = 0.5
_ENTITLEMENT = "Entitlement__gc"
_SIGNAL = "Payment_Signal__gc"
_OVER = ("posted", "exception", "cancelled")


@contextmanager
def opened(console_url: str, *, everybody: bool = False) -> Iterator[World]:
    """
    The demo company anew, its sandboxes answering, and nothing played; with ``everybody`` the
    companies that joined it, too.
    """
    for forget in (books.forget, sources.forget, fetch.forget):
        forget()
    company.seed()
    metered.seed()
    contacts.seed()
    # People are told nothing here: a mailbox and a chat would be in the way of no test.
    Connection.objects.filter(slug__in=(contacts.MAIL, contacts.CHAT)).delete()
    if everybody:
        group.seed()
    for connection in Connection.objects.exclude(control_url=""):
        _moved(connection)
    sources.forget()
    with ExitStack() as stack:
        for stand in stands(console_url=console_url, state=None):
            stack.enter_context(serving(stand.application, port=stand.port, lives=True))
        yield World()
    sources.forget()


def _moved(connection: Connection) -> None:
    """To a free port, with all that is said of the old one."""
    old, url = connection.control_url, f"http://127.0.0.1:{free_port()}"
    told = connection.parameters
    connection.parameters = {name: url if value == old else value for name, value in told.items()}
    if connection.base_url == old:
        connection.base_url = url
    else:
        scheme = connection.base_url.partition(":")[0]
        connection.base_url = f"{scheme}://127.0.0.1:{free_port()}"
    connection.control_url = url
    connection.save(update_fields=["base_url", "control_url", "parameters"])


class World:
    """``play`` lets something happen, ``settle`` takes it everywhere, ``walk`` walks a tour."""

    def __init__(self) -> None:
        self.connections = {one.slug: one for one in Connection.objects.all()}
        self._http = httpx.Client(trust_env=False, timeout=20)
        self._looked = False

    def control(self, slug: str, what: str, value: Any = None) -> Any:
        """Through a sandbox's own door: a POST with ``value``, else a GET."""
        door = f"{self.connections[slug].control_url}/_control/{what}"
        answer = self._http.get(door) if value is None else self._http.post(door, json=value)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def play(self, slug: str, scenario: str, **values: Any) -> dict[str, Any]:
        return dict(self.control(slug, f"scenario/{scenario}", values))

    def poll(self) -> None:
        """Ask every source what is new, as late as in life: what billing tells has come by then."""
        stop = time.monotonic() + 5
        while self._untold() and time.monotonic() < stop:
            time.sleep(0.01)
        SourceCursor.objects.update(next_at=clock.now())
        for connection in self.connections.values():
            poll.poll(connection.pk)

    def _untold(self) -> int:
        events = self.control(company.STRIPE, "state")["counts"].get("event", 0)
        return int(events) - len(self.control(company.STRIPE, "webhooks")["deliveries"])

    def settle(self, *, patience: float = 60) -> None:
        """Until nothing is due anywhere, and nothing came for a moment; all are asked first."""
        stop = time.monotonic() + patience
        self.poll()
        self._looked = False
        quiet = time.monotonic()
        while time.monotonic() - quiet < _QUIET_S:
            assert time.monotonic() < stop, f"not settled: {self.left()}"
            if self.go_on() or self._under_way():
                quiet = time.monotonic()
            time.sleep(0.03)

    def go_on(self) -> int:
        """What is due, once round. How much that was."""
        done = 0
        for connection in self.connections.values():
            done += fetch.fetch(connection.pk)
            done += process.advance(connection.pk, seconds=20, linger=0)
            done += send.drain(connection.pk, drainer="journey", seconds=20, linger=0)
        # A look takes what changed in the last half minute as new: rated again, it would never end.
        if done or not self._looked:
            self._looked = turn.look(every=0)
        done += turn.advance(seconds=20) + credits.turn()
        StepRun.objects.filter(state="unready").update(next_at=clock.now())
        with sql.atomic():
            look_again()
        return done

    def _under_way(self) -> bool:
        return OutboundCommand.objects.exclude(state__in=_OVER).exists() or (
            InboundEvent.objects.filter(state="received").exists()
        )

    def left(self) -> list[Any]:
        commands = OutboundCommand.objects.exclude(state__in=_OVER)
        return [
            *commands.values_list("document_type", "state", "reason"),
            *InboundEvent.objects.exclude(state__in=("processed", "ignored")).values_list(
                "type", "state", "reason"
            ),
        ]

    def walk(self, tour: Tour, kept: Facts, *, until: str = "") -> Walk:
        """Do what there is to do, step by step, until it is over or ``until`` comes."""
        known: dict[str, Any] = dict(kept)
        for _ in tour.steps:
            now = base.walk(tour, known)
            stop = next((one for one in now.stops if one.state != "done"), None)
            if stop is None or stop.step.slug == until:
                return now
            assert stop.can_act, f"the console has not got to “{stop.step.title}”: {self.left()}"
            known = dict(base.play(tour, stop.step.slug, known))
            self.settle()
        return base.walk(tour, known)

    def moves(self) -> list[dict[str, Any]]:
        """What Tryton itself holds."""
        return [move for move in self.control(company.ERP, "moves") if move["state"] == "posted"]

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """What Salesforce itself holds."""
        return list(self.control(company.SALESFORCE, f"records/{kind}"))

    def companies(self) -> list[dict[str, Any]]:
        """What Gainsight itself holds of companies."""
        return list(self.control(company.GAINSIGHT, "state")["records"].get("Company", []))

    def ticket(self, number: int) -> dict[str, Any]:
        """What Zendesk itself holds of a ticket, with the notes that were written on it."""
        held = self.control(contacts.DESK, "state")["tickets"]
        return next(row for row in held if row["id"] == number)

    def signals(self) -> list[dict[str, Any]]:
        """What Gainsight itself holds of what happened to customers' money."""
        return list(self.control(company.GAINSIGHT, "state")["records"].get(_SIGNAL, []))

    def entitlements(self) -> list[dict[str, Any]]:
        """What Gainsight itself holds of what may be used."""
        return list(self.control(company.GAINSIGHT, "state")["records"].get(_ENTITLEMENT, []))

    def open_cases(self) -> Sequence[Case]:
        return list(Case.objects.exclude(state="resolved").order_by("pk"))


def lines(entry: JournalEntry) -> list[tuple[str, int]]:
    """Account and amount of each line, debits positive, in minor units."""
    return [(line.account, line.amount) for line in entry.lines.order_by("position")]
