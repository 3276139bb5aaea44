"""Documents that are taken back: a credit memo that is voided, a refund that the bank returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from revops.contracts.credits import CreditVoided
from revops.contracts.payments import RefundReturned
from revops.kernel import strict_json
from revops.ledger import chains
from revops.ledger import operations as ledger
from revops.ledger.chains import NOTHING, Amount, Held
from revops.ledger.drafts import JournalDraft
from revops.ledger.rules import limits, returned_refunds, reversals
from revops.ledger.rules.base import Role
from revops.pipeline.journalize import changes
from revops.pipeline.journalize.facts import Booked, Facts, GivenBackLine
from revops.pipeline.journalize.payments import about_payment
from revops.store import sql

_GAVE_BACK: Final = """
SELECT invoice_key, line_id, tax_code, amount FROM ledger_givenback WHERE entry_id = ANY(%s)
"""


@dataclass(slots=True)
class _Taken:
    """What a memo did to schedules: amounts to put back, lines it emptied, lines it undid whole."""

    removed: dict[Held, Amount]
    regained: set[Held]
    gone: dict[Held, Amount]


def voided(data: CreditVoided, facts: Facts) -> Booked:
    """
    J5g: the mirror of the memo, with the schedules as if it had never been. A balance that has been
    used since cannot be taken back, as it never becomes a debt. Raises LimitExceeded.
    """
    row = facts.batch.tables.credit.get(data.credit_id)
    assert row is not None
    key = facts.key(data.credit_id)
    if facts.recorded("void", key):
        return Booked(note="The void is in the books.")
    # Voids of memos are rare: a question for each, rather than a kind of fact for every batch.
    found = ledger.standing("credit", [row.id], document_types=("credit",)).get(row.id, [])
    if not found:
        return Booked(note="Nothing of this credit is in the books.")
    about = facts.of_invoice(row.invoice_id)
    customer = facts.batch.tables.customer.by_id(row.customer_id)
    for one in found:
        _still_held(one.draft, facts, data, facts.key(customer.source_id))
    drafts = reversals.void([one.draft for one in found], on=data.voided_on, business_key=key)
    given_back = [
        GivenBackLine(back.invoice_key, back.line_id, back.tax_code, -back.amount)
        for back in sql.rows(_GAVE_BACK, ([one.id for one in found],))
    ]
    lines = strict_json.loads(row.lines)
    named = [line["invoice_line_id"] for line in lines if line["invoice_line_id"]]
    named += [back.line_id for back in given_back if not back.tax_code]
    taken = _taken(
        facts, about.invoice_key, key, [one.draft for one in found], dict.fromkeys(named),
        undoes=row.credit_type == "billing_error",
    )  # fmt: skip

    def then() -> None:
        if taken.removed or taken.regained:
            changes.undone(facts, taken.removed, taken.regained)
        for one, amount in taken.gone.items():
            facts.known.add(
                replace(
                    one, total=amount, carried=NOTHING, stopped_on=None, stop_reason="",
                    successor=None, due_from=one.service.start, given_up=NOTHING, id=None,
                )
            )  # fmt: skip

    return Booked(drafts, [one.id for one in found], then=then, given_back=given_back)


def _still_held(draft: JournalDraft, facts: Facts, data: CreditVoided, customer_key: str) -> None:
    """Raises LimitExceeded when the liability that the memo made is smaller by now."""
    dated = facts.books.on(data.voided_on)
    for role in (Role.CUSTOMER_CREDIT, Role.REFUNDS_PAYABLE):
        account = dated.account(role)
        made = -sum(line.amount for line in draft.lines if line.account == account)
        if made > 0:
            held = facts.balance(role, data.voided_on, draft.currency, customer_key)
            limits.balance(draft.currency, held=held.amount, asked=made)


def _taken(
    facts: Facts, invoice_key: str, key: str, drafts: Sequence[JournalDraft],
    lines: Mapping[str, object], *, undoes: bool,
) -> _Taken:  # fmt: skip
    found = _Taken({}, set(), {})
    if not undoes:
        found.removed = {
            one: one.total - one.carried
            for one in facts.known.of_document(key)
            if one.stop_reason != chains.VOID
        }
    made = {one.line_id for one in facts.known.of_document(key)}
    for line_id in lines:
        first = facts.known.of_line(invoice_key, line_id)
        if first is None:
            continue
        took = _took(drafts, line_id, first.terms.deferral_account)
        last = chains.heirs(first)
        if not took.amount:
            continue
        if not undoes:
            # A memo that took all that was left made no schedule of its own.
            if not made and last.given_up == took:
                found.regained.add(last)
        elif first.stop_reason == chains.VOID and first.successor is None:
            found.gone[first] = took
        else:
            found.removed[first] = found.removed.get(first, NOTHING) - took
    # ``undone`` works out whole chains; what was given up in them is looked at with the rest.
    for one in found.regained:
        found.removed.setdefault(one, NOTHING)
    return found


def _took(drafts: Sequence[JournalDraft], line_id: str, account: str) -> Amount:
    """What the memo took of the line's deferred revenue."""
    mine = [
        Amount(line.amount, line.functional)
        for draft in drafts
        for line in draft.lines
        if (line.account, line.source_line) == (account, line_id) and line.amount > 0
    ]
    return sum(mine, NOTHING)


def refund_returned(data: RefundReturned, facts: Facts) -> Booked:
    """J6d. What the refund had settled stays settled; the customer is owed the money."""
    row = facts.batch.tables.refund.get(data.refund_id)
    assert row is not None
    key = facts.key(data.refund_id)
    if facts.recorded("refund_return", key):
        return Booked(note="The returned refund is in the books.")
    paid = facts.batch.tables.payment.by_id(row.payment_id)
    about = about_payment(facts, paid)
    found = returned_refunds.returned(
        data,
        facts.books.on(data.returned_on),
        business_key=key,
        accounting_date=data.returned_on,
        processed_key=facts.key(data.balance_transaction_id or data.refund_id),
        customer_key=about.customer_key,
        customer_id=about.customer_id,
        customer_name=about.customer_name,
    )
    return Booked(found.drafts, note=found.note)
