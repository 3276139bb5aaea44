"""``billing.invoice_item.create`` and its removal: a period's usage as a line of an invoice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from revops.contracts.usage import UsageRated
from revops.kernel.money import Money
from revops.pipeline.transform import billers
from revops.pipeline.transform.base import Answer, Ask, Made, NotNeeded, Unready


def item(asks: Sequence[Ask]) -> Mapping[int, Answer]:
    billed_by = billers.of_subscriptions(asks)
    return {ask.step_id: _item(ask, billed_by.get(ask.record_id)) for ask in asks}


def _item(ask: Ask, billed_by: int | None) -> Answer:
    rated = ask.event
    if not isinstance(rated, UsageRated):
        return NotNeeded("It is no billable line.")
    if billed_by is not None and billed_by != ask.connection_id:
        return NotNeeded("Another system bills this subscription.")
    due = rated.amount - rated.prepaid
    if not due:
        return NotNeeded("All of it is included or paid before.")
    late = f", late for {rated.late_for}" if rated.late_for else ""
    payload = {
        "customer_id": rated.customer_id,
        "subscription_id": rated.subscription_id,
        "currency": rated.currency,
        "amount": due,
        "quantity": format(rated.billable, "f"),
        "description": f"{rated.billable:f} {rated.meter} of {rated.quantity:f} used{late}",
        "sku": rated.price_id,
        "usage_ref": rated.line_id,
        "period": {
            "start": rated.period_start.isoformat(),
            "end": rated.period_end.isoformat(),
        },
    }
    return Made(rated.line_id, payload, rated.currency, due)


def removal(asks: Sequence[Ask]) -> Mapping[int, Answer]:
    return {ask.step_id: _removal(ask) for ask in asks}


def _removal(ask: Ask) -> Answer:
    if not ask.made_id:
        return Unready("Billing did not say which line it made.")
    rated = ask.event
    assert isinstance(rated, UsageRated)
    taken = Money(rated.amount, rated.currency)
    return Made(
        rated.line_id, {"invoice_item_id": ask.made_id, "reason": f"{taken} was taken back."}
    )
