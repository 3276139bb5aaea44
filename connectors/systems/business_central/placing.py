"""Whose books a posting belongs to, and what can be refused without asking Business Central."""

from __future__ import annotations

from collections.abc import Sequence

from connectors import postings
from connectors.commands import Unfit
from connectors.postings import CREDIT_MEMO, INVOICE, JOURNAL, PAYMENT, Line, Posting, Settled
from connectors.systems.business_central.books import Books, Library


def place(posting: Posting, library: Library) -> Books:
    """Raises Unfit."""
    books = library.of(posting.legal_entity)
    if books is None:
        raise Unfit(
            "company_missing", f"Business Central has no company for {posting.legal_entity}."
        )
    if posting.currency != books.currency:
        raise Unfit(
            "currency_mismatch",
            f"The company {books.name} is kept in {books.currency}; this is in {posting.currency}.",
        )
    for line in posting.lines:
        _check(line, books)
    if not books.allows(posting.day):
        raise Unfit(
            "period_closed",
            f"Business Central allows postings from {books.first or 'the beginning'} to "
            f"{books.last or 'any day'}; this is of {posting.day}.",
        )
    if posting.kind != JOURNAL:
        _check_document(posting, books)
    return books


def receivables(posting: Posting, books: Books) -> list[Line]:
    return [line for line in posting.lines if line.account == books.receivable and line.amount]


def others(posting: Posting, books: Books) -> list[Line]:
    return [line for line in posting.lines if line.account != books.receivable and line.amount]


def _check(line: Line, books: Books) -> None:
    account = postings.account(line.account, books.accounts, system="Business Central")
    if not account.usable:
        raise Unfit(
            "account_unfit",
            f"Account {line.account} cannot be posted to in Business Central: it is blocked, or "
            "a heading or total.",
        )
    if line.account == books.receivable:
        if line.amount and not line.customer:
            raise Unfit("party_missing", f"A line on {line.account} names no customer.")
    elif not account.direct:
        raise Unfit(
            "account_unfit",
            f"Account {line.account} does not allow direct posting in Business Central.",
        )


def _check_document(posting: Posting, books: Books) -> None:
    """What a native document cannot carry is refused, rather than booked as something else."""
    if posting.document_currency:
        raise Unfit(
            "currency_mismatch",
            f"A document in {posting.document_currency} would be translated at Business Central's "
            "own rate; post its journal instead.",
        )
    held = receivables(posting, books)
    if posting.kind == PAYMENT:
        _check_payment(posting, held, others(posting, books))
        return
    word = "invoice" if posting.kind == INVOICE else "credit memo"
    if len(held) != 1:
        number = f"{len(held)} lines" if held else "none"
        raise Unfit(
            "receivable_missing",
            f"An {word} has one line on account {books.receivable}; this one has {number}."
            if posting.kind == INVOICE
            else f"A {word} has one line on account {books.receivable}; this one has {number}.",
        )
    owed = held[0].amount if posting.kind == INVOICE else -held[0].amount
    if owed < 0:
        raise Unfit(
            "negative_total",
            f"Business Central posts no {word} of less than zero; send it as the opposite "
            "document or post its journal instead.",
        )
    if posting.kind == CREDIT_MEMO:
        _check_settled(posting.settles, owed)


def _check_settled(settles: Sequence[Settled], owed: int) -> None:
    if len(settles) > 1 or any(one.amount != owed for one in settles):
        raise Unfit(
            "settles_in_part",
            "A credit memo settles one invoice in Business Central, with all of its amount; "
            "post its journal instead and apply it there by hand.",
        )


def _check_payment(posting: Posting, held: Sequence[Line], against: Sequence[Line]) -> None:
    customers = {line.customer for line in held}
    accounts = {line.account for line in against}
    if len(customers) != 1 or len(accounts) != 1:
        raise Unfit(
            "payment_unfit",
            "A customer payment has one customer and one balancing account in Business Central; "
            "post its journal instead.",
        )
    paid = -sum(line.amount for line in held)
    if paid <= 0:
        raise Unfit(
            "negative_total",
            "A customer payment is more than zero in Business Central; post the journal of a "
            "refund instead.",
        )
    settles = posting.settles
    if sum(one.amount for one in settles) > paid or any(one.amount <= 0 for one in settles):
        raise Unfit("payment_unfit", "The payment settles more than it is.")
