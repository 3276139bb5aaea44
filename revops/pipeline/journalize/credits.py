"""Credit memos, the use of a balance, and requests that were refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from revops.contracts.credits import (
    CreditApplied,
    CreditIssued,
    CreditLine,
    CreditRejected,
    CreditTax,
)
from revops.kernel.money import allocate
from revops.ledger import chains, items
from revops.ledger.chains import Amount, Held
from revops.ledger.drafts import business_key as key_within
from revops.ledger.rules import credits as rules
from revops.ledger.rules import limits, period_end
from revops.ledger.rules.base import MappingMissing, Role
from revops.ledger.rules.credits import Lowered
from revops.ledger.schedules import POINT_IN_TIME
from revops.pipeline.journalize import changes, refunded_before
from revops.pipeline.journalize.facts import Booked, Facts, GivenBackLine


def issued(data: CreditIssued, facts: Facts) -> Booked:
    key = facts.key(data.credit_id)
    if facts.recorded("credit", key):
        return Booked(note="The credit memo is in the books.")
    row = facts.batch.tables.invoice.get(data.invoice_id) if data.invoice_id else None
    about = facts.of_invoice(row.id) if row else facts.of_customer(data.customer_id)
    lines = _by_invoice_line(data, facts, about.invoice_key)
    given_back = checked(facts, about.invoice_key, data.currency, lines)
    on = data.effective_on or data.issued_on
    lowered, held = _lowered(data, facts, about.invoice_key, lines, on)
    # The record counts this memo already.
    still_open = (
        row.total - row.applied - row.credited + (data.total if data.settles == "invoice" else 0)
        if row
        else 0
    )
    accrued_item = facts.known.request_item(data.request_ref) if data.request_ref else ""
    account = facts.books.on(data.issued_on).account(Role.ACCRUED_CREDITS)
    accrued = facts.known.balance(facts.books.id, account, data.currency, accrued_item)
    memo = rules.issued(
        data,
        facts.rated(data.issued_on, about.issued_on),
        lowered,
        business_key=key,
        accounting_date=data.issued_on,
        open_amount=still_open,
        customer_key=about.customer_key or facts.key(data.customer_id),
        customer_name=about.customer_name,
        invoice_key=about.invoice_key,
        accrued=chains.NOTHING - accrued if accrued_item else chains.NOTHING,
        accrued_item=accrued_item,
    )
    then = _then(data, facts, on, lines, held, memo.taken) if memo.journalized.drafts else None
    paid = [
        draft
        for entry in memo.journalized.drafts
        for draft in refunded_before.paid(data, facts, entry, about, key)
    ]
    return Booked(
        (*memo.journalized.drafts, *paid),
        note=memo.journalized.note,
        then=then,
        given_back=given_back,
    )


def _then(
    data: CreditIssued, facts: Facts, on: date, lines: Sequence[CreditLine],
    held: Sequence[tuple[Held | None, Sequence[Held]]], taken: Sequence[Amount],
) -> Callable[[], None]:  # fmt: skip
    """What the memo took goes off the schedules: from the day on, or as if never billed."""

    def then() -> None:
        removed: dict[Held, Amount] = {}
        for line, (first, _), took in zip(lines, held, taken, strict=True):
            if not took.amount or first is None:
                continue
            if data.credit_type == "billing_error":
                removed[first] = removed.get(first, chains.NOTHING) + took
                continue
            found = chains.standing([chains.heirs(first)], on)
            document = facts.document("credit", facts.key(data.credit_id), line.line_id)
            changes.go_on(
                facts, found, on, chains.NOTHING - took, document=document, reason=chains.CREDIT
            )
        if removed:
            changes.undone(facts, removed)

    return then


def _lowered(
    data: CreditIssued, facts: Facts, invoice_key: str, lines: Sequence[CreditLine], on: date
) -> tuple[list[Lowered], list[tuple[Held | None, Sequence[Held]]]]:
    """Each line with the schedules that it lowers. Two lines of one schedule share what is left."""
    calendar = facts.books.periods
    used: dict[Held, Amount] = {}
    lowered: list[Lowered] = []
    held: list[tuple[Held | None, Sequence[Held]]] = []
    for line in lines:
        first = facts.known.of_line(invoice_key, line.invoice_line_id)
        if first is None:
            lowered.append(Lowered(line, revenue_account=_revenue(facts, data, invoice_key, line)))
            held.append((None, ()))
            continue
        last = chains.heirs(first)
        found = chains.standing([last], on)
        rest = chains.rest(found, on, calendar) - used.get(last, chains.NOTHING)
        chain = facts.known.chains[first.chain]
        earned = sum(one.earned(on, calendar).amount for one in chains.lineage(chain, first))
        one = Lowered(
            line, rest, earned, first.total - first.carried, last.terms.deferral_account,
            last.terms.revenue_account,
        )  # fmt: skip
        lowered.append(one)
        held.append((first, found))
        used[last] = used.get(last, chains.NOTHING) + rules.takes(data, one)
    return lowered, held


def _revenue(facts: Facts, data: CreditIssued, invoice_key: str, line: CreditLine) -> str:
    """Where the revenue of a line without a schedule went: a billing error is undone there."""
    billed = facts.known.line(invoice_key, line.invoice_line_id)
    if billed is None or data.credit_type != "billing_error":
        return ""
    try:
        treatment = facts.books.on(data.issued_on).sku(billed.sku)
    except MappingMissing:
        return ""
    return treatment.revenue_account if treatment.convention == POINT_IN_TIME else ""


def _by_invoice_line(data: CreditIssued, facts: Facts, invoice_key: str) -> Sequence[CreditLine]:
    """
    Lines that name no invoice line lower all lines of the invoice, in the proportion of what is
    left of each (largest remainder).
    """
    billed = [one for one in facts.known.lines(invoice_key) if one.amount > 0]
    found: list[CreditLine] = []
    for line in data.lines:
        left = [
            max(0, one.amount - facts.known.given_back(invoice_key, one.line_id)) for one in billed
        ]
        if line.invoice_line_id or not sum(left):
            found.append(line)
            continue
        amounts = allocate(line.amount, left)
        taxes = {tax.code: allocate(tax.amount, left) for tax in line.taxes}
        for index, one in enumerate(billed):
            if not amounts[index] and not any(parts[index] for parts in taxes.values()):
                continue
            own = tuple(CreditTax(code=code, amount=parts[index]) for code, parts in taxes.items())
            found.append(
                line.model_copy(
                    update={
                        "line_id": f"{line.line_id}/{index + 1}", "invoice_line_id": one.line_id,
                        "amount": amounts[index], "taxes": own,
                    }
                )
            )  # fmt: skip
    return found


def checked(
    facts: Facts, invoice_key: str, currency: str, lines: Sequence[CreditLine]
) -> list[GivenBackLine]:
    """What the lines give back, held to what was charged (I9). Raises LimitExceeded."""
    found: list[GivenBackLine] = []
    asked: dict[tuple[str, str], int] = {}
    for line in lines:
        billed = facts.known.line(invoice_key, line.invoice_line_id)
        if billed is None:
            continue
        parts = [("", billed.amount, line.amount)]
        parts += [(tax.code, billed.taxes.get(tax.code, 0), tax.amount) for tax in line.taxes]
        for code, charged, amount in parts:
            if not amount:
                continue
            before = asked.get((billed.line_id, code), 0)
            limits.credited(
                billed.line_id, currency, charged=charged, asked=amount, tax_code=code,
                given_back=before + facts.known.given_back(invoice_key, billed.line_id, code),
            )  # fmt: skip
            asked[billed.line_id, code] = before + amount
            found.append(GivenBackLine(invoice_key, billed.line_id, code, amount))
    return found


def applied(data: CreditApplied, facts: Facts) -> Booked:
    key = facts.key(data.credit_id)
    if facts.recorded("application", key_within(key, data.application_id)):
        return Booked(note="The application is in the books.")
    row = facts.batch.tables.invoice.get(data.invoice_id)
    assert row is not None
    about = facts.of_invoice(row.id)
    found = rules.applied(
        data,
        facts.books.on(data.applied_on),
        business_key=key,
        accounting_date=data.applied_on,
        held=facts.balance(
            Role.CUSTOMER_CREDIT, data.applied_on, data.currency, about.customer_key
        ),
        customer_key=about.customer_key,
        customer_id=about.customer_id,
        customer_name=about.customer_name,
        invoice_number=about.invoice_number,
        invoice_key=about.invoice_key,
        receivable=facts.receivable(data.applied_on, data.currency, about.invoice_key),
    )
    return Booked(found.drafts, note=found.note)


def rejected(data: CreditRejected, facts: Facts) -> Booked:
    key = facts.key(data.credit_id)
    account = facts.books.on(data.rejected_on).account(Role.ACCRUED_CREDITS)
    item = items.credit_request(key)
    accrued = facts.known.balance(facts.books.id, account, data.currency, item)
    found = period_end.credit_rejected(
        data,
        facts.books.on(data.rejected_on),
        business_key=key,
        accounting_date=data.rejected_on,
        accrued=-accrued.amount,
        held=-accrued.functional,
    )
    return Booked(found.drafts, note=found.note)
