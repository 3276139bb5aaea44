"""Where a posting belongs in NetSuite's books, and what can be refused without asking NetSuite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connectors import postings
from connectors.commands import Unfit
from connectors.postings import Line, Posting
from connectors.systems.netsuite.books import Library, Period, Subsidiary
from revops.kernel.money import minor_digits

WORDS: Final[Mapping[str, str]] = {
    postings.JOURNAL: "journal",
    postings.INVOICE: "invoice",
    postings.CREDIT_MEMO: "credit memo",
    postings.PAYMENT: "payment",
}


@dataclass(frozen=True, slots=True)
class Place:
    """``receivable`` is the line on the customer's account, of documents alone."""

    subsidiary: Subsidiary
    period: Period
    receivable: Line | None = None


def place(posting: Posting, library: Library) -> Place:
    """Raises Unfit."""
    subsidiary = library.subsidiaries.get(posting.legal_entity)
    if subsidiary is None:
        raise Unfit(
            "company_missing", f"NetSuite has no subsidiary for {posting.legal_entity} here."
        )
    _check_currency(posting, subsidiary)
    for line in posting.lines:
        _check_line(line, library)
    receivable = _receivable(posting, library) if posting.document else None
    if receivable is not None:
        _check_document(posting, receivable, library)
    period = library.period_of(posting.day)
    if period is None:
        raise Unfit("period_missing", f"NetSuite has no accounting period for {posting.day}.")
    if not (period.ar_open if receivable is not None else period.open):
        raise Unfit("period_closed", f"Period {period.name} is closed or locked in NetSuite.")
    return Place(subsidiary, period, receivable)


def _check_currency(posting: Posting, subsidiary: Subsidiary) -> None:
    own = subsidiary.currency
    if posting.currency != own.code:
        raise Unfit(
            "currency_mismatch",
            f"The books of {subsidiary.name} in NetSuite are kept in {own.code}; "
            f"this is in {posting.currency}.",
        )
    if own.digits != minor_digits(own.code):
        raise Unfit(
            "currency_mismatch",
            f"NetSuite keeps {own.code} with {own.digits} decimals "
            f"instead of {minor_digits(own.code)}.",
        )
    if posting.document and posting.document_currency:
        raise Unfit(
            "currency_mismatch",
            f"NetSuite works out what a document in {posting.document_currency} is in {own.code} "
            "by a rate of its own; post its journal instead.",
        )


def _check_line(line: Line, library: Library) -> None:
    account = postings.account(
        line.account, library.accounts, system="NetSuite", ambiguous=library.ambiguous
    )
    if not account.usable:
        raise Unfit("account_unknown", f"Account {line.account} is inactive in NetSuite.")
    if account.receivable and not line.customer:
        raise Unfit("party_missing", f"A line on {line.account} names no customer.")
    if line.cost_centre and line.cost_centre not in library.departments:
        raise Unfit("cost_centre_unknown", f"NetSuite has no department “{line.cost_centre}”.")
    if line.customer_class and line.customer_class not in library.classes:
        raise Unfit("class_unknown", f"NetSuite has no class “{line.customer_class}”.")


def _receivable(posting: Posting, library: Library) -> Line:
    word = WORDS[posting.kind]
    lines = [line for line in posting.lines if library.accounts[line.account].receivable]
    if len(lines) != 1:
        told = f"{len(lines)} lines" if lines else "none"
        raise Unfit(
            "receivable_missing",
            f"A NetSuite {word} has one line on a receivable account; this one has {told}.",
        )
    return lines[0]


def _check_document(posting: Posting, receivable: Line, library: Library) -> None:
    document, word = posting.document, WORDS[posting.kind]
    assert document is not None
    wanted = receivable.debit if posting.kind == postings.INVOICE else receivable.credit
    if wanted <= 0 or document.total != wanted:
        side = "debits" if posting.kind == postings.INVOICE else "credits"
        raise Unfit(
            "document_unfit",
            f"A NetSuite {word} {side} the customer by its total; this journal does not.",
        )
    rest = [line for line in posting.lines if line is not receivable and line.amount]
    if posting.kind == postings.PAYMENT:
        if len(rest) != 1:
            raise Unfit(
                "document_unfit",
                "A NetSuite payment moves one amount from the customer to one account; this "
                f"journal has {len(rest)} other lines. Post its journal instead.",
            )
        return
    for line in rest:
        if line.account not in library.items:
            raise Unfit(
                "item_missing",
                f"NetSuite has no item that sells to account {line.account}; its lines on "
                f"{word}s take their account from an item.",
            )
