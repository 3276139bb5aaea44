"""Credits, and the terms they are given by."""

from __future__ import annotations

from typing import Final

from tests.browser.addresses import at, case_without_credit, credit, term
from tests.browser.looks import Look

PAGES: Final[dict[str, tuple[Look, ...]]] = {
    "credits:list": (
        Look("credits", at("/credits/")),
        Look("credits-support", at("/credits/"), by="Tom"),
        Look("credits-none", at("/credits/?q=nobody-like-that")),
    ),
    "credits:new": (
        Look("credit-new", at("/credits/new"), by="Tom"),
        Look("credit-new-case", case_without_credit, by="Tom"),
        Look("credit-new-unknown", at("/credits/new?q=nobody"), by="Tom"),
    ),
    "credits:find": (
        Look("credit-find", at("/credits/find?q=a"), by="Tom"),
        Look("credit-find-nobody", at("/credits/find?q=nobody-like-that"), by="Tom"),
    ),
    "credits:edit": (
        Look("credit-draft", credit("edit", ticket="ZD-48301"), by="Tom"),
        Look("credit-sent-back", credit("edit", ticket="ZD-48102"), by="Tom"),
    ),
    "credits:send": (Look("credit-check", credit("send", ticket="ZD-48301"), by="Tom"),),
    "credits:one": (
        Look("credit-issued", credit(state="issued")),
        Look("credit-waiting", credit(state="waiting", ticket="ZD-48190"), by="Tom"),
        Look("credit-rejected", credit(state="rejected"), by="Tom"),
        Look("credit-auditor", credit(state="issued"), by="Yuki"),
    ),
    "credits:leakage": (
        Look("leakage", at("/credits/leakage/")),
        Look("leakage-none", at("/credits/leakage/?entity=DE-GMBH")),
    ),
    "credits:terms": (
        Look("credit-terms", at("/credits/terms/")),
        Look("credit-terms-support", at("/credits/terms/"), by="Tom"),
    ),
    "credits:terms-edit": (
        Look("credit-terms-promise", at("/credits/terms/edit/?what=promise")),
        Look("credit-terms-rule", term("edit/?what=rule&of={}")),
    ),
    "credits:term": (Look("credit-term", term("rule/{}/")),),
}
