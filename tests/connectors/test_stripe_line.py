"""What Stripe tells of a customer's life, through the whole line and into the ERP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.db.models import Sum

from connectors.systems.stripe.sandbox.scenarios import SCENARIOS
from exceptions.models import Case
from revops.events.models import InboundEvent
from revops.ledger.models import JournalEntry, JournalLine
from tests.pipeline.rehearsal import Rehearsal, served


@pytest.fixture
def line(transactional_db: None, settings: LazySettings) -> Iterator[Rehearsal]:
    settings.REVOPS_DEMO = True
    settings.REVOPS_SETTLE_SCALE = 0.0
    with served() as (stripe_url, erp_url, stripe):
        yield Rehearsal(stripe_url, erp_url, stripe)


def play(line: Rehearsal, name: str, **given: Any) -> dict[str, Any]:
    return dict(SCENARIOS[name](line.stripe, **given))


def told(line: Rehearsal) -> None:
    line.deliver()
    line.run()
    line.poll()
    line.run()


def balance(account: str) -> int:
    found = JournalLine.objects.filter(account=account).aggregate(total=Sum("functional"))
    return int(found["total"] or 0)


class TestLife:
    def test_every_story_is_booked_and_the_erp_agrees(self, line: Rehearsal) -> None:
        invoices = [line.subscribe(pays=True) for _ in range(4)]
        told(line)
        charges = [line.stripe.world.get("invoice", one)["charge"] for one in invoices]
        subscriptions = [one["id"] for one in line.stripe.world.all("subscription")]
        play(line, "dispute", charge=charges[0])
        play(line, "decide", won=True)
        play(line, "dispute", charge=charges[1])
        play(line, "decide", won=False)
        play(line, "ach_return", charge=charges[2])
        play(line, "credit", invoice=invoices[3], amount=100_000)
        play(line, "credit", invoice=invoices[3], amount=50_000, refunds=True)
        play(line, "refund_failure")
        unpaid = line.subscribe(pays=False)
        play(line, "credit", invoice=unpaid, amount=20_000)
        told(line)
        play(line, "void_credit")
        play(line, "pause", subscription=subscriptions[0])
        play(line, "resume", subscription=subscriptions[0])
        play(line, "cancel", subscription=subscriptions[1])
        play(line, "payout")
        told(line)
        play(line, "payout_failure")
        told(line)

        bad = InboundEvent.objects.exclude(state__in=("processed", "ignored"))
        assert not [(one.type, one.state, one.reason) for one in bad]
        assert not list(Case.objects.values_list("kind", "what_happened"))
        kinds = set(JournalEntry.objects.values_list("document_type", flat=True))
        assert kinds >= {
            "credit",
            "dispute",
            "dispute_result",
            "invoice",
            "payment",
            "payout",
            "payout_return",
            "refund",
            "refund_return",
            "return",
        }
        totals = JournalLine.objects.aggregate(amount=Sum("amount"), functional=Sum("functional"))
        assert (totals["amount"], totals["functional"]) == (0, 0)
        assert balance("1060") == 0  # nothing is disputed any more
        line.assert_books_agree()
