"""Invoices: what is billed, what changes a subscription in mid-term, what is voided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from revops.contracts.invoices import InvoiceIssued, InvoiceLine, InvoiceVoided
from revops.kernel.periods import Span
from revops.ledger import chains, items
from revops.ledger.chains import NOTHING, Amount, Held
from revops.ledger.drafts import JournalDraft, ScheduleDraft
from revops.ledger.drafts import business_key as key_within
from revops.ledger.rules import invoices as rules
from revops.ledger.rules import reversals, voids
from revops.ledger.rules.base import PeriodMissing, Role
from revops.pipeline.journalize import changes
from revops.pipeline.journalize.facts import About, Booked, Facts


@dataclass(frozen=True, slots=True)
class _Change:
    """The lines of an invoice that change a subscription on one day, and what they change."""

    day: date
    lines: Sequence[InvoiceLine]
    found: Sequence[Held]


def issued(data: InvoiceIssued, facts: Facts) -> Booked:
    row = facts.batch.tables.invoice.get(data.invoice_id)
    assert row is not None
    key = facts.key(data.invoice_id)
    if facts.recorded("invoice", key):
        return Booked(note="The invoice is in the books.")
    customer = facts.batch.tables.customer.by_id(row.customer_id)
    changed = _changes(data, facts)
    calendar = facts.books.periods
    found = rules.issued(
        data,
        facts.books.on(data.issued_on),
        business_key=key,
        accounting_date=data.issued_on,
        customer_name=customer.name,
        usage=_usage(data, facts),
        bears={one.day: chains.rest(one.found, one.day, calendar).amount for one in changed},
    )

    def then() -> None:
        _schedules(data, facts, key, found.schedules, changed)

    return Booked(found.drafts, note=found.note, then=then)


def _changes(data: InvoiceIssued, facts: Facts) -> list[_Change]:
    """
    Proration lines of one day are one change of what stands in the subscription's chain: of the
    SKUs that they credit, else of the SKUs that they charge. What matches nothing is a service of
    its own (ASC 606-10-25-12) and leaves the others alone.
    """
    chain = (
        facts.known.chains.get(facts.key(data.subscription_id)) if data.subscription_id else None
    )
    by_day: dict[date, list[InvoiceLine]] = {}
    for line in data.lines:
        if chain and line.proration and line.service_period is not None and line.amount:
            by_day.setdefault(line.service_period.start, []).append(line)
    found = []
    for day, lines in by_day.items():
        last = max(line.service_period.end for line in lines if line.service_period)
        here = [
            one
            for one in chains.standing(chain or (), day)
            if one.service.start <= last and one.currency == data.currency
        ]
        credited = {line.sku for line in lines if line.amount < 0}
        skus = credited or {line.sku for line in lines}
        mine = [one for one in here if one.terms.sku in skus] or (here if credited else [])
        if mine:
            found.append(_Change(day, lines, mine))
    return found


def _schedules(
    data: InvoiceIssued, facts: Facts, key: str, made: Sequence[ScheduleDraft],
    changed: Sequence[_Change],
) -> None:  # fmt: skip
    entry_key = ("invoice", key)
    by_line = {schedule.line_id: schedule for schedule in made}
    for change in changed:
        mine = [by_line.pop(line.line_id) for line in change.lines if line.line_id in by_line]
        charges = sorted((one for one in mine if one.total > 0), key=lambda one: -one.total)
        main = charges[0] if charges else None
        joined = [
            one for one in mine
            if one.total < 0 or main is None or changes.terms_of(one) == changes.terms_of(main)
        ]  # fmt: skip
        rest = chains.rest(change.found, change.day, facts.books.periods).amount
        if rest + sum(one.total for one in joined) < 0:
            joined = mine
        delta = sum([Amount(one.total, one.functional_total) for one in joined], NOTHING)
        line_id = main.line_id if main else change.lines[0].line_id
        changes.go_on(
            facts, change.found, change.day, delta,
            document=facts.document("invoice", key, line_id), reason=chains.CHANGE,
            terms=changes.terms_of(main) if main else None,
            end=max([one.service for one in mine] + [one.service for one in change.found],
                    key=lambda span: span.end).end,
        )  # fmt: skip
        by_line |= {one.line_id: one for one in mine if one not in joined}
    for schedule in by_line.values():
        chain = facts.key(data.subscription_id) if data.subscription_id else ""
        chain = chain or key_within(key, schedule.line_id)
        facts.known.add(changes.begun(facts, schedule, chain, entry_key))


def _usage(data: InvoiceIssued, facts: Facts) -> dict[str, rules.Billed]:
    """
    What was accrued for the usage that the lines bill, and where its own period is still open
    (J3b): that gets the revenue, accrued or not.
    """
    found: dict[str, rules.Billed] = {}
    dated = facts.books.on(data.issued_on)
    for line in data.lines:
        if not line.usage_ref:
            continue
        accrued = facts.known.balance(
            facts.books.id, dated.account(Role.UNBILLED), data.currency,
            items.rated_line(line.usage_ref),
        )  # fmt: skip
        reopened = _reopened(line, data.issued_on, facts)
        if accrued.amount > 0 or (reopened is not None and line.amount):
            then = facts.books.on(reopened) if reopened is not None else None
            held = accrued if accrued.amount > 0 else NOTHING
            found[line.usage_ref] = rules.Billed(held, reopened, then)
    return found


def _reopened(line: InvoiceLine, issued_on: date, facts: Facts) -> date | None:
    """The latest day of the usage's own period, while that is open and not the invoice's."""
    if line.service_period is None:
        return None
    try:
        _, own = facts.books.period_of(line.service_period.end)
    except PeriodMissing:
        return None
    return own.span.end if own.open and own.span.end < issued_on else None


def voided(data: InvoiceVoided, facts: Facts) -> Booked:
    """
    J5f: the mirror of the invoice, of what was recognised of its own schedules, and of the credit
    memos that had lowered it. What others made of its schedules is worked out anew without it;
    what had been paid is the customer's again.
    """
    row = facts.batch.tables.invoice.get(data.invoice_id)
    assert row is not None
    key = facts.key(data.invoice_id)
    standing = facts.known.standing.get(row.id, ())
    if not any(item.draft.document_type == "invoice" for item in standing):
        return Booked(note="Nothing of this invoice is in the books.")
    liability = facts.books.on(data.voided_on).account(Role.CUSTOMER_CREDIT)
    lowered = [
        item
        for item in facts.known.credits.get(row.id, ())
        if all(line.account != liability for line in item.draft.lines)
    ]
    undoing = [item for item in standing if _own(item.draft, key)] + lowered
    drafts = list(
        reversals.void([one.draft for one in undoing], on=data.voided_on, business_key=key)
    )
    reverses: list[int | None] = [item.id for item in undoing]
    if row.applied > 0:
        about = facts.of_invoice(row.id)
        drafts.append(_freed(data, facts, about, row.currency, row.applied))
        reverses.append(None)
    own = facts.known.of_document(key)
    for item in lowered:
        own += facts.known.of_document(item.draft.business_key)
    removed = {one: one.total - one.carried for one in own if one.stop_reason != chains.VOID}
    # A memo that took all that was left made no schedule: what was given up comes back with it.
    regained = {chains.heirs(one) for one in own} if lowered else set()
    plan = _short_after(facts, removed, regained)
    if plan.amount:
        drafts.append(_short(data, facts, own[0], plan))
        reverses.append(None)

    def then() -> None:
        changes.undone(facts, removed, regained)

    return Booked(drafts, reverses, then=then if removed else None)


def _own(draft: JournalDraft, key: str) -> bool:
    """Not what was recognised of schedules that a later document made: that is worked out anew."""
    return draft.business_key == key or draft.business_key.startswith(f"{key}/")


def _short_after(facts: Facts, removed: dict[Held, Amount], regained: set[Held]) -> Amount:
    """What credits of others had taken of this invoice's deferral, worked out on copies."""
    short = NOTHING
    for chain in {one.chain for one in removed}:
        copies = chains.copied(facts.known.chains[chain])
        own = {copies[one]: amount for one, amount in removed.items() if one.chain == chain}
        back = {copies[one] for one in regained if one in copies}
        short += chains.undone(list(copies.values()), own, facts.books.periods, regained=back)[1]
    return short


def _freed(
    data: InvoiceVoided, facts: Facts, about: About, currency: str, amount: int
) -> JournalDraft:
    """What had been paid on the invoice becomes the customer's balance."""
    return voids.freed(
        facts.books.on(data.voided_on), business_key=about.invoice_key,
        accounting_date=data.voided_on, amount=amount, currency=currency,
        invoice_id=data.invoice_id, invoice_number=about.invoice_number,
        customer_id=about.customer_id, customer_name=about.customer_name,
        customer_key=about.customer_key,
    )  # fmt: skip


def _short(data: InvoiceVoided, facts: Facts, one: Held, short: Amount) -> JournalDraft:
    return voids.short(
        facts.books.on(data.voided_on), business_key=facts.key(data.invoice_id),
        accounting_date=data.voided_on, deferral_account=one.terms.deferral_account,
        amount=-short.amount, functional=-short.functional, currency=one.currency,
        invoice_id=data.invoice_id, service=Span(one.service.start, one.service.end),
    )  # fmt: skip
