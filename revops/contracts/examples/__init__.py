"""
One valid example of every contract, as a sender would write it: for the docs and the tests.

They tell one story: Northwind buys forty seats for a year. A file for each subject, as beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from revops.contracts.examples import (
    catalogue,
    credits,
    customers,
    disputes,
    entitlements,
    invoices,
    journals,
    payments,
    revenue,
    sales,
    subscriptions,
    success,
    support,
    tax,
    usage,
)

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    **customers.EXAMPLES,
    **catalogue.EXAMPLES,
    **sales.EXAMPLES,
    **subscriptions.EXAMPLES,
    **usage.EXAMPLES,
    **entitlements.EXAMPLES,
    **invoices.EXAMPLES,
    **payments.EXAMPLES,
    **disputes.EXAMPLES,
    **tax.EXAMPLES,
    **credits.EXAMPLES,
    **support.EXAMPLES,
    **success.EXAMPLES,
    **revenue.EXAMPLES,
    **journals.EXAMPLES,
}
