"""How the tests ask for each address: with which things of a side, and with which form."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.test import Client
from django.utils.http import urlencode

from accounts.models import User
from revops.sandbox.rehearsals.models import Rehearsal
from tests.access import reconciling
from tests.access.sides import Side
from tests.architecture.addresses import Address
from tests.rehearsals.kit import a_rehearsal, a_report

FORM: Final = "application/x-www-form-urlencoded"  # as browsers send forms without a file


def _a_rehearsal(side: Side) -> int:
    """One of the demo's that has ended; it belongs to no side."""
    known = Rehearsal.objects.first() or a_rehearsal(side.colleague, a_report())
    return known.pk


_WHAT: Final[tuple[tuple[str, Callable[[Side], dict[str, Any]]], ...]] = (
    (r"^(api/v1/)?approvals/(APR-|<)", lambda side: {
        "number": side.request.pk, "reference": f"APR-{side.request.pk}"}),
    (r"^approvals/policies/<", lambda side: {"number": side.policy.pk}),
    (r"^approvals/delegations/<", lambda side: {"number": side.delegation.pk}),
    (r"^(api/v1/cases/<|exceptions/EXC-)", lambda side: {
        "number": side.case.pk, "reference": f"EXC-{side.case.pk}", "remedy": "retry",
        "entry": 0}),
    (r"^bulk/BLK-", lambda side: {"number": side.job.pk, "what": "stop"}),
    (r"^exceptions/causes/", lambda side: {"key": side.case.cause_key, "remedy": "retry"}),
    (r"^api/v1/journals/<", lambda side: {"reference": f"JE-{side.entry.pk}"}),
    (r"^journals/", lambda side: {"id": side.entry.pk}),
    (r"^books/schedules/<", lambda side: {"id": side.schedule.pk}),
    (r"^books/periods/<", lambda side: {"id": side.period.pk}),
    (r"^customers/duplicates/<", lambda side: {"id": side.proposal.pk}),
    (r"^customers/duplicates/merges/", lambda side: {"id": side.merge.pk}),
    (r"^customers/<", lambda side: {"id": side.party.pk}),
    (r"^records/", lambda side: {"kind": "invoice", "id": side.invoice.pk}),
    (r"lineage/<\w+:kind>", lambda side: {"kind": "invoice", "id": side.invoice.pk}),
    (r"^api/v1/lineage/<str:reference>", lambda side: {"reference": side.invoice.number}),
    (r"^flows/runs/", lambda side: {"id": side.run.pk}),
    (r"^flows/<", lambda _: {"event": "invoice.issued"}),
    (r"^users/tokens/<", lambda side: {"prefix": side.token.prefix}),
    (r"^me/", lambda _: {"id": 999_999}),
    (r"^users/<", lambda side: {"id": side.colleague.pk, "assignment": side.assignment.pk,
        "tie": side.tie.pk}),
    (r"^break-glass/<", lambda side: {"number": side.emergency.pk}),
    (r"^mappings/changes/", lambda side: {"number": side.change_set.pk, "position": 1}),
    (r"^mappings/<", lambda _: {"kind": "tax-codes"}),
    (r"^usage/lines/", lambda side: {"id": side.rated.pk}),
    (r"^usage/<", lambda side: {"id": side.usage.pk}),
    (r"^measures/objectives/", lambda _: {"slug": "posted"}),
    (r"^measures/assumptions/", lambda _: {"slug": "matching"}),
    (r"^alerts/rules/<", lambda side: {"number": side.alert_rule.pk}),
    (r"^alerts/ALT-<", lambda side: {"number": side.alert.pk}),
    (r"^close/settings/", lambda _: {"what": "calendar"}),
    (r"^close/<", lambda side: {
        "period": side.period.code, "entity": side.entity.code, "number": side.task.pk}),
    (r"^reconciliation/(runs|rules)/", reconciling.of),
    (r"^credits/terms/<", lambda side: {"what": "rule", "id": side.rule.pk}),
    (r"^credits/<.*/(edit|send|discard)", lambda side: {"id": side.draft.pk}),
    (r"^credits/<", lambda side: {"id": side.credit.pk}),
    (r"^playbooks/", lambda _: {"slug": "in_doubt"}),
    (r"^rehearsals/", lambda side: {"number": _a_rehearsal(side), "what": "stop"}),
    (r"^tours/", lambda _: {"slug": "quote-to-cash"}),
    (r"^connections/", lambda _: {"slug": "erp", "connector": "tryton"}),
    (r"^audit/<", lambda _: {"seq": 1}),
    (r"^hooks/", lambda side: {"public_id": side.inbound.connection.public_id}),
    (r"^api/v1/contracts/<", lambda _: {"event": "invoice.issued", "version": 1}),
    (r"^set-password/", lambda side: {
        "id": side.colleague.pk, "token": default_token_generator.make_token(side.colleague)}),
    (r"^events/EVT-", lambda side: {"number": side.inbound.pk}),
)  # fmt: skip

# By route: what is typed into the form. Where nothing stands here, it is sent empty.
_TYPED: Final[dict[str, Callable[[Side], dict[str, Any]]]] = {
    "approvals/APR-<int:number>/decide": lambda side: {
        "verdict": "approve", "seen": side.request.sha256, "reason": "Looked at it"},
    "approvals/APR-<int:number>/comments": lambda _: {"text": "A word"},
    "approvals/APR-<int:number>/withdraw": lambda _: {"reason": "A mistake"},
    "measures/objectives/<slug:slug>": lambda _: {
        "target": "98.5", "within": "600", "days": "28"},
    "measures/assumptions/<slug:slug>": lambda _: {"seconds": "60", "note": "Timed"},
    "close/settings/<slug:what>": lambda side: {
        "entity": side.entity.code, "target_days": "4", "holidays": ""},
    "close/<slug:period>/<slug:entity>/sign": lambda _: {"role": "preparer", "confirm": "yes"},
    "close/<slug:period>/<slug:entity>/tasks/<int:number>": lambda _: {"to": "prepared"},
    "close/<slug:period>/<slug:entity>/reopen": lambda _: {"reason": "An invoice is missing"},
    "approvals/together/decide": lambda side: {"pick": side.request.pk, "verdict": "approve"},
    "bulk/BLK-<int:number>/start": lambda _: {"reason": "They are somebody else's"},
    "exceptions/views/save": lambda _: {"name": "My queue", "query": "sort=money"},
    "exceptions/EXC-<int:number>/comments/": lambda _: {"text": "A word"},
    "exceptions/EXC-<int:number>/reveal/": lambda _: {"reason": "To ask the customer"},
    "exceptions/EXC-<int:number>/give-up/": lambda _: {"reason": "Nobody can mend it"},
    "customers/duplicates/<int:id>/decide": lambda _: {"choice": "apart", "reason": "Looked"},
    "customers/duplicates/merges/<int:id>/unmerge": lambda _: {"reason": "They are two"},
    "books/periods/<int:id>/open": lambda _: {"reason": "An invoice is missing"},
    "mappings/changes/MC-<int:number>/send": lambda _: {"reason": "A new code"},
    "flows/runs/<int:id>/undo": lambda _: {"reason": "A mistake"},
    "users/<int:id>/ask": lambda _: {"role": "finance", "where": "", "reason": "Joins"},
    "users/<int:id>/same-person": lambda side: {
        "other": side.request.requested_by.email, "reason": "One badge"},
    "users/<int:id>/same-person/<int:tie>/end": lambda _: {"reason": "Two badges"},
    "users/<int:id>/second-factor/reset": lambda _: {"reason": "Seen in person"},
    "customers/<int:id>/reveal": lambda _: {"reason": "To ask the customer"},
    "records/<slug:kind>/<int:id>/reveal": lambda _: {"reason": "To ask the customer"},
    "events/EVT-<int:number>/reveal": lambda _: {"reason": "To ask the customer"},
    "users/<int:id>/reveal": lambda _: {"reason": "To ask them whether it was they"},
    "personal-data/": lambda _: {"texts": "pat@nowhere.example", "reason": "Request 2026-114"},
    "users/<int:id>/deactivate": lambda _: {"reason": "Left"},
    "users/<int:id>/roles/<int:assignment>/end": lambda _: {"reason": "Moved"},
    "users/groups/change": lambda side: {
        "name": "A region", "entities": [side.entity.code], "reason": "Closes together"},
    "users/invite": lambda _: {"email": "new@example.com", "name": "New Person"},
    "break-glass/": lambda _: {
        "actions": ["cases.retry"], "minutes": "20", "reason": "Nobody is there"},
    "break-glass/<int:number>/answer": lambda _: {"choice": "grant"},
    "break-glass/<int:number>/review": lambda _: {"review": "It was right"},
    "reconciliation/run": reconciling.asked,
    "reconciliation/lists/bring": lambda _: {"list": "bank/bank"},
    "reconciliation/rules/<slug:check>/draft": lambda _: {"act": "start"},
    "credits/new": lambda side: {"sought": side.invoice.number, "ticket": ""},
    "credits/<int:id>/withdraw": lambda _: {"reason": "A mistake"},
    "credits/<int:id>/reverse": lambda _: {"reason": "A mistake"},
    "connections/<slug:slug>/pause/": lambda _: {"reason": "Maintenance"},
    "me/appearance": lambda _: {"theme": "dark", "density": "comfortable", "zone": "UTC"},
}  # fmt: skip


def address_of(one: Address, side: Side) -> str:
    """The address with the side's things in it."""
    if not one.asks():
        return one.of({})
    for pattern, what in _WHAT:
        if re.search(pattern, one.route):
            return one.of(what(side))
    raise AssertionError(f"{one} is new: say in tests/access/asking.py what stands for it.")


def typed(route: str, side: Side) -> dict[str, Any]:
    return _TYPED[route](side) if route in _TYPED else {}


def reply(client: Client, method: str, path: str, form: dict[str, Any] | None = None) -> Any:
    """The answer; whatever it did is undone. Looking does nothing (``test_matrix`` holds it)."""
    if method == "GET":
        return client.get(path)
    with transaction.atomic():
        answer = client.generic(method, path, urlencode(form or {}, doseq=True), FORM)
        transaction.set_rollback(True)
    return answer


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def settled_in(user: User) -> Client:
    """Signed in, and here for a while: the session has noted already what it notes at first."""
    client = signed_in(user)
    client.get("/nowhere")
    return client
