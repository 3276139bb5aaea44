"""
The demo company's account at a bank that nobody can ask: its statement comes as a list. Two payouts
are on it without their ids, so that a person confirms them, and one is still on its way.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import transaction

from approvals.operations.setting import MANAGER, begin_with
from approvals.policies import TierTerms
from connectors.contract import SnapshotRow
from connectors.models import Connection, Environment
from revops.canonical.models import Payout
from revops.delivery.models import Gate
from revops.kernel import clock
from revops.mappings.models import EntityMap, LegalEntity
from revops.reconciliation.models import Load
from revops.reconciliation.operations import holding, matching, rules
from revops.reconciliation.queries import carried

BANK: Final = "bank"
KIND: Final = "bank"
_KNOWN: Final = 3
_ON_IT: Final = 2
_SINCE: Final = date(2025, 1, 1)
# Up to 25 nobody has to agree to a difference, or to breaks that are carried forward.
_LIMITS: Final = (
    TierTerms(0, 25, ()),
    TierTerms(1, 5_000, ("manager",)),
    TierTerms(2, None, ("manager", "manager"), reauthenticate=True),
)


def seed(home: LegalEntity) -> None:
    connection, _ = Connection.objects.get_or_create(
        slug=BANK,
        defaults={
            "connector": "statement", "label": "House bank", "environment": Environment.SANDBOX,
            "base_url": "http://127.0.0.1",
        },
    )  # fmt: skip
    EntityMap.objects.get_or_create(connection=connection, hint="", defaults={"legal_entity": home})
    Gate.objects.get_or_create(connection=connection)
    with transaction.atomic():
        for subject in (matching.SUBJECT, carried.SUBJECT):
            begin_with(subject=subject, tiers=_LIMITS, since=_SINCE, made_by="Demo company")
        begin_with(subject=rules.SUBJECT, tiers=MANAGER, since=_SINCE, made_by="Demo company")


def play() -> None:
    """Once, when the console knows of three payouts: the statement of the days of two of them."""
    connection = Connection.objects.filter(slug=BANK).first()
    if connection is None or Load.objects.filter(connection=connection).exists():
        return
    paid = list(Payout.objects.order_by("dated", "pk")[:_KNOWN])
    if len(paid) < _KNOWN:
        return
    rows = [_line(f"BNK-{place}", one) for place, one in enumerate(paid[:_ON_IT], start=1)]
    rows.append(
        SnapshotRow(
            KIND, "BNK-0", "", rows[0].currency, -1_250, rows[0].dated, "booked", number="BNK-0",
            reference="ACCOUNT FEE", party="House bank",
        )
    )  # fmt: skip
    with transaction.atomic():
        begun = Load.objects.create(
            connection=connection, kind=KIND, starts=paid[0].dated, ends=paid[_ON_IT - 1].dated,
            began_at=clock.now(), by="Demo bank",
        )  # fmt: skip
        holding.take(begun, (holding.line(row) for row in rows), whole=True)


def _line(number: str, payout: Payout) -> SnapshotRow:
    return SnapshotRow(
        KIND, number, "", payout.currency, payout.amount, payout.dated.isoformat(), "booked",
        number=number, reference="STRIPE TRANSFER", party="Stripe",
    )  # fmt: skip
