"""Where a posting belongs in Fusion, and what can be refused without writing anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connectors import postings
from connectors.commands import Unfit
from connectors.postings import Line, Posting
from connectors.systems.oracle_fusion.books import Ledger, Library, Period
from connectors.systems.oracle_fusion.wire import Fusion

WORDS: Final[Mapping[str, str]] = {
    postings.JOURNAL: "journal",
    postings.INVOICE: "invoice",
    postings.CREDIT_MEMO: "credit memo",
    postings.PAYMENT: "receipt",
}


@dataclass(frozen=True, slots=True)
class Place:
    """``receivable`` is the customer's line, of documents alone; ``method`` a receipt's."""

    ledger: Ledger
    period: Period
    receivable: Line | None = None
    method: str = ""


def place(posting: Posting, library: Library, fusion: Fusion) -> Place:
    """Raises Unfit."""
    ledger = library.ledgers.get(posting.legal_entity)
    if ledger is None:
        reason = f"The connection knows no ledger of Fusion for {posting.legal_entity}."
        raise Unfit("company_missing", reason)
    if posting.currency != ledger.currency:
        reason = (
            f"The ledger of {posting.legal_entity} in Fusion is kept in {ledger.currency}; "
            f"this is in {posting.currency}."
        )
        raise Unfit("currency_mismatch", reason)
    for line in posting.lines:
        if not library.accounts.get(line.account, False):
            state = "disabled" if line.account in library.accounts else "no value"
            reason = f"Account {line.account} is {state} in Fusion's chart of accounts."
            raise Unfit("account_unknown", reason)
    period = ledger.period_of(posting.day)
    if period is None:
        raise Unfit("period_missing", f"Fusion's calendar has no period for {posting.day}.")
    if not period.open:
        raise Unfit("period_closed", f"Period {period.name} is not open in Fusion.")
    if posting.document is None:
        return Place(ledger, period)
    receivable = _receivable(posting, fusion)
    method = _method(posting, receivable, fusion) if posting.kind == postings.PAYMENT else ""
    return Place(ledger, period, receivable, method)


def _receivable(posting: Posting, fusion: Fusion) -> Line:
    document, word = posting.document, WORDS[posting.kind]
    assert document is not None
    if posting.document_currency:
        raise Unfit(
            "currency_mismatch",
            f"A {word} in {posting.document_currency} would be converted by Fusion; post its "
            "journal instead.",
        )
    lines = [line for line in posting.lines if line.account == fusion.receivable]
    if len(lines) != 1:
        reason = f"A {word} has one line on account {fusion.receivable}; this has {len(lines)}."
        raise Unfit("receivable_missing", reason)
    (line,) = lines
    if not line.customer:
        raise Unfit("party_missing", f"The line on {line.account} names no customer.")
    wanted = line.debit if posting.kind == postings.INVOICE else line.credit
    if wanted <= 0 or wanted != document.total:
        side = "debits" if posting.kind == postings.INVOICE else "credits"
        reason = f"A {word} {side} the customer by its total; this journal does not."
        raise Unfit("document_unfit", reason)
    return line


def _method(posting: Posting, receivable: Line, fusion: Fusion) -> str:
    rest = [line for line in posting.lines if line is not receivable and line.amount]
    if len(rest) != 1:
        raise Unfit(
            "document_unfit",
            "A receipt moves one amount to one account; this journal has "
            f"{len(rest)} other lines. Post its journal instead.",
        )
    method = fusion.receipt_methods.get(rest[0].account, "")
    if not method:
        raise Unfit(
            "receipt_method_missing",
            f"No receipt method of Fusion is named for account {rest[0].account}; which account a "
            "receipt is booked to follows from its method.",
        )
    return method
