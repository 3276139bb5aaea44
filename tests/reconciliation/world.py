"""A month of payouts and what the bank shows of them, with three left over: for the workbench."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Final

from django.db import transaction

from approvals import operations as approvals
from approvals.policies import TierTerms
from revops.mappings.models import LegalEntity
from revops.reconciliation.checks.base import Check, RuleSpec
from revops.reconciliation.models import Holding, Run
from revops.reconciliation.queries import leftovers
from revops.store import sql
from tests.reconciliation.lists import CHECK, DAY, Lists, declared

SINCE: Final = date(2025, 1, 1)
PAYOUTS: Final[Check] = replace(
    CHECK,
    slug="payouts_here",
    label="Payouts here",
    noun="payouts",
    compares=frozenset({"amount", "currency"}),
    states={},
    wait_days=1,
    rules=(
        RuleSpec("Same key"),
        RuleSpec("Same amount and text", keys=("amount", "currency"), automatic=False,
                 reference_in_text=True),
    ),
)  # fmt: skip
SMALL: Final = (TierTerms(0, 10, ()), TierTerms(1, None, ("manager",)))


class Payouts(Lists):
    """PO-1 agrees; PO-2 has another name, PO-3 and PO-4 share a line, PO-5 is USD 12.50 short."""

    def __init__(self, entity: LegalEntity | None = None) -> None:
        super().__init__(entity, check=PAYOUTS)
        self.both("PO-1", 100_000)
        self.bill("PO-2", 50_000, party="Kestrel Ltd")
        self.bill("PO-3", 30_000, party="Alder Inc")
        self.bill("PO-4", 20_000, party="Alder Inc")
        self.bill("PO-5", 231_250, party="Northwind")
        self.post("BNK-2", 50_000, reference="PAYOUT PO-2", party="Kestrel")
        self.post("BNK-34", 50_000, reference="PAYOUTS PO-3 PO-4", party="Alder")
        self.post("BNK-5", 230_000, reference="LESS FEES PO-5", party="Northwind")

    def reads(self, number: str, amount: int) -> None:
        """The row of that number has another amount in the list by now."""
        self.edited(Holding.objects.get(number=number), amount=amount)


@contextmanager
def payouts(entity: LegalEntity | None = None) -> Iterator[tuple[Payouts, Run]]:
    """Compared, and the check known for as long as it lasts."""
    with declared(PAYOUTS):
        made = Payouts(entity)
        yield made, made.run()


def another_session() -> None:
    """A page has a session of its own, without the tables that a run made in this one."""
    found = sql.rows("SELECT relname AS name FROM pg_class WHERE relname LIKE 'rec\\_%%'"
                     " AND relkind = 'r' AND relpersistence = 't'", ())  # fmt: skip
    for row in found:
        sql.run(f"DROP TABLE {row.name}")


def limits() -> None:
    """Up to USD 10 nobody has to agree to a difference or to breaks carried; above, a manager."""
    with transaction.atomic():
        for subject in ("match_difference", "breaks_carried"):
            approvals.begin_with(subject=subject, tiers=SMALL, since=SINCE, made_by="Setup")
        approvals.begin_with(
            subject="match_rules", tiers=approvals.MANAGER, since=SINCE, made_by="Setup"
        )


def tokens(run: Run, *names: str) -> list[str]:
    """The tokens of rows by their number, in that order."""
    found = leftovers.of(run)
    known = {row.item.name: row.token for row in (*found.left, *found.right)}
    return [known[name] for name in names]


__all__ = ("DAY", "PAYOUTS", "Payouts", "another_session", "limits", "payouts", "tokens")
