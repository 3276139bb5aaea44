"""A line to rehearse on: Stripe tells by signed webhooks, Tryton's books are read back."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn
from django.db.models import QuerySet

from connectors import schemes
from connectors.models import Connection
from connectors.queries import settings_of, valid_secrets
from connectors.systems.stripe.sandbox import for_connection as stripe_for
from connectors.systems.stripe.sandbox.business import Business
from connectors.systems.tryton.sandbox import for_connection as tryton_for
from exceptions.models import Case
from revops.bench.house import free_port
from revops.delivery.models import OutboundCommand
from revops.events.models import SourceCursor
from revops.kernel import clock, correlation
from revops.ledger import books
from revops.ledger.models import JournalEntry
from revops.pipeline import poll, process, receive, send, sources
from revops.sandbox import company


@contextmanager
def served() -> Iterator[tuple[str, str, Business]]:
    """The demo's sandboxes on free ports: Stripe's and Tryton's address, and Stripe's business."""
    books.forget()
    sources.forget()
    company.seed()
    source = Connection.objects.get(slug=company.STRIPE)
    erp = Connection.objects.get(slug=company.ERP)
    none = {"hook_url": "", "hook_secret": "", "state_path": ""}
    stripe = stripe_for(settings_of(source), **none)
    with serving(stripe) as stripe_url, serving(tryton_for(settings_of(erp), **none)) as erp_url:
        yield stripe_url, erp_url, stripe.state.business


@contextmanager
def serving(application: Any, *, port: int = 0, lives: bool = False) -> Iterator[str]:
    """
    A sandbox at a port, a free one if none is said: its address. ``lives``: with what it does as
    long as it is served, such as listening elsewhere or keeping its state.
    """
    port = port or free_port()
    server = uvicorn.Server(
        uvicorn.Config(
            application, host="127.0.0.1", port=port, log_level="critical",
            lifespan="on" if lives else "off",
        )
    )  # fmt: skip
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join(5)


class Rehearsal:
    """
    ``stripe`` is what the outside business does (it tells nobody by itself); ``deliver`` brings its
    events; ``run`` takes everything through the line and sends it.
    """

    def __init__(self, stripe_url: str, erp_url: str, stripe: Business) -> None:
        self.stripe_url = stripe_url
        self.erp_url = erp_url
        self.stripe = stripe
        self._told = 0
        self._meet()
        self.stripe.create_price(
            id="price_team_yearly", unit_amount=1_200_000, currency="usd", interval="year"
        )

    def _meet(self) -> None:
        for slug, url in ((company.STRIPE, self.stripe_url), (company.ERP, self.erp_url)):
            Connection.objects.filter(slug=slug).update(base_url=url, control_url=url)
        sources.forget()
        self.source = Connection.objects.get(slug=company.STRIPE)
        self.erp = Connection.objects.get(slug=company.ERP)
        self._secret = valid_secrets(self.source, "webhook_secret")[0]

    def begin_again(self) -> None:
        """On an emptied database: the company anew, and an ERP without books."""
        books.forget()
        company.seed()
        self._meet()
        self.control("reset", {})

    def customer(self, **given: Any) -> str:
        found = self.stripe.create_customer(
            name=given.pop("name", "Alder Analytics"),
            email="billing@alder.example",
            metadata={"legal_entity": "US-INC"},
            **given,
        )
        return str(found["id"])

    def subscribe(self, customer: str = "", *, pays: bool | None = None, **given: Any) -> str:
        """A yearly subscription of USD 12,000.00 and 8.25 % tax; its first invoice's id."""
        made = self.stripe.subscribe(
            customer=customer or self.customer(),
            items=[("price_team_yearly", 1)],
            tax_percent="8.25",
            pays=pays,
            metadata={"legal_entity": "US-INC"},
            **given,
        )
        return str(made["latest_invoice"])

    def events(self) -> list[dict[str, Any]]:
        """What Stripe has to tell and has not told yet, oldest first."""
        found = list(self.stripe.world.all("event"))
        fresh, self._told = found[self._told :], len(found)
        return fresh

    def deliver(self, events: Sequence[dict[str, Any]] | None = None) -> None:
        """Bring these events, or all new ones, by signed webhook."""
        for event in self.events() if events is None else events:
            body = json.dumps(event).encode()
            signature = schemes.sign_timestamped(body=body, secret=self._secret, at=clock.now())
            receive.receive(
                public_id=self.source.public_id,
                body=body,
                headers={"stripe-signature": signature},
                correlation_id=correlation.new_id(),
            )

    def poll(self) -> int:
        """Ask Stripe what is new, as if it were due. How many events were new."""
        SourceCursor.objects.update(next_at=clock.now())
        return poll.poll(self.source.pk)

    def advance(self) -> int:
        return process.advance(self.source.pk, seconds=20, linger=0)

    def send(self, seconds: float = 20) -> int:
        return send.drain(self.erp.pk, drainer="test", seconds=seconds, linger=0)

    def run(self, *, until: str = "", patience: float = 15) -> None:
        """Through the line and out; with ``until``, go on until a command has that state."""
        stop = time.monotonic() + patience
        while True:
            self.advance()
            self.send()
            if not until or self.commands().filter(state=until).exists():
                return
            assert time.monotonic() < stop, f"no command became {until}: {self.states()}"
            time.sleep(0.05)

    def settle(self, *, patience: float = 20) -> None:
        """Until no command is under way any more."""
        stop = time.monotonic() + patience
        while self.advance() + self.send() or self._under_way():
            assert time.monotonic() < stop, f"not settled: {self.states()}"
            time.sleep(0.05)

    def _under_way(self) -> bool:
        return self.commands().exclude(state__in=("posted", "exception", "cancelled")).exists()

    def states(self) -> dict[str, int]:
        """How many of the ERP's commands are in each state."""
        return dict(Counter(self.commands().values_list("state", flat=True)))

    def commands(self) -> QuerySet[OutboundCommand]:
        """What the ERP is asked for. Who else is told has no worker here (tests/pipeline/flows)."""
        return OutboundCommand.objects.filter(connection=self.erp)

    def fault(self, **faults: Any) -> None:
        """Switch the ERP's faults; without any, mend everything."""
        if faults:
            self.control("faults", faults)
        else:
            self.control("faults", None, method="DELETE")

    def control(self, what: str, value: Any = None, *, method: str = "POST") -> Any:
        request = urllib.request.Request(
            f"{self.erp_url}/_control/{what}",
            data=None if value is None else json.dumps(value).encode(),
            method=method,
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def moves(self, *, state: str = "posted") -> list[dict[str, Any]]:
        """What the ERP itself holds."""
        return [move for move in self.control("moves", method="GET") if move["state"] == state]

    def assert_books_agree(self) -> None:
        """Every journal is in the ERP once with its lines, and nothing else is."""
        expected = Counter(
            (
                entry.accounting_date.isoformat(),
                tuple(sorted(_plain(line.account, line.functional) for line in entry.lines.all())),
            )
            for entry in JournalEntry.objects.prefetch_related("lines")
        )
        held = Counter(
            (
                move["date"],
                tuple(
                    sorted(
                        (line["account"], line["debit"], line["credit"]) for line in move["lines"]
                    )
                ),
            )
            for move in self.moves()
        )
        assert held == expected
        keys = [move["key"] for move in self.moves()]
        assert len(keys) == len(set(keys))

    def open_cases(self) -> list[Case]:
        return list(Case.objects.exclude(state="resolved").order_by("pk"))


def _plain(account: str, amount: int) -> tuple[str, str, str]:
    text = f"{abs(amount) // 100}.{abs(amount) % 100:02d}"
    return (account, text, "0.00") if amount > 0 else (account, "0.00", text)
