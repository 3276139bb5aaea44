"""Refunds that were told before the credit memo that they pay (docs/accounting.md, refunds)."""

from __future__ import annotations

from collections.abc import Iterator

from revops.contracts.credits import CreditIssued
from revops.ledger import items
from revops.ledger.chains import Amount
from revops.ledger.drafts import DraftLine, JournalDraft
from revops.ledger.drafts import business_key as key_within
from revops.ledger.rules import refunds
from revops.ledger.rules.base import Line, Role
from revops.pipeline.journalize.facts import About, Facts


def paid(
    data: CreditIssued, facts: Facts, memo: JournalDraft, about: About, key: str
) -> Iterator[JournalDraft]:
    """
    What of the memo's liability refunds had paid already, as one entry for each invoice of theirs:
    of the memo's own invoice first. A memo that is to be refunded takes any of them; one that goes
    to the customer's balance those that came on its day or later, which would have used it.

    Dated like the refund in its natural order: on the later day of both.
    """
    liability = _liability(data, facts, memo)
    if liability is None:
        return
    left, made = -liability.amount, Amount(-liability.amount, -liability.functional)
    used = Amount()
    customer = about.customer_key or facts.key(data.customer_id)
    for refunded_key, latest in facts.known.refunded(customer, about.invoice_key):
        taken = _taken(facts, data, refunded_key)
        amount = min(left, sum([one.amount for one in taken.values()]))
        if amount <= 0:
            continue
        if data.settles != "refund" and latest < data.issued_on:
            continue
        on = max(data.issued_on, latest)
        left -= amount
        part = made - used if not left else made.part(amount)
        used += part
        yield refunds.paid_before(
            refunds.Taken(
                refunded_key, sum([one.amount for one in taken.values()]), taken, latest,
                facts.charged(refunded_key),
            ),
            amount,
            facts.books.on(on),
            payable=Line(
                liability.account, amount, f"Refunded before credit {data.credit_id}",
                data.credit_id, data.customer_id, about.customer_name, held=part.functional,
                item=liability.item,
            ),
            credit_id=data.credit_id,
            business_key=key_within(key, "refunded", refunded_key),
            accounting_date=on,
            currency=data.currency,
        )  # fmt: skip


def _liability(data: CreditIssued, facts: Facts, memo: JournalDraft) -> DraftLine | None:
    """The memo's line that owes the customer something, if any does."""
    dated = facts.books.on(data.issued_on)
    role = Role.REFUNDS_PAYABLE if data.settles == "refund" else Role.CUSTOMER_CREDIT
    account = dated.account(role)
    found = [line for line in memo.lines if line.account == account and line.amount < 0]
    return found[0] if found else None


def _taken(facts: Facts, data: CreditIssued, key: str) -> dict[str, Amount]:
    return facts.known.listed(facts.books.id, data.currency, items.refunded(key))
