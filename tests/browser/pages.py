"""Every page that the console has, each with addresses at which it shows what it can show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.db.models import Model

from accounts.models import User
from approvals.models import ApprovalRequest, Policy
from exceptions.models import Case
from revops.canonical.models import (
    Customer,
    Invoice,
    Merge,
    MergeProposal,
    Payment,
    Payout,
    Refund,
    Subscription,
)
from revops.credits.models import Rule, ServiceCredit
from revops.ledger.models import JournalEntry, RevenueSchedule
from revops.mappings.models import AccountingPeriod
from revops.pipeline.models import FlowRun
from revops.usage.models import Account, RatedLine
from tests.browser.stage import Stage


@dataclass(frozen=True, slots=True)
class Look:
    """One view of a page. ``by`` is who looks (“” nobody), ``status`` what the answer is."""

    name: str
    address: Callable[[Stage], str]
    by: str = "Priya"
    status: int = 200


def _at(path: str) -> Callable[[Stage], str]:
    return lambda stage: path


def _case(kind: str) -> Callable[[Stage], str]:
    return lambda stage: f"/exceptions/EXC-{stage.case[kind].pk}/"


def _cause(kind: str) -> Callable[[Stage], str]:
    return lambda stage: f"/exceptions/causes/{stage.case[kind].cause_key}/"


def _resolved(stage: Stage) -> str:
    return f"/exceptions/EXC-{Case.objects.filter(state='resolved').latest('pk').pk}/"


def _settled_cause(stage: Stage) -> str:
    """A cause of which nothing is open any more."""
    still = Case.objects.exclude(state="resolved").values("cause_key")
    found = Case.objects.filter(state="resolved").exclude(cause_key__in=still).latest("pk")
    return f"/exceptions/causes/{found.cause_key}/"


def _user(name: str) -> int:
    return User.objects.get(name__startswith=name).pk


def _paid() -> Invoice:
    return Invoice.objects.filter(state="paid").latest("pk")


def _party() -> int:
    return _paid().customer.party_id


def _pair(state: str) -> Callable[[Stage], str]:
    def address(stage: Stage) -> str:
        found = MergeProposal.objects.filter(state=state).latest("score", "pk")
        return f"/customers/duplicates/{found.pk}/"

    return address


def _merge(stage: Stage) -> str:
    return f"/customers/duplicates/merges/{Merge.objects.latest('pk').pk}/"


def _subscription() -> int:
    return Subscription.objects.latest("pk").pk


def _schedule() -> int:
    return RevenueSchedule.objects.latest("pk").pk


def _period(stage: Stage) -> str:
    found = AccountingPeriod.objects.filter(state="open").earliest("starts")
    return f"/books/periods/{found.pk}/"


def _closed_period(stage: Stage) -> str:
    found = AccountingPeriod.objects.filter(state="closed").latest("starts")
    return f"/books/periods/{found.pk}/"


def _event(kind: str, stage: Stage) -> str:
    return f"/lineage/event/{stage.case[kind].inbound_id}/"


def _invoice_of(kind: str) -> Callable[[Stage], str]:
    def address(stage: Stage) -> str:
        entry = JournalEntry.objects.get(pk=stage.case[kind].record_id)
        return f"/lineage/invoice/{entry.record_id}/"

    return address


def _newest(model: type[Model], **chosen: object) -> Callable[[Stage], str]:
    """The thread of the newest record of that kind."""

    def address(stage: Stage) -> str:
        found = model._default_manager.filter(**chosen).latest("pk")
        return f"/lineage/{found._meta.model_name}/{found.pk}/"

    return address


def _journal(stage: Stage) -> str:
    return f"/journals/JE-{JournalEntry.objects.filter(document_type='invoice').earliest('pk').pk}/"


def _journal_in_doubt(stage: Stage) -> str:
    return f"/journals/JE-{stage.case['in_doubt'].record_id}/"


def _dearest() -> RatedLine:
    return RatedLine.objects.latest("amount")


def _account() -> int:
    return Account.objects.get(subscription_id=_dearest().subscription_id).pk


def _run(stage: Stage) -> str:
    return f"/flows/runs/{FlowRun.objects.filter(flow='invoice.issued').latest('pk').pk}/"


def _credit(end: str = "", **chosen: object) -> Callable[[Stage], str]:
    """The newest request of that sort, or what lies under it."""
    return lambda stage: f"/credits/{ServiceCredit.objects.filter(**chosen).latest('pk').pk}/{end}"


def _term(end: str) -> Callable[[Stage], str]:
    """Something of the newest rule, whose id stands where ``end`` has braces."""
    return lambda stage: f"/credits/terms/{end.format(Rule.objects.latest('pk').pk)}"


def _case_without_credit(stage: Stage) -> str:
    return "/credits/new?ticket=ZD-48254"


def _approval(**chosen: object) -> Callable[[Stage], str]:
    """The newest request like that."""

    def address(stage: Stage) -> str:
        return f"/approvals/APR-{ApprovalRequest.objects.filter(**chosen).latest('pk').pk}/"

    return address


def _together(stage: Stage) -> str:
    waiting = ApprovalRequest.objects.filter(state="waiting", tier=1, subject="service_credit")
    picked = "&".join(f"pick={one.pk}" for one in waiting)
    return f"/approvals/together/?{picked}"


def _policy(stage: Stage) -> str:
    return f"/approvals/policies/{Policy.objects.get(subject='service_credit').pk}/"


# By the name of the address. Those that answer with no page are in NO_PAGES.
PAGES: Final[dict[str, tuple[Look, ...]]] = {
    "accounts:sign-in": (Look("sign-in", _at("/sign-in/"), by=""),),
    "accounts:confirm": (Look("confirm", _at("/me/confirm/")),),
    "accounts:password": (Look("password", _at("/me/password/")),),
    "accounts:set-up": (Look("set-up-second-factor", _at("/me/second-factor/")),),
    "accounts:add-key": (Look("add-security-key", _at("/me/second-factor/keys/")),),
    "me:settings": (Look("me", _at("/me/")),),
    "tokens:list": (Look("tokens", _at("/users/tokens/"), by="Ada"),),
    "console:home": (
        Look("home-finance", _at("/")),
        Look("home-revops", _at("/"), by="Ines"),
        Look("home-support", _at("/"), by="Tom"),
        Look("home-admin", _at("/"), by="Ada"),
    ),
    "console:find": (
        Look("find", _at("/find")),
        Look("find-nothing", _at("/find?q=INV-0000")),
        Look("find-email", _at("/find?q=pat@alder.example")),
    ),
    "console:users": (
        Look("users", _at("/users/"), by="Ada"),
        Look("users-auditor", _at("/users/?q=nobody"), by="Yuki"),
    ),
    "console:user": (
        Look("user", lambda stage: f"/users/{_user('Greta')}/", by="Ada"),
        Look("user-oneself", lambda stage: f"/users/{_user('Ada')}/", by="Ada"),
    ),
    "console:emergencies": (Look("break-glass", _at("/break-glass/"), by="Marcus"),),
    "console:threads": (Look("lineage-start", _at("/lineage/")),),
    "console:lineage": (
        Look("lineage-refused", _invoice_of("period_closed")),
        Look("lineage-in-doubt", _invoice_of("in_doubt")),
        Look("lineage-paid", _newest(Invoice, state="paid")),
        Look("lineage-list", lambda stage: f"{_newest(Invoice, state='paid')(stage)}?tab=list"),
        Look("lineage-graph", lambda stage: f"{_newest(Invoice, state='paid')(stage)}?tab=graph"),
        Look("lineage-back", lambda stage: f"{_newest(Invoice, state='paid')(stage)}?moment=1"),
        Look("lineage-void", _newest(Invoice, state="void")),
        Look("lineage-refund", _newest(Refund)),
        Look("lineage-payout", _newest(Payout)),
        Look("lineage-failed-payment", _newest(Payment, state="failed")),
        Look("lineage-customer", _newest(Customer)),
        Look("lineage-unmapped", lambda stage: _event("mapping_missing", stage)),
        Look("lineage-unknown-event", lambda stage: _event("schema_drift", stage)),
    ),
    "console:customers": (
        Look("customers", _at("/customers/")),
        Look("customers-support", _at("/customers/"), by="Tom"),
    ),
    "console:customer": (
        Look("customer", lambda stage: f"/customers/{_party()}/"),
        Look("customer-support", lambda stage: f"/customers/{_party()}/", by="Tom"),
    ),
    "console:duplicates": (
        Look("duplicates", _at("/customers/duplicates/")),
        Look("duplicates-apart", _at("/customers/duplicates/?state=kept_apart"), by="Ines"),
        Look("duplicates-nothing", _at("/customers/duplicates/?q=nowhere")),
    ),
    "console:duplicate": (
        Look("duplicate", _pair("open"), by="Ines"),
        Look("duplicate-merged", _pair("merged")),
        Look("duplicate-support", _pair("open"), by="Tom"),
    ),
    "console:merge": (
        Look("merge", _merge, by="Ines"),
        Look("merge-auditor", _merge, by="Yuki"),
    ),
    "console:customer-parent": (
        Look("customer-parent", lambda stage: f"/customers/{_party()}/parent/?q=a", by="Ines"),
    ),
    "console:record": (
        Look("record-invoice", lambda stage: f"/records/invoice/{_paid().pk}/"),
        Look("record-subscription", lambda stage: f"/records/subscription/{_subscription()}/"),
    ),
    "console:journals": (
        Look("journals", _at("/books/")),
        Look("journals-none", _at("/books/?q=nothing-like-it")),
    ),
    "console:schedules": (Look("schedules", _at("/books/schedules/")),),
    "console:schedule": (Look("schedule", lambda stage: f"/books/schedules/{_schedule()}/"),),
    "console:rollforward": (Look("rollforward", _at("/books/deferred-revenue/")),),
    "console:periods": (
        Look("periods", _at("/books/periods/")),
        Look("periods-auditor", _at("/books/periods/"), by="Yuki"),
    ),
    "console:period": (
        Look("period", _period, by="Marcus"),
        Look("period-closed", _closed_period),
    ),
    "console:trial-balance": (Look("trial-balance", _at("/books/trial-balance/")),),
    "console:journal": (
        Look("journal-posted", _journal),
        Look("journal-in-doubt", _journal_in_doubt),
    ),
    "console:flows": (
        Look("flows", _at("/flows/")),
        Look("flows-auditor", _at("/flows/"), by="Yuki"),
    ),
    "console:contracts": (
        Look("contracts", _at("/flows/contracts/")),
        Look("contracts-of-one", _at("/flows/contracts/?by=stripe"), by="Yuki"),
        Look("contracts-none", _at("/flows/contracts/?by=tryton")),
    ),
    "console:flow": (
        Look("flow-invoice", _at("/flows/invoice.issued/")),
        Look("flow-won", _at("/flows/opportunity.won/")),
        Look("flow-period", _at("/flows/period.closed/")),
    ),
    "console:flow-run": (
        Look("flow-run", _run),
        Look("flow-run-auditor", _run, by="Yuki"),
        Look("flow-run-revops", _run, by="Ines"),
    ),
    "credits:list": (
        Look("credits", _at("/credits/")),
        Look("credits-support", _at("/credits/"), by="Tom"),
        Look("credits-none", _at("/credits/?q=nobody-like-that")),
    ),
    "credits:new": (
        Look("credit-new", _at("/credits/new"), by="Tom"),
        Look("credit-new-case", _case_without_credit, by="Tom"),
        Look("credit-new-unknown", _at("/credits/new?q=nobody"), by="Tom"),
    ),
    "credits:find": (
        Look("credit-find", _at("/credits/find?q=a"), by="Tom"),
        Look("credit-find-nobody", _at("/credits/find?q=nobody-like-that"), by="Tom"),
    ),
    "credits:edit": (
        Look("credit-draft", _credit("edit", ticket="ZD-48301"), by="Tom"),
        Look("credit-sent-back", _credit("edit", ticket="ZD-48102"), by="Tom"),
    ),
    "credits:send": (Look("credit-check", _credit("send", ticket="ZD-48301"), by="Tom"),),
    "credits:one": (
        Look("credit-issued", _credit(state="issued")),
        Look("credit-waiting", _credit(state="waiting", ticket="ZD-48190"), by="Tom"),
        Look("credit-rejected", _credit(state="rejected"), by="Tom"),
        Look("credit-auditor", _credit(state="issued"), by="Yuki"),
    ),
    "credits:leakage": (
        Look("leakage", _at("/credits/leakage/")),
        Look("leakage-none", _at("/credits/leakage/?entity=DE-GMBH")),
    ),
    "credits:terms": (
        Look("credit-terms", _at("/credits/terms/")),
        Look("credit-terms-support", _at("/credits/terms/"), by="Tom"),
    ),
    "credits:terms-edit": (
        Look("credit-terms-promise", _at("/credits/terms/edit/?what=promise")),
        Look("credit-terms-rule", _term("edit/?what=rule&of={}")),
    ),
    "credits:term": (Look("credit-term", _term("rule/{}/")),),
    "notices:list": (
        Look("notices", _at("/notices/"), by="Marcus"),
        Look("notices-unread", _at("/notices/?view=unread"), by="Tom"),
        Look("notices-none", _at("/notices/"), by="Yuki"),
    ),
    "notices:settings": (Look("notice-settings", _at("/notices/settings/"), by="Tom"),),
    "console:tours": (Look("tours", _at("/tours/")),),
    "console:tour": (
        Look("tour", _at("/tours/quote-to-cash/")),
        Look("tour-revops", _at("/tours/usage-overage/"), by="Ines"),
    ),
    "console:playbooks": (Look("playbooks", _at("/playbooks/")),),
    "console:playbook": (Look("playbook", _at("/playbooks/period_closed/")),),
    "approvals:inbox": (
        Look("approvals", _at("/approvals/"), by="Marcus"),
        Look("approvals-team", _at("/approvals/?tab=team")),
        Look("approvals-sent", _at("/approvals/?tab=sent"), by="Tom"),
        Look("approvals-done", _at("/approvals/?tab=done"), by="Marcus"),
        Look("approvals-nothing", _at("/approvals/"), by="Yuki"),
    ),
    "approvals:approval": (
        Look("approval", _approval(state="waiting", subject="service_credit"), by="Marcus"),
        Look(
            "approval-confirm",
            lambda stage: f"{_approval(subject='period_reopening')(stage)}?decide=approve",
            by="Marcus",
        ),
        Look("approval-own", _approval(subject="period_reopening")),
        Look("approval-decided", _approval(state="approved"), by="Yuki"),
        Look("approval-policy", _approval(subject="approval_policy"), by="Noor"),
    ),
    "approvals:bulk": (Look("approvals-together", _together, by="Marcus"),),
    "approvals:policies": (
        Look("policies", _at("/approvals/policies/"), by="Ada"),
        Look("policies-auditor", _at("/approvals/policies/"), by="Yuki"),
    ),
    "approvals:policy": (Look("policy", _policy, by="Marcus"),),
    "approvals:policy-editor": (
        Look("policy-editor", _at("/approvals/policies/edit/?subject=service_credit"), by="Ada"),
    ),
    "approvals:delegations": (
        Look("delegations", _at("/approvals/delegations/"), by="Marcus"),
        Look("delegations-auditor", _at("/approvals/delegations/"), by="Yuki"),
    ),
    "exceptions:queue": (
        Look("queue", _at("/exceptions/")),
        Look("queue-by-case", _at("/exceptions/?group=case")),
        Look("queue-in-doubt", _at("/exceptions/?status=in_doubt")),
        Look("queue-resolved", _at("/exceptions/?status=resolved")),
        Look("queue-nothing-matches", _at("/exceptions/?q=nowhere&system=tryton")),
        Look("queue-auditor", _at("/exceptions/"), by="Yuki"),
    ),
    "exceptions:cause": (
        Look("cause-closed-period", _cause("period_closed")),
        Look("cause-mapping", _cause("mapping_missing")),
        Look("cause-in-doubt", _cause("in_doubt")),
        Look("cause-settled", _settled_cause),
    ),
    "exceptions:case": (
        Look("case-closed-period", _case("period_closed")),
        Look("case-in-doubt", _case("in_doubt")),
        Look("case-refused", _case("refused")),
        Look("case-mapping", _case("mapping_missing")),
        Look("case-unknown-event", _case("schema_drift")),
        Look("case-auditor", _case("period_closed"), by="Yuki"),
        Look("case-resolved", _resolved),
    ),
    "connections:list": (
        Look("connections", _at("/connections/")),
        Look("connections-revops", _at("/connections/"), by="Ines"),
    ),
    "connections:connection": (
        Look("connection-erp", _at("/connections/tryton/"), by="Ines"),
        Look("connection-billing", _at("/connections/stripe/"), by="Ines"),
        Look("connection-auditor", _at("/connections/tryton/"), by="Yuki"),
    ),
    "audit:trail": (
        Look("audit", _at("/audit/"), by="Yuki"),
        Look("audit-nothing-matches", _at("/audit/?q=nowhere"), by="Yuki"),
    ),
    "audit:act": (Look("audit-act", _at("/audit/1/"), by="Yuki"),),
    "usage:accounts": (
        Look("usage", _at("/usage/")),
        Look("usage-nothing-matches", _at("/usage/?q=nowhere")),
        Look("usage-support", _at("/usage/"), by="Tom"),
    ),
    "usage:account": (
        Look("usage-account", lambda stage: f"/usage/{_account()}/"),
        Look("usage-account-support", lambda stage: f"/usage/{_account()}/", by="Tom"),
    ),
    "usage:line": (Look("usage-line", lambda stage: f"/usage/lines/{_dearest().pk}/"),),
    "usage:records": (
        Look("usage-records", lambda stage: f"/usage/lines/{_dearest().pk}/records/"),
    ),
    "api:docs": (Look("api-docs", _at("/api/docs/")),),
}

# These answer with something else than a page: a file, a redirect after a form, or a machine's.
NO_PAGES: Final = frozenset(
    {
        "approvals:csv", "approvals:bulk-decide", "approvals:delegation-end", "approvals:decide",
        "exceptions:give-up", "approvals:comment", "approvals:withdraw", "approvals:review",
        "audit:verify", "exceptions:reveal", "audit:evidence", "audit:proof",
        "accounts:sign-out", "accounts:sso", "accounts:sso-return", "accounts:codes",
        "accounts:second-factor", "accounts:second-factor-remove", "accounts:set-password",
        "accounts:key-remove",
        "console:emergency-answer", "console:emergency-review", "console:user-ask",
        "console:user-deactivate", "console:user-end", "console:user-reset", "console:user-tie",
        "console:user-untie", "console:users-invite",
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
    Look("error-404", _at("/exceptions/EXC-999999/"), status=404),
    Look("error-403", _at("/exceptions/"), by="Tom", status=403),
)
