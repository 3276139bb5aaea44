"""
``support.billing_context``: what the desk's agent should know of the customer's billing while a
case is open: plan, how collection stands, open invoices, entitlements, credits of the last year.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from django.urls import reverse

from revops.kernel import clock, strict_json
from revops.pipeline.messages import address
from revops.pipeline.transform.base import Answer, Ask, Made, NotNeeded, Unready
from revops.store import sql

# What an agent reads at a glance; the link leads to the rest.
_MOST: Final = 8

_CASES: Final = """
SELECT cases.id, cases.connection_id, cases.source_id, cases.customer_ref, cases.state,
    customer.party_id
FROM canonical_supportcase cases LEFT JOIN canonical_customer customer
    ON customer.id = cases.customer_id
WHERE cases.id = ANY(%s)
"""
_PLANS: Final = """
SELECT customer.party_id, had.items::text AS items, had.state, had.renews_on
FROM canonical_subscription had JOIN canonical_customer customer ON customer.id = had.customer_id
WHERE customer.party_id = ANY(%s) AND had.state <> 'cancelled' ORDER BY had.id
"""
_GRANTED: Final = """
SELECT customer.party_id, had.feature, had.quantity, had.unit
FROM canonical_entitlement had JOIN canonical_customer customer ON customer.id = had.customer_id
WHERE customer.party_id = ANY(%s) AND had.state = 'active'
    AND (had.ends_on IS NULL OR had.ends_on >= %s) ORDER BY had.id
"""
_OWED: Final = """
SELECT customer.party_id, coalesce(nullif(had.number, ''), had.source_id) AS number, had.currency,
    had.total - had.applied - had.credited AS open, had.due_on,
    had.state = 'overdue' OR had.due_on < %s AS overdue, EXISTS (
        SELECT FROM canonical_dispute dispute
        JOIN canonical_payment payment ON payment.id = dispute.payment_id
        WHERE payment.invoice_id = had.id AND dispute.state = 'open'
    ) AS disputed
FROM canonical_invoice had JOIN canonical_customer customer ON customer.id = had.customer_id
WHERE customer.party_id = ANY(%s) AND had.state IN ('issued', 'overdue')
    AND had.total > had.applied + had.credited
ORDER BY had.due_on NULLS LAST, had.id
"""
# A memo stands for the request that it was issued for.
_CREDITED: Final = """
SELECT customer.party_id, coalesce(nullif(had.number, ''), had.source_id) AS number, had.currency,
    had.net, had.state, coalesce(had.issued_on, had.decided_on, had.requested_on) AS dated
FROM canonical_credit had JOIN canonical_customer customer ON customer.id = had.customer_id
WHERE customer.party_id = ANY(%s)
    AND coalesce(had.issued_on, had.decided_on, had.requested_on) > %s::date - 365
    AND NOT EXISTS (SELECT FROM canonical_credit memo WHERE memo.request_id = had.id)
ORDER BY dated DESC, had.id DESC
"""


def context(asks: Sequence[Ask]) -> Mapping[int, Answer]:
    cases = {row.id: row for row in sql.rows(_CASES, ([ask.record_id for ask in asks],))}
    wanted = {row.party_id for row in cases.values() if row.party_id is not None}
    day = clock.now().date()
    parties = list(wanted)
    found = {
        "plans": _by_party(wanted, _PLANS, parties),
        "granted": _by_party(wanted, _GRANTED, parties, day),
        "owed": _by_party(wanted, _OWED, day, parties),
        "credited": _by_party(wanted, _CREDITED, parties, day),
    }
    return {ask.step_id: _context(ask, cases.get(ask.record_id), found) for ask in asks}


def _by_party(wanted: Collection[int], query: str, *params: object) -> Mapping[int, Sequence[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in sql.rows(query, params) if wanted else ():
        found[row.party_id].append(row)
    return found


def _context(ask: Ask, case: Any, found: Mapping[str, Mapping[int, Sequence[Any]]]) -> Answer:
    if case is None or case.connection_id != ask.connection_id:
        return NotNeeded("Another desk has this case.")
    if case.state == "resolved":
        return NotNeeded("The case is over.")
    if case.party_id is None:
        if not case.customer_ref:
            return NotNeeded("The case names no customer.")
        return Unready("The customer of the case is not known yet.")
    plans, granted, owed, credited = (
        rows.get(case.party_id, ()) for rows in (found[name] for name in _PARTS)
    )
    payload = {
        "ticket_id": case.source_id,
        "plans": [_plan(row) for row in plans[:_MOST]],
        "collection": _collection(owed),
        "invoices": [
            {
                "number": row.number, "currency": row.currency, "open": row.open,
                "due_on": row.due_on.isoformat() if row.due_on else None,
                "overdue": bool(row.overdue),
            }
            for row in owed[:_MOST]
        ],
        "entitlements": [_grant(row) for row in granted[:_MOST]],
        "credits": [
            {
                "number": row.number, "currency": row.currency, "amount": row.net,
                "state": row.state, "dated": row.dated.isoformat(),
            }
            for row in credited[:_MOST]
        ],
        "more": sum(max(len(rows) - _MOST, 0) for rows in (plans, granted, owed, credited)),
        "url": address(reverse("console:record", args=["support_case", case.id])),
        "version": ask.version,
    }  # fmt: skip
    return Made(f"{ask.source}:{case.source_id}", payload)


_PARTS: Final = ("plans", "granted", "owed", "credited")


def _collection(owed: Sequence[Any]) -> str:
    """How it stands, the gravest first."""
    if any(row.disputed for row in owed):
        return "disputed"
    if any(row.overdue for row in owed):
        return "overdue"
    return "open" if owed else "clear"


def _plan(row: Any) -> str:
    items = ", ".join(
        " × ".join([str(item.get("sku") or "?"), *([str(item["quantity"])] if "quantity" in item
                                                   else [])])
        for item in strict_json.loads(row.items)
    )  # fmt: skip
    told = [items or "A subscription without items"]
    told += ["paused"] if row.state == "paused" else []
    told += [f"renews on {row.renews_on}"] if row.renews_on else []
    return ", ".join(told)[:300]


def _grant(row: Any) -> str:
    if row.quantity is None:
        return f"{row.feature}: without limit"[:300]
    return f"{row.feature}: {row.quantity.normalize():f} {row.unit}".rstrip()[:300]
