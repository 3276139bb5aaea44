"""
Twenty-four months of a company that nobody planned: all of its lives, its payouts and its taxes.

Seeded, so that a failure can be looked at again. Amounts are minor units.
"""

from __future__ import annotations

import random
from datetime import date
from typing import Any

from tests.company.facts import FIRST, LAST, Told, add_months
from tests.company.life import Life
from tests.company.oracle import DAY, Oracle, month_end


class Company:
    """All lives together. ``told`` in order after ``live``; ``oracle`` knows the books."""

    def __init__(self, *, customers: int, seed: int, name: str = "SIM") -> None:
        self.name = name
        self.oracle = Oracle()
        self.told: list[Told] = []
        self._customers = customers
        self._chance = random.Random(seed)
        self._cash: dict[tuple[str, str], list[tuple[date, dict[str, Any]]]] = {}
        self._tax_of: dict[str, tuple[str, str]] = {}

    def live(self) -> list[Told]:
        """Everything that happened, oldest first."""
        for number in range(self._customers):
            Life(self, number, random.Random(self._chance.getrandbits(64))).run()
        self._pay_out()
        self._remit()
        self.told.sort()
        return self.told

    def tell(self, day: date, contract: str, **data: Any) -> None:
        self.told.append(Told(day, len(self.told), contract, data))

    def taxed(self, entity: str, code: str, currency: str) -> None:
        self._tax_of[entity] = (code, currency)

    def cleared(
        self, entity: str, currency: str, day: date, source: str, gross: int, fee: int = 0,
        kind: str = "charge",
    ) -> None:  # fmt: skip
        """Money moved through the processor; the next payout carries it."""
        held = self._cash.setdefault((entity, currency), [])
        own = source if kind == "charge" else f"{kind}_{source}"
        item = {
            "balance_transaction_id": f"txn_{own}",
            "kind": kind, "source_id": source, "amount": gross, "fee": fee,
        }  # fmt: skip
        held.append((day, item))

    def at_processor(self, entity: str, upto: date) -> int:
        """What the processor itself says that it holds for us at the end of a day."""
        paid_out = sum(
            one.data["amount"]
            for one in self.told
            if one.contract == "payout.settled/1"
            and one.data["legal_entity"] == entity
            and one.day <= upto
        )
        moved = sum(
            item["amount"] - item["fee"]
            for (owner, _), items in self._cash.items()
            for day, item in items
            if owner == entity and day <= upto
        )
        return moved - paid_out

    def _pay_out(self) -> None:
        """At the end of each month, everything since the payout before; never less than nothing."""
        for (entity, currency), moved in sorted(self._cash.items()):
            waiting = sorted(moved, key=lambda one: one[0])
            day = month_end(FIRST)
            while day <= LAST:
                items = [item for moved_on, item in waiting if moved_on <= day]
                amount = sum(item["amount"] - item["fee"] for item in items)
                if amount > 0:
                    waiting = waiting[len(items) :]
                    self.tell(
                        day, "payout.settled/1", payout_id=f"po_{entity}_{day:%Y_%m}",
                        currency=currency, amount=amount, arrived_on=day, items=items,
                        legal_entity=entity,
                    )  # fmt: skip
                    self.oracle.move(entity, day, a1000=amount, a1050=-amount)
                day = month_end(day + DAY)

    def _remit(self) -> None:
        """Each quarter's tax goes to its authority on the twentieth of the next month."""
        for entity, (code, currency) in sorted(self._tax_of.items()):
            quarter = month_end(add_months(FIRST, 2))
            while quarter + 20 * DAY <= LAST:
                owed, day = -self.oracle.moved(entity, quarter, "2100"), quarter + 20 * DAY
                if owed > 0:
                    self.tell(
                        day, "tax.remitted/1", remittance_id=f"rm_{entity}_{quarter:%Y_%m}",
                        code=code, currency=currency, amount=owed, remitted_on=day,
                        legal_entity=entity,
                    )  # fmt: skip
                    self.oracle.move(entity, day, a2100=owed, a1000=-owed)
                quarter = month_end(add_months(quarter.replace(day=1), 3))
