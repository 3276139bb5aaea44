"""Every page that the console has, each with addresses at which it shows what it can show."""

from __future__ import annotations

from typing import Final

from tests.browser.addresses import at
from tests.browser.looks import (
    Look,
    alerts,
    approvals,
    audit,
    books,
    closing,
    credits,
    customers,
    events,
    finding,
    maps,
    measures,
    people,
    reconciling,
    rehearsing,
    sealing,
    usage,
    work,
)

PAGES: Final[dict[str, tuple[Look, ...]]] = {
    **alerts.PAGES,
    **people.PAGES,
    **finding.PAGES,
    **customers.PAGES,
    **books.PAGES,
    **credits.PAGES,
    **approvals.PAGES,
    **work.PAGES,
    **events.PAGES,
    **maps.PAGES,
    **usage.PAGES,
    **audit.PAGES,
    **measures.PAGES,
    **closing.PAGES,
    **sealing.PAGES,
    **rehearsing.PAGES,
    **reconciling.PAGES,
}

# These answer with something else than a page: a file, a redirect after a form, or a machine's.
NO_PAGES: Final = frozenset(
    {
        "reconciliation:csv", "reconciliation:run-now", "reconciliation:breaks-csv",
        "reconciliation:again", "reconciliation:sign", "reconciliation:carry",
        "reconciliation:draft", "reconciliation:release", "reconciliation:rules-act",
        "reconciliation:trial", "reconciliation:bring",
        "alerts:acknowledge", "alerts:switch",
        "measures:csv", "measures:objective", "measures:assumption",
        "mappings:put", "mappings:download", "mappings:import-errors", "mappings:set-preview",
        "mappings:set-send", "mappings:set-discard", "mappings:set-take-out",
        "approvals:csv", "approvals:bulk-decide", "approvals:delegation-end", "approvals:decide",
        "exceptions:run", "exceptions:handle", "exceptions:edit-comment",
        "exceptions:fix", "exceptions:give-up", "exceptions:arrivals", "exceptions:work",
        "exceptions:bulk", "exceptions:regroup", "exceptions:watch",
        "exceptions:take", "exceptions:save-view", "exceptions:delete-view", "jobs:csv",
        "jobs:start", "jobs:steer", "approvals:comment", "approvals:withdraw", "approvals:review",
        "audit:verify", "events:csv", "events:replay-draft", "events:reveal",
        "exceptions:reveal", "console:customer-reveal",
        "console:record-reveal", "console:user-reveal", "audit:evidence", "audit:proof",
        "accounts:sign-out", "accounts:sso", "accounts:sso-return", "accounts:codes",
        "accounts:second-factor", "accounts:second-factor-remove", "accounts:set-password",
        "accounts:key-remove",
        "console:emergency-answer", "console:emergency-review", "console:user-ask",
        "console:user-deactivate", "console:user-end", "console:user-reset", "console:user-tie",
        "console:user-untie", "console:users-invite", "console:group-change",
        "console:users-review",
        "me:save", "me:session-end", "tokens:new", "tokens:revoke",
        "web:appearance", "exceptions:queue-csv", "console:journals-csv",
        "exceptions:act-on-cause", "credits:discard", "credits:withdraw", "credits:reverse",
        "credits:csv", "credits:leakage-csv",
        "console:flow-undo", "console:tour-act", "rehearsals:start",
        "rehearsals:steer", "console:duplicate-decide", "console:unmerge",
        "exceptions:act", "exceptions:comment", "connections:csv", "connections:pause",
        "connections:resume", "connections:trial", "connections:poll", "connections:limits",
        "connections:window", "connections:test", "connections:use", "connections:retire",
        "connections:drift", "connections:weekly",
        "connections:sandbox", "api:contract",
        "api:contracts", "usage:rate-now", "notices:read", "console:period-open",
        "certificates:seal", "certificates:json", "certificates:pdf", "certificates:pack",
        "close:csv", "close:trends-csv", "close:change", "close:sign", "close:begin", "close:move",
        "close:waive", "close:late", "close:reopen", "api:hook", "api:healthz", "api:readyz",
    }
)  # fmt: skip
ERRORS: Final = (
    Look("error-404", at("/exceptions/EXC-999999/"), status=404),
    Look("error-403", at("/exceptions/"), by="Tom", status=403),
)
