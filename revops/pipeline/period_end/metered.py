"""What the usage package has rated and nobody has billed, as the accrual asks for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from revops.ledger.rules.period_end import Used
from revops.ledger.schedules import Period
from revops.store import sql
from revops.usage.queries import interfaces

_CUSTOMERS: Final = "SELECT id, source_id, name FROM canonical_customer WHERE id = ANY(%s)"


def unbilled(entity_id: int, period: Period) -> Iterable[Used]:
    """
    By the first rated line of each subscription and price; the invoice that bills that line
    relieves the accrual. Usage without a customer of ours is a case of its own, not an accrual.
    """
    found = interfaces.unbilled(entity_id, period.span.end)
    ids = sorted({one.customer_id for one in found})
    known = {row.id: row for row in sql.rows(_CUSTOMERS, (ids,))} if ids else {}
    return [
        Used(
            one.line_ids[0], one.sku, one.currency, one.amount, one.used,
            known[one.customer_id].source_id, known[one.customer_id].name,
        )
        for one in found
        if one.customer_id in known and one.line_ids
    ]  # fmt: skip
