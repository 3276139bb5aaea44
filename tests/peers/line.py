"""The whole line among systems that we did not write: localstripe → console → Tryton."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, Final

from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import override_settings

from connectors.models import Connection
from connectors.operations import set_secret
from revops.delivery.decide import LIVE, State
from revops.delivery.models import Gate, OutboundCommand
from revops.events.models import Channel, InboundEvent, InboxState, SourceCursor
from revops.kernel import clock
from revops.ledger import books as our_books
from revops.mappings.models import (
    EntityMap,
    LedgerAccount,
    LegalEntity,
    MappingVersion,
    OwnershipRule,
    SkuMap,
    TaxMap,
)
from revops.pipeline import sources
from revops.sandbox import company
from tests.peers import console, ledger
from tests.peers.console import Console
from tests.peers.localstripe import API_KEY, LocalStripe
from tests.peers.relay import Relay
from tests.peers.tryton.peer import TrytonPeer

COMPANY: Final = "US-INC"
ZONE: Final = "America/New_York"
WEBHOOK_SECRET: Final = "whsec_of_the_peers"
SEED: Final = 20
# Sweeps every second instead of every 15. Tryton's settle window of 125 s becomes 50 s: more than a
# call that is given up after 30 s, plus what Tryton needs to commit after it was stopped.
TIMES: Final = {"REVOPS_SWEEP_INTERVAL": "1", "REVOPS_SETTLE_SCALE": "0.4"}
# More than the second that localstripe waits before it tells an event.
QUIET_S: Final = 15
PLANS: Final = (
    ("price_team_yearly", 1_200_000, "year"),
    ("price_team_monthly", 4_900, "month"),
    ("price_scale_yearly", 3_600_001, "year"),
    ("price_seat_monthly", 1_533, "month"),
)


class PeerLine:
    """
    Business happens at ``stripe``, its webhooks pass the bad network of ``relay``, and what came
    of them is read from ``tryton`` and from the API of ``console``.
    """

    def __init__(
        self, stripe: LocalStripe, relay: Relay, console: Console, tryton: TrytonPeer
    ) -> None:
        self.stripe = stripe
        self.relay = relay
        self.console = console
        self.tryton = tryton
        self._began = time.monotonic()
        self.source = Connection.objects.get(slug=company.STRIPE)
        self.erp = Connection.objects.get(slug=company.ERP)

    def bring(self, *, patience: float = 150) -> None:
        """Until everything that happened has been told, or found by a poll, and processed."""
        began = time.monotonic()
        self.wait(lambda: self._all_told(began), "events were not told", patience)
        self.poll()
        self.wait(self._all_processed, "events were not processed", patience)

    def settle(self, *, patience: float = 150) -> None:
        """As ``bring``, and until everything has been sent."""
        self.bring(patience=patience)
        self.wait(lambda: not self.under_way(), "commands are under way", patience)

    def poll(self) -> None:
        """Have a worker ask localstripe what is new, now instead of in five minutes."""
        asked = clock.now()
        SourceCursor.objects.filter(connection=self.source).update(next_at=asked)
        self.wait(lambda: self._polled_since(asked), "a poll did not end", 150)

    def untold(self) -> int:
        """How many events no webhook has brought: dropped on the way, or not handed over at all."""
        counts = self.relay.counts
        return self.stripe.count_events() - counts.received + counts.dropped

    def polled(self) -> int:
        """How many events a poll had to find."""
        return InboundEvent.objects.filter(channel=Channel.POLL).count()

    def cursor(self) -> SourceCursor:
        return SourceCursor.objects.get(connection=self.source)

    def hold(self) -> None:
        """Send nothing to Tryton; what comes waits."""
        Gate.objects.filter(connection=self.erp).update(paused_at=clock.now())
        # Whoever was sending when the gate closed ends first.
        self.wait(lambda: not self.sending(), "sending did not stop", 90)

    def let_go(self) -> None:
        """Send everything that waits in one batch: a person's resuming would start slowly."""
        Gate.objects.filter(connection=self.erp).update(paused_at=None, slow_start=0)

    def sending(self) -> bool:
        states = (State.CLAIMED, State.SENDING)
        return OutboundCommand.objects.filter(state__in=states).exists()

    def under_way(self) -> bool:
        return OutboundCommand.objects.filter(state__in=LIVE).exists()

    def in_doubt(self) -> list[OutboundCommand]:
        return list(OutboundCommand.objects.filter(state=State.UNKNOWN))

    def states(self) -> dict[str, int]:
        return dict(Counter(OutboundCommand.objects.values_list("state", flat=True)))

    def cases(self, **query: str) -> list[dict[str, Any]]:
        """As a service reads them; ``state="unresolved"`` for those that still need a person."""
        return self.console.rows("/api/v1/cases/", **query)

    def expected(self) -> ledger.Books:
        return ledger.expected(self.stripe, company=COMPANY, zone=ZONE)

    def assert_books_agree(self) -> int:
        """Tryton holds each expected move once, posted, with its lines, and nothing else."""
        moves = self.tryton.moves()
        expected, held = self.expected(), ledger.held(moves)
        assert held == expected, ledger.difference(expected, held)
        assert {move["state"] for move in moves} <= {"posted"}
        for name in ("key", "number"):
            names = [move[name] for move in moves]
            assert all(names)
            assert len(set(names)) == len(names)
        return held.total()

    def wait(self, done: Callable[[], bool], otherwise: str, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, (
                f"{otherwise} after {seconds:.0f} s: {self._stands()}; see {self.console.logs}"
            )
            time.sleep(0.1)

    def summary(self) -> str:
        """What happened altogether, in one line."""
        counts = self.relay.counts
        kinds = sorted(Counter(case["kind"] for case in self.cases()).items())
        return (
            f"{len(self.stripe.every('/v1/customers'))} customers; {counts.received} events, "
            f"{counts.dropped} dropped, {counts.repeated} repeated, {counts.overtaken} overtaken; "
            f"{self.expected().total()} moves expected, {len(self.tryton.moves())} held; "
            f"cases: {', '.join(f'{kind} {count}' for kind, count in kinds)}; "
            f"{time.monotonic() - self._began:.0f} s"
        )

    def _stands(self) -> str:
        """Where everything stands, for the message of a failed test."""
        events = Counter(InboundEvent.objects.values_list("type", "state", "reason"))
        some = "; ".join(f"{count} × {' '.join(event)}" for event, count in events.most_common(12))
        return f"commands {self.states()}; {self.relay.counts}; events {some}"

    def _all_told(self, began: float) -> bool:
        """localstripe tries once and does not say so when it failed: then no more comes."""
        if not self.relay.idle():
            return False
        quiet = time.monotonic() - max(began, self.relay.latest)
        return quiet > QUIET_S or self.relay.counts.received == self.stripe.count_events()

    def _all_processed(self) -> bool:
        live = (InboxState.RECEIVED, InboxState.PARKED)
        return not InboundEvent.objects.filter(state__in=live).exists()

    def _polled_since(self, moment: object) -> bool:
        cursor = self.cursor()
        return cursor.polled_at is not None and cursor.polled_at > moment


@contextmanager
def playing(tryton: TrytonPeer) -> Iterator[PeerLine]:
    """Everything on an empty database and empty books; stopped again at the end."""
    stripe = LocalStripe.start()
    try:
        _furnish(stripe, tryton)
        with console.running(TIMES) as house:
            hook = Connection.objects.get(slug=company.STRIPE).public_id
            relay = Relay(f"{house.address}/hooks/{hook}/", seed=SEED)
            relay.start()
            try:
                line = PeerLine(stripe, relay, house, tryton)
                line.wait(lambda: line.cursor().polled_at is not None, "no first poll", 60)
                stripe.tell(relay.address, WEBHOOK_SECRET)
                for sku, amount, interval in PLANS:
                    stripe.plan(sku, amount, interval)
                yield line
            finally:
                relay.stop()
    finally:
        stripe.stop()


def _furnish(stripe: LocalStripe, tryton: TrytonPeer) -> None:
    """The demo company, with its connections led to the peers."""
    our_books.forget()
    sources.forget()
    with override_settings(REVOPS_DEMO=True):
        company.seed()
    _leave_out_the_others()
    source = Connection.objects.get(slug=company.STRIPE)
    source.base_url = stripe.address
    # localstripe lists no balance transactions by time, and knows no fees.
    source.parameters |= {"fees": False}
    source.save()
    set_secret(source, "api_key", API_KEY)
    set_secret(source, "webhook_secret", WEBHOOK_SECRET)
    erp = Connection.objects.get(slug=company.ERP)
    erp.base_url = tryton.address
    erp.parameters |= {"database": tryton.database, "login": tryton.login}
    erp.save()
    set_secret(erp, "api_key", tryton.api_key)
    set_secret(erp, "password", tryton.password)
    _map()


def _leave_out_the_others() -> None:
    """CRM, success and usage have no peer here: nobody is told, and nothing is theirs."""
    others = Connection.objects.exclude(slug__in=(company.STRIPE, company.ERP))
    OwnershipRule.objects.filter(owner__in=others).delete()
    EntityMap.objects.filter(connection__in=others).delete()
    SourceCursor.objects.filter(connection__in=others).delete()
    Gate.objects.filter(connection__in=others).delete()
    others.delete()


def _map() -> None:
    """Every tax code owes to one account; a line without a plan is earned at once."""
    entity = LegalEntity.objects.get(code=COMPANY)
    accounts = {account.code: account for account in LedgerAccount.objects.all()}
    version = MappingVersion.objects.create(note="For localstripe", made_by="Ada Lindqvist")
    always = DateRange(date(company.FIRST_YEAR, 1, 1), None)
    common: dict[str, Any] = {"legal_entity": entity, "valid": always, "version": version}
    TaxMap.objects.create(code="*", account=accounts[ledger.TAX], **common)
    SkuMap.objects.create(
        sku="no-price",
        label="Lines without a plan",
        revenue_account=accounts[ledger.REVENUE],
        deferral_account=accounts[ledger.DEFERRED],
        convention="point_in_time",
        **common,
    )
