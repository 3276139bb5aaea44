"""The case that a rehearsal opens when the books differ and nothing else says why."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from exceptions import kinds
from exceptions.findings import Finding, fingerprint_of
from exceptions.kinds import Kind

DIFFERENCE: Final = "rehearsal_difference"
_IDENTITY: Final = "rehearsal"


def declare() -> None:
    """Called once when the app is ready."""
    kinds.declare(
        Kind(
            DIFFERENCE, "Rehearsal left a difference", team="RevOps", sla=timedelta(days=1),
            playbook="rehearse", tone="crit",
            why="Billing and the ERP of the demo disagree, and no other case says why.",
            fix="Read the rehearsal’s report, find where the document stopped, and count again.",
        )
    )  # fmt: skip


def difference(reference: str, documents: int) -> Finding:
    """``documents`` of billing and the ERP do not go together after a rehearsal."""
    noun = "document does" if documents == 1 else "documents do"
    return Finding(
        kind=DIFFERENCE,
        identity=_IDENTITY,
        cause_parts=_IDENTITY,
        cause="Billing and the ERP disagree after a rehearsal",
        what_happened=f"After {reference}, {documents} {noun} not agree. No case says why.",
        path="Billing → ERP",
        subject_label=reference,
        blocked_steps=("Trust the count",),
        facts=(("Documents that differ", str(documents)),),
    )


def fingerprint() -> str:
    """Of the case, for settling it."""
    return fingerprint_of(DIFFERENCE, _IDENTITY)
