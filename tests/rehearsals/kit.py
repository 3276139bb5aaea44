"""Rehearsals that ended, and the systems' own lists, as tests need them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from accounts.models import User
from connectors.contract import SnapshotRow
from revops.kernel import clock
from revops.kernel.keys import idempotency_key
from revops.sandbox.rehearsals import counting
from revops.sandbox.rehearsals.catalogue import DRILLS
from revops.sandbox.rehearsals.counting import Held, Issued
from revops.sandbox.rehearsals.models import Drill, Rehearsal
from revops.sandbox.rehearsals.report import Line, Open, Part, Report, Standing

ENTITIES = ["US-INC", "UK-LTD"]


def a_report(**given: Any) -> Report:
    """Of one invoice of USD 12.00 that billing, the ERP and the console have alike."""
    one = (1, 1_200)
    report = Report(at=clock.now().isoformat(), documents=1)
    report.lines = [Line("Invoices", "USD", one, one, one, 0, "Stripe")]
    report.parts = [
        Part("tryton", "Tryton", ["429 storm"], turned_away=2, books=(1, 0)),
        Part("gainsight", "Gainsight", ["Everybody else is away"], unanswered=1),
    ]
    for name, value in given.items():
        setattr(report, name, value)
    return report


def with_ends() -> Report:
    """One document in a case, one nowhere, and a cause with two cases."""
    return a_report(
        ends=[
            Open("missing", "INV-2", 900, "USD", "nowhere"),
            Open("missing", "INV-3", 700, "USD", "case", 999_999),
        ],
        ends_in_all=2, in_cases=1, unexplained=1, opened=3, cleared=1,
        standing=[Standing("abcd", "refused", "Tryton refused it", 2)],
    )  # fmt: skip


def a_rehearsal(by: User, report: Report | None = None, *, state: str = "done") -> Rehearsal:
    """With its first two drills; live where the state says so."""
    now = clock.now()
    live = state in ("running", "settling", "stopping")
    made = Rehearsal.objects.create(
        by=by, state=state, live=live or None, started_at=now, due_at=now if live else None,
        ended_at=None if live else now, counted=report.stored() if report else None,
    )  # fmt: skip
    for place, drill in enumerate(DRILLS[:2]):
        Drill.objects.create(
            rehearsal=made, position=place, slug=drill.slug, state="waiting" if live else "over"
        )
    return made


def row(id: str, amount: int, *, kind: str = "invoice", currency: str = "USD") -> dict[str, Any]:
    """A document as billing's sandbox lists it."""
    return {"kind": kind, "id": id, "number": f"N-{id}", "amount": amount, "currency": currency,
            "at": 1_790_000_000}  # fmt: skip


def journal(
    document: Issued, total: int, *, entity: str = "US-INC", revision: int = 1,
    currency: str = "USD", books: str = "", **given: Any,
) -> SnapshotRow:  # fmt: skip
    """
    How an ERP lists its posting: a customer owes ``total`` minor units, and revenue came in; in
    books of another currency, ``books``, a hundred minor units more. ``given`` replaces members.
    """
    key = idempotency_key(
        lane="primary", legal_entity=entity, document_type="invoice",
        business_key=f"{document.source}:{document.id}", revision=revision,
    )  # fmt: skip
    accounts = {currency: {"1100": total, "4000": -total}}
    if books:
        accounts[books] = {"1100": total + 100, "4000": -total - 100}
    row = SnapshotRow(
        kind="journal", external_id="1", key=key, currency=books or currency, amount=total,
        dated="2026-09-01", state="posted", reference=f"JE-1 Invoice {document.number}, Alder",
        accounts=accounts,
    )  # fmt: skip
    return replace(row, **given)


def posting(document: Issued, total: int, *, erp: str = "tryton", **given: Any) -> Held:
    """What an ERP holds of it."""
    (held,) = counting.held([journal(document, total, **given)], erp=erp)
    return held
