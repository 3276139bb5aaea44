"""In which order a batch's events are applied, and whose books and story a record goes on with."""

from __future__ import annotations

from datetime import date
from typing import Final

from revops.pipeline.normalize import Understood

# Parents before children.
_RANK: Final = {
    kind: rank
    for rank, kind in enumerate((
        "customer", "product", "price", "opportunity", "quote", "contract", "subscription",
        "entitlement", "invoice", "tax", "payment", "credit", "dispute", "refund", "payout",
        "support_case",
    ))
}  # fmt: skip
# What happens to a record after it was made.
_LATER: Final = frozenset({
    "customer.merged/1", "invoice.voided/1", "invoice.paid/1", "invoice.overdue/1",
    "invoice.written_off/1", "invoice.recovered/1", "payment.returned/1", "dispute.closed/1",
    "payout.returned/1", "credit.applied/1", "credit.voided/1", "refund.returned/1",
})  # fmt: skip

# What these undo must stand in the books first: telling of it in the same batch is not enough.
UNDOING: Final = frozenset({"invoice.voided/1", "credit.voided/1"})

# These change what invoices billed, so that they come after the day's invoices and payments.
_CHANGES: Final = frozenset({
    "subscription.paused/1", "subscription.resumed/1", "subscription.cancelled/1",
})  # fmt: skip

# Money: nothing is done with these before it is known whose books they belong to.
BOOKED: Final = frozenset({
    "customer", "subscription", "invoice", "payment", "refund", "dispute", "payout", "credit",
    "remittance", "credit_loss",
})  # fmt: skip
# A record belongs to the books of the first of these that it hangs on.
PARENTS: Final = frozenset({
    "invoice", "payment", "payout", "dispute", "credit", "subscription", "opportunity",
})  # fmt: skip
# A record goes on with the story of the first of these that it names.
STORIES: Final = (
    "payment", "credit", "invoice", "subscription", "contract", "quote", "opportunity",
)  # fmt: skip


def order(item: Understood) -> tuple[date, int, int]:
    """
    Day by day, because what is left of a contract depends on what happened before. Within a day
    parents before children, otherwise as they came.
    """
    if not item.meanings:
        return (date.max, 0, item.inbound.id)
    first = item.meanings[0]
    rank = _RANK.get(first.data.subject, len(_RANK)) * 2 + (first.data.contract in _LATER)
    if first.data.contract in _CHANGES:
        rank = _RANK["payment"] * 2 + 1
    return (first.occurred_at.date(), rank, item.inbound.id)
