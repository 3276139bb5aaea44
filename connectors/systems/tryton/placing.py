"""Where a journal belongs in Tryton's books, and what can be refused without asking Tryton."""

from __future__ import annotations

from connectors import postings
from connectors.commands import Unfit
from connectors.postings import Line, Posting
from connectors.systems.tryton.books import Books, Library, Period
from revops.kernel.money import AmountInvalid, minor_digits


def place(posting: Posting, library: Library, *, invoice: bool = False) -> tuple[Books, Period]:
    """Its books and its open period, as far as can be told without asking Tryton. Raises Unfit."""
    books = library.of(posting.legal_entity)
    if books is None:
        raise Unfit(
            "company_missing", f"Tryton has no company whose party code is {posting.legal_entity}."
        )
    _check_journal(library, invoice=invoice)
    _check_currency(posting, books)
    if posting.document_currency:
        _check_document(posting, books, library, invoice=invoice)
    for line in posting.lines:
        _check_line(line, books, names_customer=not invoice)
    if invoice:
        receivable(posting, books)
    period = books.period_of(posting.day)
    if period is None:
        raise Unfit("period_missing", f"Tryton has no period for {posting.day}.")
    if not period.open:
        raise Unfit("period_closed", f"Period {period.name} is closed in Tryton.")
    return books, period


def receivable(posting: Posting, books: Books) -> Line:
    """The line with an invoice's total, on which Tryton opens what is to be paid. Raises Unfit."""
    lines = [line for line in posting.lines if books.accounts[line.account].receivable]
    if len(lines) != 1:
        number = f"{len(lines)} lines" if lines else "none"
        raise Unfit(
            "receivable_missing",
            f"An invoice has one line on a receivable account of Tryton; this one has {number}.",
        )
    if not lines[0].customer:
        account = books.accounts[lines[0].account]
        raise Unfit("party_missing", f"A line on {account.code} {account.name} names no customer.")
    return lines[0]


def _check_journal(library: Library, *, invoice: bool) -> None:
    if invoice and not library.invoices:
        raise Unfit("invoices_missing", "Tryton's module account_invoice is not installed.")
    if invoice and library.revenue_journal is None:
        raise Unfit(
            "journal_missing",
            "Tryton has no journal of the type Revenue with the code of this connection.",
        )
    if not invoice and library.journal is None:
        raise Unfit("journal_missing", "Tryton has no journal with the code of this connection.")


def _check_currency(posting: Posting, books: Books) -> None:
    if posting.currency != books.currency:
        raise Unfit(
            "currency_mismatch",
            f"The books of {books.name} in Tryton are kept in {books.currency}; "
            f"this journal is in {posting.currency}.",
        )
    try:
        digits = minor_digits(posting.currency)
    except AmountInvalid as error:
        raise Unfit("currency_mismatch", str(error)) from error
    if digits != books.digits:
        raise Unfit(
            "currency_mismatch",
            f"Tryton keeps {books.currency} with {books.digits} decimals instead of {digits}.",
        )


def _check_document(posting: Posting, books: Books, library: Library, *, invoice: bool) -> None:
    """The second currency of a foreign document, which its lines name beside their amounts."""
    code = posting.document_currency
    if invoice:
        raise Unfit(
            "currency_mismatch",
            f"An invoice in {code} cannot be an invoice of Tryton's books in {books.currency}; "
            "post its journal instead.",
        )
    currency = library.currencies.get(code)
    if currency is None:
        raise Unfit("currency_unknown", f"Tryton has no currency {code}.")
    try:
        digits = minor_digits(code)
    except AmountInvalid as error:
        raise Unfit("currency_mismatch", str(error)) from error
    if digits != currency.digits:
        raise Unfit(
            "currency_mismatch",
            f"Tryton keeps {code} with {currency.digits} decimals instead of {digits}.",
        )


def _check_line(line: Line, books: Books, *, names_customer: bool) -> None:
    account = postings.account(
        line.account, books.accounts, system="Tryton", ambiguous=books.ambiguous
    )
    if not account.usable:
        raise Unfit(
            "account_unknown",
            f"Account {line.account} cannot be posted to in Tryton: it is closed.",
        )
    if account.party_required and names_customer and not line.customer:
        raise Unfit("party_missing", f"A line on {line.account} {account.name} names no customer.")
