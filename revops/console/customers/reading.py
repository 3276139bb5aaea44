"""One customer's page: what it owes, what it has, how it fares, and what was told about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from exceptions.models import Case
from exceptions.queries.detail import open_cases_of
from revops.canonical.models import Contract, Invoice
from revops.canonical.queries.party import PartyPage
from revops.kernel.money import Money
from revops.store import sql
from revops.usage.queries.interfaces import Standing, customer_usage
from revops.web.formats import number

# Nothing is owed on these any more.
_OVER: Final = frozenset({"void", "written_off"})
_WIDE: Final = 200


@dataclass(frozen=True, slots=True)
class Owed:
    """An invoice with what is still open on it, and how its journal stands in the ERP."""

    invoice: Invoice
    total: Money
    tax: Money
    open: Money
    late_days: int
    posting: str


@dataclass(frozen=True, slots=True)
class Use:
    """Use of one meter against what is entitled; ``bar`` draws it."""

    standing: Standing
    said: str
    bar: SafeString
    over: bool


@dataclass(frozen=True, slots=True)
class Last:
    """The newest thing that a system was told about this customer."""

    system: str
    what: str
    at: datetime
    command_id: int


@dataclass(frozen=True, slots=True)
class Account:
    """The customer's money: sums by currency, never added up across them."""

    owed: Sequence[Owed]
    open: Sequence[Money]
    overdue: Sequence[Money]
    credited: Sequence[Money]
    waiting: Sequence[Money]
    late_days: int


_POSTINGS: Final = """
SELECT DISTINCT ON (entry.record_id) entry.record_id AS id, entry.id AS entry_id,
    coalesce(command.state, '') AS state
FROM ledger_journalentry entry
LEFT JOIN delivery_outboundcommand command ON command.subject_kind = 'journal'
    AND command.subject_id = entry.id
WHERE entry.record_kind = 'invoice' AND entry.document_type = 'invoice'
  AND entry.record_id = ANY(%s)
ORDER BY entry.record_id, entry.id DESC, command.id DESC
"""
_BEHIND: Final = """
SELECT entry.id FROM ledger_journalentry entry
WHERE (entry.record_kind, entry.record_id) IN (
    SELECT * FROM unnest(%s::text[], %s::bigint[]))
"""
_TOLD: Final = """
SELECT DISTINCT ON (connection.label, step.step) connection.label AS system, step.step AS what,
    step.finished_at AS at, step.command_id
FROM pipeline_flowrun run
JOIN pipeline_steprun step ON step.run_id = run.id AND step.state = 'done'
JOIN connectors_connection connection ON connection.id = step.connection_id
WHERE (run.record_kind, run.record_id) IN (SELECT * FROM unnest(%s::text[], %s::bigint[]))
  AND step.command_id IS NOT NULL AND step.finished_at IS NOT NULL
ORDER BY connection.label, step.step, step.finished_at DESC
"""
_STANDING: Final = {
    "": "not_due", "posted": "posted", "exception": "missing", "unknown": "in_doubt",
    "retry_wait": "retrying", "cancelled": "cancelled",
}  # fmt: skip
_WHAT: Final = {
    "crm.invoice_state": "Invoice state",
    "crm.renewal_value": "Renewal value",
    "crm.health": "Health",
    "crm.customer_link": "Ids in other systems",
    "crm.subscription_link": "Subscription",
    "success.customer": "Customer and group",
    "success.entitlements": "Entitlements",
    "success.payment_signal": "Payment signals",
    "customer.upsert": "Customer",
    "billing.subscription.create": "Subscription",
    "billing.invoice_item.create": "Usage to bill",
    "billing.credit_note.create": "Credit notes",
    "support.credit_state": "Credits on tickets",
    "support.billing_context": "Billing beside tickets",
}


def account_of(page: PartyPage, *, today: date) -> Account:
    """What is owed and credited, from the customer's newest invoices. One query."""
    postings = {
        row.id: _STANDING.get(row.state, "waiting")
        for row in sql.rows(_POSTINGS, ([invoice.pk for invoice in page.invoices],))
    }
    owed = [_owed(invoice, postings.get(invoice.pk, ""), today) for invoice in page.invoices]
    issued = [credit for credit in page.credits if credit.state == "issued"]
    asked = [credit for credit in page.credits if credit.state in ("requested", "approved")]
    return Account(
        owed=owed,
        open=_sums(one.open for one in owed),
        overdue=_sums(one.open for one in owed if one.late_days > 0),
        credited=_sums(Money(credit.total, credit.currency) for credit in issued),
        waiting=_sums(Money(credit.total, credit.currency) for credit in asked),
        late_days=max((one.late_days for one in owed), default=0),
    )


def use_of(party_id: int) -> list[Use]:
    """Each meter of the running period against its entitlement."""
    return [_use(standing) for standing in customer_usage(party_id)]


def cases_of(page: PartyPage) -> list[Case]:
    """The unresolved cases about anything of this customer, the most money first."""
    nodes = _nodes(page)
    entries = [row.id for row in sql.rows(_BEHIND, nodes)]
    found = open_cases_of(command_ids=[], inbound_ids=[], journal_ids=entries)
    own = Case.objects.exclude(state="resolved").filter(
        record_kind="party", record_id=page.party.pk
    )
    every = {case.pk: case for case in (*found, *own)}
    return sorted(every.values(), key=lambda case: (-(case.at_stake or 0), case.pk))


def last_told(page: PartyPage) -> list[Last]:
    """What each other system heard last about this customer, the newest first."""
    rows = sql.rows(_TOLD, _nodes(page))
    found = [
        Last(row.system, _WHAT.get(row.what, row.what), row.at, row.command_id) for row in rows
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)


def running_contract(page: PartyPage, *, today: date) -> Contract | None:
    """The contract in force; else the newest."""
    for contract in page.contracts:
        if contract.state == "active" and contract.starts_on <= today <= contract.ends_on:
            return contract
    return page.contracts[0] if page.contracts else None


def _owed(invoice: Invoice, posting: str, today: date) -> Owed:
    left = 0
    if invoice.state not in _OVER:
        left = max(0, invoice.total - invoice.applied - invoice.credited)
    late = (today - invoice.due_on).days if left and invoice.due_on else 0
    return Owed(
        invoice,
        Money(invoice.total, invoice.currency),
        Money(invoice.tax, invoice.currency),
        Money(left, invoice.currency),
        max(0, late),
        posting,
    )


def _sums(amounts: Iterable[Money]) -> list[Money]:
    totals: dict[str, int] = defaultdict(int)
    for amount in amounts:
        totals[amount.currency] += amount.minor
    return [Money(minor, code) for code, minor in sorted(totals.items()) if minor]


def _nodes(page: PartyPage) -> tuple[list[str], list[int]]:
    nodes = [("party", page.party.pk)]
    for kind, rows in (
        ("customer", page.customers), ("contract", page.contracts), ("invoice", page.invoices),
        ("subscription", page.subscriptions), ("payment", page.payments),
        ("credit", page.credits), ("entitlement", page.entitlements),
    ):  # fmt: skip
        nodes.extend((kind, row.pk) for row in rows)
    return [kind for kind, _ in nodes], [id for _, id in nodes]


def _use(standing: Standing) -> Use:
    used, limit = standing.used, standing.entitled
    over = bool(standing.over)
    if not standing.granted:
        said = f"{_shown(used)}, nothing entitled"
    elif limit is None:
        said = f"{_shown(used)}, no limit"
    else:
        said = f"{_shown(used)} of {_shown(limit)}"
        said += f", over by {_shown(standing.over)}" if over else ""
    whole = max(used, limit or Decimal(0), Decimal(1))
    within = min(used, limit) if limit is not None and standing.granted else used
    filled, place = _part(within, whole), _part(limit or Decimal(0), whole)
    bar = f'<rect class="base" width="{_WIDE}" height="8"/>'
    bar += f'<rect class="info" width="{filled}" height="8"/>'
    if over:
        bar += f'<rect class="warn" x="{filled}" width="{_WIDE - filled}" height="8"/>'
    if limit is not None and standing.granted:
        bar += f'<line class="limit" x1="{place}" x2="{place}" y1="0" y2="8"/>'
    title = escape(f"{standing.meter}: {said}")
    svg = (
        f'<svg class="draw" viewBox="0 0 {_WIDE} 8" preserveAspectRatio="none" role="img" '
        f'aria-label="{title}">{bar}</svg>'
    )
    return Use(standing, said, mark_safe(svg), over)  # noqa: S308  digits and escaped words


def _part(value: Decimal, whole: Decimal) -> int:
    return int(value * _WIDE / whole)


def _shown(value: Decimal) -> str:
    if value == value.to_integral_value():
        return str(number(int(value)))
    return f"{value.normalize():f}"


def labelled(pairs: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Facts without the empty ones."""
    return [(label, value) for label, value in pairs if value not in (None, "", [])]
