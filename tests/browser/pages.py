"""Every page that the console has, each with addresses at which it shows what it can show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from revops.canonical.models import (
    Customer,
    Invoice,
    Payment,
    Payout,
    Refund,
)
from tests.browser.addresses import (
    account,
    approval,
    at,
    bulk_job,
    case,
    case_without_credit,
    cause,
    change_set,
    closed_period,
    credit,
    dearest,
    event,
    event_of,
    fix_of,
    invoice_of,
    journal,
    journal_in_doubt,
    merge,
    newest,
    paid,
    pair,
    party,
    period,
    policy,
    resolved,
    run,
    schedule,
    settled_cause,
    subscription,
    term,
    together,
    user,
)
from tests.browser.stage import Stage


@dataclass(frozen=True, slots=True)
class Look:
    """One view of a page. ``by`` is who looks (“” nobody), ``status`` what the answer is."""

    name: str
    address: Callable[[Stage], str]
    by: str = "Priya"
    status: int = 200


PAGES: Final[dict[str, tuple[Look, ...]]] = {
    "accounts:sign-in": (Look("sign-in", at("/sign-in/"), by=""),),
    "accounts:confirm": (Look("confirm", at("/me/confirm/")),),
    "accounts:password": (Look("password", at("/me/password/")),),
    "accounts:set-up": (Look("set-up-second-factor", at("/me/second-factor/")),),
    "accounts:add-key": (Look("add-security-key", at("/me/second-factor/keys/")),),
    "me:settings": (Look("me", at("/me/")),),
    "tokens:list": (Look("tokens", at("/users/tokens/"), by="Ada"),),
    "console:home": (
        Look("home-finance", at("/")),
        Look("home-revops", at("/"), by="Ines"),
        Look("home-support", at("/"), by="Tom"),
        Look("home-admin", at("/"), by="Ada"),
    ),
    "console:find": (
        Look("find", at("/find")),
        Look("find-nothing", at("/find?q=INV-0000")),
        Look("find-email", at("/find?q=pat@alder.example")),
    ),
    "console:groups": (Look("entity-groups", at("/users/groups/"), by="Ada"),),
    "console:users": (
        Look("users", at("/users/"), by="Ada"),
        Look("users-auditor", at("/users/?q=nobody"), by="Yuki"),
    ),
    "console:user": (
        Look("user", lambda stage: f"/users/{user('Greta')}/", by="Ada"),
        Look("user-oneself", lambda stage: f"/users/{user('Ada')}/", by="Ada"),
    ),
    "console:personal-data": (Look("personal-data", at("/personal-data/"), by="Ada"),),
    "console:emergencies": (Look("break-glass", at("/break-glass/"), by="Marcus"),),
    "console:threads": (Look("lineage-start", at("/lineage/")),),
    "console:lineage": (
        Look("lineage-refused", invoice_of("period_closed")),
        Look("lineage-in-doubt", invoice_of("in_doubt")),
        Look("lineage-paid", newest(Invoice, state="paid")),
        Look("lineage-list", lambda stage: f"{newest(Invoice, state='paid')(stage)}?tab=list"),
        Look("lineage-graph", lambda stage: f"{newest(Invoice, state='paid')(stage)}?tab=graph"),
        Look("lineage-back", lambda stage: f"{newest(Invoice, state='paid')(stage)}?moment=1"),
        Look("lineage-void", newest(Invoice, state="void")),
        Look("lineage-refund", newest(Refund)),
        Look("lineage-payout", newest(Payout)),
        Look("lineage-failed-payment", newest(Payment, state="failed")),
        Look("lineage-customer", newest(Customer)),
        Look("lineage-unmapped", lambda stage: event("mapping_missing", stage)),
        Look("lineage-unknown-event", lambda stage: event("schema_drift", stage)),
    ),
    "console:customers": (
        Look("customers", at("/customers/")),
        Look("customers-support", at("/customers/"), by="Tom"),
    ),
    "console:customer": (
        Look("customer", lambda stage: f"/customers/{party()}/"),
        Look("customer-support", lambda stage: f"/customers/{party()}/", by="Tom"),
    ),
    "console:duplicates": (
        Look("duplicates", at("/customers/duplicates/")),
        Look("duplicates-apart", at("/customers/duplicates/?state=kept_apart"), by="Ines"),
        Look("duplicates-nothing", at("/customers/duplicates/?q=nowhere")),
    ),
    "console:duplicate": (
        Look("duplicate", pair("open"), by="Ines"),
        Look("duplicate-merged", pair("merged")),
        Look("duplicate-support", pair("open"), by="Tom"),
    ),
    "console:merge": (
        Look("merge", merge, by="Ines"),
        Look("merge-auditor", merge, by="Yuki"),
    ),
    "console:customer-parent": (
        Look("customer-parent", lambda stage: f"/customers/{party()}/parent/?q=a", by="Ines"),
    ),
    "console:record": (
        Look("record-invoice", lambda stage: f"/records/invoice/{paid().pk}/"),
        Look("record-subscription", lambda stage: f"/records/subscription/{subscription()}/"),
    ),
    "console:journals": (
        Look("journals", at("/books/")),
        Look("journals-none", at("/books/?q=nothing-like-it")),
    ),
    "console:schedules": (Look("schedules", at("/books/schedules/")),),
    "console:schedule": (Look("schedule", lambda stage: f"/books/schedules/{schedule()}/"),),
    "console:rollforward": (Look("rollforward", at("/books/deferred-revenue/")),),
    "console:periods": (
        Look("periods", at("/books/periods/")),
        Look("periods-auditor", at("/books/periods/"), by="Yuki"),
    ),
    "console:period": (
        Look("period", period, by="Marcus"),
        Look("period-closed", closed_period),
    ),
    "console:trial-balance": (Look("trial-balance", at("/books/trial-balance/")),),
    "console:journal": (
        Look("journal-posted", journal),
        Look("journal-in-doubt", journal_in_doubt),
    ),
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
    "notices:list": (
        Look("notices", at("/notices/"), by="Marcus"),
        Look("notices-unread", at("/notices/?view=unread"), by="Tom"),
        Look("notices-none", at("/notices/"), by="Yuki"),
    ),
    "notices:settings": (Look("notice-settings", at("/notices/settings/"), by="Tom"),),
    "console:tours": (Look("tours", at("/tours/")),),
    "console:tour": (
        Look("tour", at("/tours/quote-to-cash/")),
        Look("tour-revops", at("/tours/usage-overage/"), by="Ines"),
    ),
    "console:playbooks": (Look("playbooks", at("/playbooks/")),),
    "console:playbook": (Look("playbook", at("/playbooks/period_closed/")),),
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
    "exceptions:queue": (
        Look("queue", at("/exceptions/")),
        Look("queue-by-case", at("/exceptions/?group=case")),
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
    "exceptions:edit": (Look("case-edit", lambda stage: f"{case('mapping_missing')(stage)}edit/"),),
    "connections:list": (
        Look("connections", at("/connections/")),
        Look("connections-revops", at("/connections/"), by="Ines"),
    ),
    "connections:connection": (
        Look("connection-erp", at("/connections/tryton/"), by="Ines"),
        Look("connection-billing", at("/connections/stripe/"), by="Ines"),
        Look("connection-auditor", at("/connections/tryton/"), by="Yuki"),
    ),
    "audit:trail": (
        Look("audit", at("/audit/"), by="Yuki"),
        Look("audit-nothing-matches", at("/audit/?q=nowhere"), by="Yuki"),
    ),
    "audit:act": (Look("audit-act", at("/audit/1/"), by="Yuki"),),
    "mappings:home": (Look("mappings-taxes", at("/mappings/")),),
    "mappings:grid": (
        Look("mappings-skus", at("/mappings/skus/"), by="Ines"),
        Look("mappings-gap", at("/mappings/skus/?edit=new&key=price_x&of=US-INC"), by="Ines"),
        Look("mappings-gaps", at("/mappings/entities/?tab=gaps"), by="Yuki"),
        Look("mappings-rates", at("/mappings/currencies/?edit=new")),
        Look("mappings-scheduled", at("/mappings/tax-codes/?tab=scheduled")),
        Look("mappings-conflicts", at("/mappings/tax-codes/?tab=conflicts")),
        Look("mappings-history", at("/mappings/tax-codes/?tab=history"), by="Yuki"),
        Look("mappings-nothing-matches", at("/mappings/accounts/?q=nowhere")),
        Look("mappings-none", at("/mappings/cost-centres/"), by="Ines"),
    ),
    "mappings:sets": (Look("change-sets", at("/mappings/changes/")),),
    "mappings:set": (
        Look("change-set-draft", change_set(), by="Ines"),
        Look("change-set-waiting", change_set(sent=True)),
    ),
    "mappings:import": (Look("mappings-import", at("/mappings/skus/import"), by="Ines"),),
    "mappings:ownership": (
        Look("ownership", at("/ownership/")),
        Look("ownership-change", at("/ownership/?edit=ownership"), by="Ada"),
    ),
    "usage:accounts": (
        Look("usage", at("/usage/")),
        Look("usage-nothing-matches", at("/usage/?q=nowhere")),
        Look("usage-support", at("/usage/"), by="Tom"),
    ),
    "usage:account": (
        Look("usage-account", lambda stage: f"/usage/{account()}/"),
        Look("usage-account-support", lambda stage: f"/usage/{account()}/", by="Tom"),
    ),
    "usage:line": (Look("usage-line", lambda stage: f"/usage/lines/{dearest().pk}/"),),
    "usage:records": (
        Look("usage-records", lambda stage: f"/usage/lines/{dearest().pk}/records/"),
    ),
    "api:docs": (Look("api-docs", at("/api/docs/")),),
}

# These answer with something else than a page: a file, a redirect after a form, or a machine's.
NO_PAGES: Final = frozenset(
    {
        "mappings:put", "mappings:download", "mappings:import-errors", "mappings:set-preview",
        "mappings:set-send", "mappings:set-discard", "mappings:set-take-out",
        "approvals:csv", "approvals:bulk-decide", "approvals:delegation-end", "approvals:decide",
        "exceptions:run",
        "exceptions:fix", "exceptions:give-up", "exceptions:arrivals", "exceptions:work",
        "exceptions:bulk",
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
        "console:flow-undo", "console:tour-act", "console:duplicate-decide", "console:unmerge",
        "exceptions:act", "exceptions:comment", "connections:csv", "connections:pause",
        "connections:resume", "connections:trial", "connections:poll", "connections:limits",
        "connections:window", "connections:test", "connections:sandbox", "api:contract",
        "api:contracts", "usage:rate-now", "notices:read", "console:period-close",
        "console:period-open", "api:hook", "api:healthz", "api:readyz",
    }
)  # fmt: skip
ERRORS: Final = (
    Look("error-404", at("/exceptions/EXC-999999/"), status=404),
    Look("error-403", at("/exceptions/"), by="Tom", status=403),
)
