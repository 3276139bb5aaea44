"""Rehearsals that ended, and the systems' own lists, as tests need them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accounts.models import User
from revops.kernel import clock
from revops.sandbox.rehearsals.catalogue import DRILLS
from revops.sandbox.rehearsals.counting import Issued, keys_of
from revops.sandbox.rehearsals.models import Drill, Rehearsal
from revops.sandbox.rehearsals.queries import Line, Open, Report, Standing

ENTITIES = ["US-INC", "UK-LTD"]


def a_report(**given: Any) -> Report:
    """Of one invoice of USD 12.00 that billing, the ERP and the console have alike."""
    one = (1, 1_200)
    report = Report(at=clock.now().isoformat(), documents=1)
    report.lines = [Line("Invoices", "USD", one, one, one, 0)]
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


def move(
    document: Issued, total: str, *, entity: str = "US-INC", revision: int = 1,
    state: str = "posted", second: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Its posting as the ERP's sandbox lists it: a customer owes, and revenue came in."""
    keys = keys_of(document, entities=sorted(ENTITIES), source="stripe")
    key = keys[2 * (revision - 1) + sorted(ENTITIES).index(entity)]
    lines: Sequence[dict[str, str]] = [
        {"account": "1100", "debit": total, "credit": "0.00", "party": "C-1"},
        {"account": "4000", "debit": "0.00", "credit": total, "party": ""},
    ]
    if second:
        lines[0]["second"], lines[1]["second"] = second, second.replace(" ", " -")
    return {"key": key, "text": f"JE-1 Invoice {document.number}, Alder", "number": "2026/1",
            "state": state, "currency": "USD", "lines": lines}  # fmt: skip
