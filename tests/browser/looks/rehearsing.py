"""Rehearsals: the drills, one that runs, one that left something, one that ended well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from revops.sandbox.rehearsals.models import Rehearsal
from revops.sandbox.rehearsals.report import Report
from tests.browser.addresses import at
from tests.browser.looks import Look
from tests.browser.stage import Stage
from tests.rehearsals.kit import a_rehearsal, a_report, with_ends


def ended(report: Callable[[], Report]) -> Callable[[Stage], str]:
    return lambda stage: f"/rehearsals/{a_rehearsal(stage.person('Ines'), report())}/"


def running(stage: Stage) -> str:
    """The one that runs; no worker goes on with it here."""
    known = Rehearsal.objects.filter(live=True).first()
    return f"/rehearsals/{known or a_rehearsal(stage.person('Ines'), state='running')}/"


PAGES: Final[dict[str, tuple[Look, ...]]] = {
    "rehearsals:list": (
        Look("rehearsals", at("/rehearsals/"), by="Ines"),
        Look("rehearsals-finance", at("/rehearsals/")),
    ),
    "rehearsals:one": (
        Look("rehearsal-left", ended(with_ends), by="Ines"),
        Look("rehearsal-admin", ended(with_ends), by="Ada"),
        Look("rehearsal-match", ended(a_report)),
        Look("rehearsal-runs", running, by="Ines"),
    ),
}
