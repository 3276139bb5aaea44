"""Who buys while drills are thrown: a customer in each billing system and entity of the demo."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from revops.sandbox import group
from revops.sandbox.company import STRIPE
from revops.sandbox.rehearsals import doors, systems
from revops.sandbox.rehearsals.catalogue import BILLING, Drill

_FIRST: Final = 40_000
_STEP: Final = 1_500


@dataclass(frozen=True, slots=True)
class Buyer:
    """``plan`` is what the customer begins with, ``each`` what their later invoices say beside."""

    source: str
    name: str
    plan: Mapping[str, Any]
    each: Mapping[str, Any]

    @property
    def main(self) -> bool:
        """Buys as much as the drill says; the others a little."""
        return self.source == STRIPE


def buyers() -> list[Buyer]:
    """Those whose billing system takes part."""
    plan = {"price": "price_team_yearly", "amount": 1_200_000, "tax_percent": "8.25",
            "legal_entity": "US-INC"}  # fmt: skip
    found = [Buyer(STRIPE, "US-INC", plan, {})]
    for one in group.members():
        taxed = {"tax_name": one.tax_name, "tax_rate": one.rate}
        plan = {"price": one.sku, "amount": one.amount, "currency": one.currency,
                "entity": one.code, **taxed}  # fmt: skip
        each = {"price": f"onboarding-{one.currency}", **taxed}
        found.append(Buyer(group.CHARGEBEE, one.code, plan, each))
    there = {one.slug for one in systems.all_of(BILLING)}
    return [one for one in found if one.source in there]


def trade(drill: Drill, facts: dict[str, Any], *, name: str) -> tuple[int, int]:
    """
    How many invoices were issued, and payments made. Customers are made once a rehearsal and kept
    in ``facts``. Raises NotPossible; some of it may have been done by then.
    """
    issued = paid = 0
    for buyer in buyers() if drill.invoices else ():
        customer = _customer(buyer, facts, name)
        invoices = [_issue(drill, buyer, customer, number) for number in range(_few(drill, buyer))]
        issued += len(invoices)
        wanted = drill.paid if buyer.main else min(drill.paid, 1)
        for invoice in invoices[:wanted]:
            doors.post(buyer.source, "scenario/pay", {"invoice": invoice})
            paid += 1
    return issued, paid


def _few(drill: Drill, buyer: Buyer) -> int:
    return drill.invoices if buyer.main else max(1, drill.invoices // 4)


def _customer(buyer: Buyer, facts: dict[str, Any], name: str) -> str:
    known = facts.setdefault("customers", {})
    if buyer.name not in known:
        given = {"count": 1, "called": f"Rehearsal {name} {buyer.name}", **buyer.plan}
        made = doors.post(buyer.source, "scenario/customers", given)
        known[buyer.name] = made["made"][0]["customer"]
    return str(known[buyer.name])


def _issue(drill: Drill, buyer: Buyer, customer: str, number: int) -> str:
    values = {"customer": customer, "amount": _FIRST + _STEP * number, **buyer.each}
    if drill.ago:
        values["at"] = int(time.time()) - drill.ago
    return str(doors.post(buyer.source, "scenario/issue", values)["invoice"])
