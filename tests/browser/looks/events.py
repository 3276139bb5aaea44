"""Events, flows, connections, and the API's docs."""

from __future__ import annotations

from typing import Final

from tests.browser.addresses import at, event_of, run
from tests.browser.looks import Look

PAGES: Final[dict[str, tuple[Look, ...]]] = {
    "console:flows": (
        Look("flows", at("/flows/")),
        Look("flows-auditor", at("/flows/"), by="Yuki"),
    ),
    "console:contracts": (
        Look("contracts", at("/flows/contracts/")),
        Look("contracts-of-one", at("/flows/contracts/?by=stripe"), by="Yuki"),
        Look("contracts-none", at("/flows/contracts/?by=tryton")),
    ),
    "console:flow": (
        Look("flow-invoice", at("/flows/invoice.issued/")),
        Look("flow-won", at("/flows/opportunity.won/")),
        Look("flow-period", at("/flows/period.closed/")),
    ),
    "console:flow-run": (
        Look("flow-run", run),
        Look("flow-run-auditor", run, by="Yuki"),
        Look("flow-run-revops", run, by="Ines"),
    ),
    "events:list": (
        Look("events", at("/events/")),
        Look("events-dead", at("/events/?show=dead"), by="Ines"),
        Look("events-sent", at("/events/?show=out")),
        Look("events-nothing-matches", at("/events/?q=nowhere"), by="Yuki"),
    ),
    "events:rehearsal": (
        Look("rehearsal", at("/events/rehearsal/"), by="Ines"),
        Look("rehearsal-of-one", at("/events/rehearsal/?contract=invoice.issued/1"), by="Yuki"),
    ),
    "events:replay": (
        Look("replay-nothing-chosen", at("/events/replay/"), by="Ines"),
        Look("replay-dry-run", at("/events/replay/?system=stripe"), by="Ines"),
        Look("replay-dead", at("/events/replay/?show=dead"), by="Ines"),
    ),
    "events:event": (
        Look("event", event_of("processed")),
        Look("event-aside", event_of("quarantined"), by="Ines"),
        Look("event-auditor", event_of("processed"), by="Yuki"),
    ),
    "connections:list": (
        Look("connections", at("/connections/")),
        Look("connections-revops", at("/connections/"), by="Ines"),
    ),
    "connections:connection": (
        Look("connection-erp", at("/connections/tryton/"), by="Ines"),
        Look("connection-billing", at("/connections/stripe/"), by="Ines"),
        Look("connection-auditor", at("/connections/tryton/"), by="Yuki"),
    ),
    "connections:new": (Look("connection-new", at("/connections/new/"), by="Ada"),),
    "connections:add": (Look("connection-add", at("/connections/new/stripe/"), by="Ada"),),
    "connections:settings": (
        Look("connection-settings", at("/connections/tryton/settings/"), by="Ada"),
    ),
    "connections:credentials": (
        Look("connection-credentials", at("/connections/tryton/credentials/"), by="Ada"),
    ),
    "api:docs": (Look("api-docs", at("/api/docs/")),),
}
