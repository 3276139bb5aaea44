"""
Two made-up lists and a check between them: what ``billing`` lists of invoices, and what ``erp``
does. ``Lists`` writes their rows as if they had been loaded, and runs the comparison.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any, Final

from connectors.models import Connection
from revops.kernel import clock
from revops.mappings.models import LegalEntity
from revops.reconciliation.checks import registry
from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.sides import listed
from revops.reconciliation.models import Break, BreakState, Holding, Load, Pair, Run
from revops.reconciliation.operations import runs
from tests import factories as make

KIND: Final = "sheet"
DAY: Final = date(2026, 10, 10)
CHECK: Final = Check(
    slug="two_lists",
    label="Two lists",
    left=listed("{system}", KIND, "billing"),
    right=listed("{system}", KIND, "erp"),
    area="erp_posting",
    compares=frozenset({"amount", "tax", "currency", "dated", "state"}),
    states={"open": frozenset({"posted"}), "void": frozenset({"void"})},
    wait_days=2,
)


@contextmanager
def declared(check: Check) -> Iterator[None]:
    """The check exists for a while."""
    known = registry._found()
    before = known.get(check.slug)
    known[check.slug] = check
    try:
        yield
    finally:
        if before is None:
            del known[check.slug]
        else:
            known[check.slug] = before


class Lists:
    """Both lists for October 2026 of one legal entity; numbers are keys."""

    def __init__(self, entity: LegalEntity | None = None, *, check: Check = CHECK) -> None:
        self.entity = entity or make.a_legal_entity()
        for month in (10, 11):
            make.a_period(self.entity, month=month)
        self.check = check
        self.left = make.a_connection("lists-billing", label="Billing")
        self.right = make.a_connection("lists-erp", connector="tryton", label="ERP")
        self.pair = Pair.objects.get_or_create(
            check_slug=check.slug, left=self.left, right=self.right
        )[0]
        self.loads = {
            side.pk: Load.objects.create(
                connection=side, kind=KIND, starts=DAY, ends=DAY, state="done",
                began_at=clock.now() - timedelta(days=1), by="test",
            )
            for side in (self.left, self.right)
        }  # fmt: skip

    def bill(self, number: str, amount: int = 10_000, **values: Any) -> Holding:
        return self._put(self.left, number, amount, {"state": "open"} | values)

    def post(self, number: str, amount: int = 10_000, **values: Any) -> Holding:
        return self._put(self.right, number, amount, {"state": "posted"} | values)

    def both(self, number: str, amount: int = 10_000, **values: Any) -> None:
        self.bill(number, amount, **values)
        self.post(number, amount, **values)

    def run(self, *, full: bool = True, period: str = "2026-10") -> Run:
        with declared(self.check):
            return runs.run(
                pair_id=self.pair.pk, entity_id=self.entity.pk, period_code=period, full=full,
                by="test",
            )  # fmt: skip

    def of(self, day: date) -> str:
        """The code of the period that holds the day."""
        return make.a_period(self.entity, year=day.year, month=day.month).code

    def breaks(self, **values: Any) -> list[Break]:
        """Those that stand, by their rows' names."""
        rows = Break.objects.filter(pair=self.pair, **values).exclude(state=BreakState.SETTLED)
        return sorted(rows, key=lambda one: (one.left_key or one.right_key, one.type, one.pk))

    def found(self) -> list[tuple[str, str, int]]:
        """(type, state, difference) of each break that stands."""
        return [(one.type, one.state, one.difference) for one in self.breaks()]

    def gone(self, held: Holding) -> None:
        """The system does not list it any more."""
        held.gone_in = self.loads[held.connection_id]
        held.touched_at = clock.now()
        held.save()

    def edited(self, held: Holding, **values: Any) -> None:
        """The system lists it differently than before."""
        held.before = {
            "amount": held.amount, "currency": held.currency, "dated": held.dated.isoformat(),
            "state": held.state, "tax": held.tax,
        }  # fmt: skip
        held.changed_in = self.loads[held.connection_id]
        held.touched_at = clock.now()
        for name, value in values.items():
            setattr(held, name, value)
        held.save()

    def _put(self, side: Connection, number: str, amount: int, values: dict[str, Any]) -> Holding:
        given = {
            "external_id": f"{side.slug}-{number}", "key": number, "number": number,
            "currency": "USD", "dated": DAY, "party": "Contoso",
            "touched_at": clock.now() - timedelta(days=2),
        } | values  # fmt: skip
        load = self.loads[side.pk]
        return Holding.objects.create(
            connection=side, kind=KIND, legal_entity=self.entity, amount=amount,
            first_in=load, seen_in=load, **given,
        )  # fmt: skip
