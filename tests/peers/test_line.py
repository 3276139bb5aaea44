"""
Real business of a Stripe that others wrote, through a bad network and our own processes, into the
books of a real ERP. Its own API says what it holds.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.peers.line import PeerLine
from tests.peers.localstripe import DECLINED_CARD, Declined

pytestmark = pytest.mark.peers

CUSTOMERS = 50
PLANS = (
    ("price_team_yearly", 1_200_000, "year"),
    ("price_team_monthly", 4_900, "month"),
    ("price_scale_yearly", 3_600_001, "year"),
    ("price_seat_monthly", 1_533, "month"),
)


class TestTheLine:
    def test_fifty_customers_over_a_bad_network_are_in_the_books_once(self, line: PeerLine) -> None:
        started = time.monotonic()
        subscribe_all(line)
        found = line.settle()
        moves = line.assert_books_agree()
        counts = line.relay.counts
        print(
            f"\n{moves=} {found=} {counts} {time.monotonic() - started:.1f}s {line.states()} {line.cases()}"
        )
        assert 0


def subscribe_all(line: PeerLine) -> None:
    stripe = line.stripe
    for sku, amount, interval in PLANS:
        stripe.plan(sku, amount, interval)
    rates = [stripe.tax_rate(percent) for percent in (8.25, 4.0, 4.375)]
    for number in range(CUSTOMERS):
        taxes: dict[str, Any] = (
            {},
            {"default_tax_rates": rates[:1]},
            {"item_tax_rates": tuple(rates[:1])},
            {"default_tax_rates": rates[1:]},
        )[number % 4]
        customer = stripe.customer(f"Customer {number}")
        if number % 7 == 3:
            stripe.add_item(customer, 25_017, "Onboarding")
        stripe.subscribe(customer, PLANS[number % len(PLANS)][0], quantity=1 + number % 3, **taxes)
