"""Throwing one drill: break the sandbox, and let billing do business meanwhile."""

from __future__ import annotations

import time
from typing import Any, Final

from revops.sandbox.company import STRIPE
from revops.sandbox.rehearsals import doors
from revops.sandbox.rehearsals.catalogue import Drill

_PLAN: Final = {
    "count": 1, "price": "price_team_yearly", "amount": 1_200_000, "tax_percent": "8.25",
    "legal_entity": "US-INC",
}  # fmt: skip
_FIRST: Final = 40_000
_STEP: Final = 1_500


def throw(drill: Drill, facts: dict[str, Any], *, name: str) -> str:
    """
    What was thrown, in a sentence. The customer who buys is made once a rehearsal and kept in
    ``facts``. Raises NotPossible; some of it may have been thrown by then.
    """
    if "customer" not in facts:
        made = doors.post(STRIPE, "scenario/customers", _PLAN | {"called": f"Rehearsal {name}"})
        facts["customer"] = made["made"][0]["customer"]
    if drill.faults:
        doors.post(drill.system, "faults", drill.faults)
    invoices = [_issue(drill, facts["customer"], number) for number in range(drill.invoices)]
    for invoice in invoices[: drill.paid]:
        doors.post(STRIPE, "scenario/pay", {"invoice": invoice})
    for _ in range(drill.news):
        doors.post(STRIPE, "scenario/new_kind", {})
    parts = [
        _counted(drill.invoices, "invoice", "issued"), _counted(drill.paid, "payment", "made"),
        _counted(drill.news, "event", "of a new type told"),
    ]  # fmt: skip
    return "; ".join(part for part in parts if part) + "."


def _issue(drill: Drill, customer: str, number: int) -> str:
    values: dict[str, Any] = {"customer": customer, "amount": _FIRST + _STEP * number}
    if drill.ago:
        values["at"] = int(time.time()) - drill.ago
    return str(doors.post(STRIPE, "scenario/issue", values)["invoice"])


def _counted(number: int, noun: str, what: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'} {what}" if number else ""
