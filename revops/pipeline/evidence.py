"""
The audit trail is verified every night and on request; when it is not as it was written, that is a
case until it is verified again, and those who answer for the books and the console are told.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction

from accounts.roles import Role
from exceptions.findings import Finding, fingerprint_of
from exceptions.models import Case
from exceptions.operations import intake
from revops.audit import keeping
from revops.audit.operations import recorded
from revops.audit.verifying import UNANCHORED, Report
from revops.kernel import clock
from revops.kernel.actor import Actor
from revops.kernel.keys import sha256
from revops.notices.operations import tell
from revops.pipeline.hearing import holders
from revops.store import rows

KIND: Final = "audit_trail_broken"
_TRAIL: Final = "trail"
# Each is led to a page that they may open.
_LINKS: Final = {
    Role.MANAGER: "/exceptions/EXC-{case}/",
    Role.AUDITOR: "/audit/",
    Role.ADMIN: f"/playbooks/{KIND}/",
}


@recorded
def verify(*, by: Actor | None = None) -> Report:
    """Verify the whole trail. The outcome is an act; a bad one is a case, a good one ends it."""
    report = keeping.verify_and_record(by=by)
    with transaction.atomic(), rows.widened():
        _heed(report)
    return report


def _heed(report: Report) -> None:
    now = clock.now()
    fingerprint = fingerprint_of(KIND, _TRAIL)
    if report.passed:
        intake.settle(fingerprints=[fingerprint], text=report.sentence, at=now)
        return
    intake.report([_finding(report)], at=now)
    case = Case.objects.exclude(state="resolved").get(fingerprint=fingerprint)
    # The same finding is told once; another one, or the same after it was mended, again.
    key = f"audit:{case.pk}:{sha256(report.sentence)[:16]}"
    for role, link in _LINKS.items():
        tell(
            recipients=holders(frozenset({role}), at=now), kind=KIND,
            title="The audit trail is not as it was written", text=report.sentence,
            link=link.format(case=case.pk), key=key,
        )  # fmt: skip


def _finding(report: Report) -> Finding:
    unproven = report.status == UNANCHORED
    facts = [("Acts that were looked at", f"{report.checked:,}")]
    if report.seq is not None:
        facts.append(("First act that does not fit", f"{report.seq:,}"))
    facts.append(("Signed anchors that agree", f"{report.anchors:,}"))
    return Finding(
        kind=KIND,
        identity=_TRAIL,
        cause_parts="anchors" if unproven else "chain",
        cause="The audit trail does not agree with its anchors"
        if unproven
        else "The audit trail was changed",
        what_happened=report.sentence,
        path="console · audit trail",
        subject_label="Audit trail",
        blocked_steps=("Sign off the close",),
        facts=tuple(facts),
    )
