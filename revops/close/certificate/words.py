"""The evidence of a certificate in words, for its page and its PDF."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from revops.close.certificate import scope
from revops.reconciliation.checks import registry
from revops.reconciliation.models import BreakType

# What each class is called, and the status that it looks like.
CLASSES: Final = {
    scope.POSTED: ("In the ERP", "posted"), scope.EXCLUDED: ("Excluded, with a reason", "excluded"),
    scope.OPEN: ("Open case", "open"), scope.WAITING: ("Under way", "waiting"),
    scope.UNACCOUNTED: ("Not accounted for", "missing"),
    scope.KEPT: ("Kept here, no ERP", "skipped"),
    scope.WITHDRAWN: ("Withdrawn from the ERP", "reversed"),
}  # fmt: skip


def told(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """The evidence with its classes and comparisons in words; empty when there is none."""
    if not evidence:
        return {}
    return {
        **evidence,
        "event_classes": [
            (*CLASSES[name], sum(one["count"] for one in rows), rows)
            for name in CLASSES
            if (rows := [one for one in evidence["events"]["classes"] if one["fate"] == name])
        ],
        "unknown": sum(
            one["count"] for one in evidence["events"]["classes"] if not one["known"]
        ),
        "compared": [_compared(run) for run in evidence["compared"]],
        "entry_classes": [
            (*CLASSES[one["fate"]], one) for one in evidence["entries"]["classes"]
        ],
    }  # fmt: skip


def _compared(run: Mapping[str, Any]) -> dict[str, Any]:
    """A comparison with the words of its check and of its differences."""
    try:
        label = registry.get(run["check"]).label
    except registry.CheckUnknown:
        label = run["check"]
    currencies = [
        {
            **one,
            "explained": [(BreakType(kind).label, found) for kind, found in one["breaks"].items()],
        }
        for one in run["currencies"]
    ]
    return {**run, "label": label, "currencies": currencies}
