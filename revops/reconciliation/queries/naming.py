"""What a pair, its sides and its documents are called on pages."""

from __future__ import annotations

from connectors.models import Connection
from revops.reconciliation.checks import registry
from revops.reconciliation.checks.base import Check
from revops.reconciliation.models import Pair


def check_of(pair: Pair) -> Check:
    """The check of a pair. Raises registry.CheckUnknown when it is declared no more."""
    return registry.get(pair.check_slug)


def name_of(pair: Pair) -> str:
    """“Payouts and the bank · Stripe ↔ Bank”: the check, and between which systems."""
    return f"{check_of(pair).label} · {' ↔ '.join(sides_of(pair))}"


def sides_of(pair: Pair) -> tuple[str, str]:
    """The labels of left and right, with the connections' own names."""
    check = check_of(pair)
    return _side(check.left.label, pair.left), _side(check.right.label, pair.right)


def _side(label: str, connection: Connection | None) -> str:
    return label.format(system=connection.label if connection else "our records")
