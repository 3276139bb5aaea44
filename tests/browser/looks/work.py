"""The queue, causes, cases, bulk work and playbooks."""

from __future__ import annotations

from typing import Final

from tests.browser.addresses import at, bulk_job, case, cause, fix_of, resolved, settled_cause
from tests.browser.looks import Look

PAGES: Final[dict[str, tuple[Look, ...]]] = {
    "console:playbooks": (Look("playbooks", at("/playbooks/")),),
    "console:playbook": (Look("playbook", at("/playbooks/period_closed/")),),
    "exceptions:queue": (
        Look("queue", at("/exceptions/")),
        Look("queue-by-case", at("/exceptions/?group=case")),
        Look("queue-narrowed", at("/exceptions/?group=case&amount_min=1&age_min=0")),
        Look("queue-in-doubt", at("/exceptions/?status=in_doubt")),
        Look("queue-escalating", at("/exceptions/?status=escalating"), by="Ines"),
        Look("queue-snoozed", at("/exceptions/?status=snoozed")),
        Look("queue-resolved", at("/exceptions/?status=resolved")),
        Look("queue-nothing-matches", at("/exceptions/?q=nowhere&system=tryton")),
        Look("queue-auditor", at("/exceptions/"), by="Yuki"),
    ),
    "jobs:list": (Look("bulk-none", at("/bulk/")), Look("bulk", at("/bulk/?of=all"), by="Yuki")),
    "jobs:job": (
        Look("bulk-preview", bulk_job(), by="Ines"),
        Look("bulk-running", bulk_job(start=True), by="Ines"),
    ),
    "exceptions:cause": (
        Look("cause-closed-period", cause("period_closed")),
        Look("cause-next-period", fix_of("period_closed", way="next")),
        Look("cause-by-hand", fix_of("period_closed", way="hand")),
        Look("cause-grouping", lambda stage: f"{cause('period_closed')(stage)}?grouping=1"),
        Look("cause-mapping", cause("mapping_missing")),
        Look("cause-fix", fix_of("mapping_missing", revenue_account="4000")),
        Look("cause-in-doubt", cause("in_doubt")),
        Look("cause-settled", settled_cause),
    ),
    "exceptions:case": (
        Look("case-closed-period", case("period_closed")),
        Look("case-in-doubt", case("in_doubt")),
        Look("case-refused", case("refused")),
        Look("case-mapping", case("mapping_missing")),
        Look("case-unknown-event", case("schema_drift")),
        Look("case-auditor", case("period_closed"), by="Yuki"),
        Look("case-resolved", resolved),
        Look("case-partly-posted", case("partial_posting")),
    ),
    "exceptions:compensate": (
        Look("case-take-back", lambda stage: f"{case('partial_posting')(stage)}compensate/"),
    ),
    "exceptions:edit": (Look("case-edit", lambda stage: f"{case('mapping_missing')(stage)}edit/"),),
}
