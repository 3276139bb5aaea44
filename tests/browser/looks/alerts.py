"""Alert rules, the editor with its trial, and an alert that stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from revops.alerts.models import Alert, Rule
from revops.alerts.operations import watching
from revops.sandbox import watched
from tests.browser.addresses import at
from tests.browser.looks import Look
from tests.browser.stage import Stage


def _rules() -> None:
    """Those of the demo company, of which one fires at once."""
    watched.seed()
    Rule.objects.filter(measure="blocked_money").update(for_minutes=0)
    watching.look()


def rules(stage: Stage) -> str:
    _rules()
    return "/alerts/"


def rule(end: str = "") -> Callable[[Stage], str]:
    def address(stage: Stage) -> str:
        _rules()
        return f"/alerts/rules/{Rule.objects.get(measure='blocked_money').pk}/{end}"

    return address


def alert(stage: Stage) -> str:
    _rules()
    return f"/alerts/ALT-{Alert.objects.latest('pk').pk}/"


PAGES: Final[dict[str, tuple[Look, ...]]] = {
    "alerts:list": (Look("alerts", rules), Look("alerts-auditor", rules, by="Yuki")),
    "alerts:new": (Look("alert-new", at("/alerts/new/")),),
    "alerts:rule": (Look("alert-rule", rule()),),
    "alerts:edit": (Look("alert-edit", rule("edit/")),),
    "alerts:alert": (Look("alert", alert), Look("alert-auditor", alert, by="Yuki")),
}
