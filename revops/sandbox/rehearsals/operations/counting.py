"""Keeping a count, and the case that stands while books differ without a reason."""

from __future__ import annotations

from datetime import datetime

from exceptions import operations as cases
from revops.sandbox.rehearsals import kinds
from revops.sandbox.rehearsals.models import Rehearsal
from revops.sandbox.rehearsals.report import Report


def conclude(rehearsal: Rehearsal, report: Report, *, at: datetime) -> None:
    """
    Put the report on the row, which the caller saves, and open, refresh or settle the case of its
    difference. Within the caller's transaction.
    """
    rehearsal.counted = report.stored()
    if report.unexplained:
        cases.report([kinds.difference(str(rehearsal), report.unexplained)], at=at)
        return
    text = "Billing and the ERP agree, or cases say why they do not."
    cases.settle(fingerprints=[kinds.fingerprint()], text=text, at=at)
