"""Which lists there are, and what became of the newest of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from connectors import registry
from connectors.manifest import Capability
from connectors.models import Connection
from revops.reconciliation.checks import registry as checks
from revops.reconciliation.models import Load

# What the rows of a kind are called.
WORDS: Final = {
    "account": "Accounts",
    "balance": "Balance transactions",
    "bank": "Bank lines",
    "company": "Companies",
    "contract": "Contracts",
    "credit": "Credits",
    "credit_memo": "Credit memos",
    "customer": "Customers",
    "dispute": "Disputes",
    "fee": "Fees",
    "invoice": "Invoices",
    "journal": "Journals",
    "opportunity": "Opportunities",
    "payment": "Payments",
    "payout": "Payouts",
    "period": "Periods",
    "refund": "Refunds",
    "tax": "Tax documents",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """
    A kind of a system that some check compares. ``asked``: the system is asked for it; else people
    bring it. Without ``at`` there was none yet.
    """

    slug: str
    system: str
    kind: str
    asked: bool
    state: str = ""
    at: datetime | None = None
    starts: date | None = None
    ends: date | None = None
    rows: int = 0
    changed: int = 0
    gone: int = 0
    by: str = ""
    error: str = ""

    @property
    def word(self) -> str:
        """A kind that only somebody's own connector knows is called as it calls it."""
        return WORDS.get(self.kind) or self.kind.replace("_", " ").capitalize()

    @property
    def value(self) -> str:
        return f"{self.slug}/{self.kind}"


def newest() -> Sequence[Listed]:
    """By system and kind, of the latest days; those that people bring first."""
    wanted = {
        (side.role, side.kind)
        for check in checks.all()
        for side in (check.left, check.right)
        if side.kind
    }
    loads = {
        (load.connection_id, load.kind): load
        for load in Load.objects.order_by("connection_id", "kind", "-ends", "-pk").distinct(
            "connection_id", "kind"
        )
    }
    manifests = registry.all_manifests()
    found = []
    for connection in Connection.objects.order_by("label", "pk"):
        manifest = manifests.get(connection.connector)
        if manifest is None:
            continue
        for kind in manifest.lists:
            if (manifest.role, kind) in wanted:
                load = loads.get((connection.pk, kind))
                asked = manifest.can(Capability.SNAPSHOTS)
                found.append(_listed(connection, kind, load, asked=asked))
    return sorted(found, key=lambda one: (one.asked, one.system, one.kind))


def _listed(connection: Connection, kind: str, load: Load | None, *, asked: bool) -> Listed:
    if load is None:
        return Listed(connection.slug, connection.label, kind, asked)
    return Listed(
        connection.slug, connection.label, kind, asked, state=load.state,
        at=load.ended_at or load.began_at, starts=load.starts, ends=load.ends, rows=load.rows,
        changed=load.changed, gone=load.gone, by=load.by, error=load.error,
    )  # fmt: skip
