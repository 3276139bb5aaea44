"""
What each business event does to the records: one function a contract.

Each is deterministic, idempotent, and gives the same records in whichever order events come.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from revops.canonical.operations.apply import (
    books,
    catalogue,
    credits,
    customers,
    invoices,
    payments,
    sales,
    subscriptions,
    support,
)
from revops.canonical.operations.change import Telling
from revops.canonical.operations.tables import Applier

APPLY: Final[Mapping[str, Applier]] = {
    **customers.APPLY,
    **catalogue.APPLY,
    **sales.APPLY,
    **subscriptions.APPLY,
    **invoices.APPLY,
    **payments.APPLY,
    **credits.APPLY,
    **support.APPLY,
    **books.APPLY,
}

__all__ = ["APPLY", "Telling"]
