"""What waits for a decision, and who decides."""

from __future__ import annotations

from typing import Final

from tests.browser.addresses import approval, at, policy, together
from tests.browser.looks import Look

PAGES: Final[dict[str, tuple[Look, ...]]] = {
    "approvals:inbox": (
        Look("approvals", at("/approvals/"), by="Marcus"),
        Look("approvals-team", at("/approvals/?tab=team")),
        Look("approvals-sent", at("/approvals/?tab=sent"), by="Tom"),
        Look("approvals-done", at("/approvals/?tab=done"), by="Marcus"),
        Look("approvals-nothing", at("/approvals/"), by="Yuki"),
    ),
    "approvals:approval": (
        Look("approval", approval(state="waiting", subject="service_credit"), by="Marcus"),
        Look(
            "approval-confirm",
            lambda stage: f"{approval(subject='period_reopening')(stage)}?decide=approve",
            by="Marcus",
        ),
        Look("approval-own", approval(subject="period_reopening")),
        Look("approval-decided", approval(state="approved"), by="Yuki"),
        Look("approval-policy", approval(subject="approval_policy"), by="Noor"),
    ),
    "approvals:bulk": (Look("approvals-together", together, by="Marcus"),),
    "approvals:policies": (
        Look("policies", at("/approvals/policies/"), by="Ada"),
        Look("policies-auditor", at("/approvals/policies/"), by="Yuki"),
    ),
    "approvals:policy": (Look("policy", policy, by="Marcus"),),
    "approvals:policy-editor": (
        Look("policy-editor", at("/approvals/policies/edit/?subject=service_credit"), by="Ada"),
    ),
    "approvals:delegations": (
        Look("delegations", at("/approvals/delegations/"), by="Marcus"),
        Look("delegations-auditor", at("/approvals/delegations/"), by="Yuki"),
    ),
}
