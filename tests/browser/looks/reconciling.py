"""Reconciliation: the list, a run with breaks, the workbench, rules in force and in a draft."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from revops.mappings.models import LegalEntity
from revops.reconciliation.checks import registry
from revops.reconciliation.models import RuleVersion, Run
from revops.reconciliation.operations import drafts, rules
from tests.browser.looks import Look
from tests.browser.stage import Stage
from tests.reconciliation.world import PAYOUTS, Payouts, tokens


def _run() -> Run:
    """A month of payouts with seven rows left over; once for all looks."""
    registry._found().setdefault(PAYOUTS.slug, PAYOUTS)
    known = Run.objects.filter(pair__check_slug=PAYOUTS.slug).order_by("-pk").first()
    return known or Payouts(LegalEntity.objects.order_by("pk").first()).run()


def every(query: str = "") -> Callable[[Stage], str]:
    def address(stage: Stage) -> str:
        _run()
        return f"/reconciliation/{query}"

    return address


def run(query: str = "") -> Callable[[Stage], str]:
    return lambda stage: f"/reconciliation/runs/REC-{_run().number}/{query}"


def picked(stage: Stage) -> str:
    """The workbench with a difference between what is picked."""
    found = _run()
    drafts.keep(
        run=found, left=tokens(found, "PO-5"), right=tokens(found, "BNK-5"),
        by=stage.person("Priya"),
    )  # fmt: skip
    return f"/reconciliation/runs/REC-{found.number}/match/"


def of_check(end: str = "") -> Callable[[Stage], str]:
    def address(stage: Stage) -> str:
        _run()
        if not RuleVersion.objects.filter(check_slug=PAYOUTS.slug, since=None).exists():
            rules.draft(check_slug=PAYOUTS.slug, by=stage.person("Priya"))
        return f"/reconciliation/rules/{PAYOUTS.slug}/{end}"

    return address


PAGES: Final[dict[str, tuple[Look, ...]]] = {
    "reconciliation:list": (
        Look("reconciliation", every()),
        Look("reconciliation-none", every("?status=signed")),
    ),
    "reconciliation:lists": (Look("reconciliation-lists", lambda stage: "/reconciliation/lists/"),),
    "reconciliation:run": (
        Look("reconciliation-run", run()),
        Look("reconciliation-run-auditor", run("?type=missing_left"), by="Yuki"),
    ),
    "reconciliation:match": (
        Look("match", picked),
        Look("match-auditor", run("match/"), by="Yuki"),
    ),
    "reconciliation:rules": (Look("match-rules", every("rules/")),),
    "reconciliation:rules-of": (
        Look("match-rules-of", of_check()),
        Look("match-rules-manager", of_check(), by="Marcus"),
    ),
    "reconciliation:rule": (Look("match-rule", of_check("draft/2/")),),
}
