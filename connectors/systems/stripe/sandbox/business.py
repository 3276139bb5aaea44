"""
What a business does with Stripe. Each operation changes the world and tells of it in events.

``at`` is the moment in epoch seconds (None: now), so that a demo company can have a past.
"""

from __future__ import annotations

from connectors.systems.stripe.sandbox.crediting import Crediting
from connectors.systems.stripe.sandbox.subscribing import Subscribing


class Business(Subscribing, Crediting):
    """Customers, subscriptions, invoices, credits, and the money that moves for them."""
