"""A journal as Tryton's ``account.move``, there and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.contract import Found, HeldDocument, HeldLine, Outcome
from connectors.postings import Line, Posting
from connectors.problem import Problem
from connectors.systems.tryton import wire
from connectors.systems.tryton.books import Books, Currency, Library, Period
from connectors.systems.tryton.journal import OURS, content_hash, key_in, text

READ: Final = (
    "company",
    "description",
    "state",
    "number",
    "date",
    "lines.account.code",
    "lines.debit",
    "lines.credit",
    "lines.amount_second_currency",
    "lines.second_currency.code",
    "lines.second_currency.digits",
)


def naming(posting: Posting, books: Books) -> list[Line]:
    """The lines on which Tryton wants to see a customer."""
    return [
        line
        for line in posting.lines
        if line.customer and books.accounts[line.account].party_required
    ]


def values(
    key: str,
    posting: Posting,
    books: Books,
    period: Period,
    parties: Mapping[str, int],
    *,
    in_journal: int,
    second: Currency | None = None,
) -> dict[str, Any]:
    """
    The draft to create. The key leads the description: searchable there, by people as well.
    ``second`` is the currency of a foreign document.
    """
    zero = wire.decimal(0, books.digits)
    lines = []
    for line in posting.lines:
        account = books.accounts[line.account]
        value: dict[str, Any] = {
            "account": account.id,
            "debit": wire.decimal(line.debit, books.digits) if line.debit else zero,
            "credit": wire.decimal(line.credit, books.digits) if line.credit else zero,
        }
        if line.document:
            assert second is not None
            value["second_currency"] = second.id
            value["amount_second_currency"] = wire.decimal(line.document, second.digits)
        if line.memo:
            value["description"] = line.memo
        if account.party_required:
            value["party"] = parties[line.customer]
        lines.append(value)
    return {
        "company": books.company,
        "journal": in_journal,
        "period": period.id,
        "date": wire.date(posting.day),
        "description": f"{key} {text(posting)}",
        "lines": [["create", lines]],
    }


def key_of(row: Mapping[str, Any]) -> str:
    return key_in(row.get("description"))


def found(row: Mapping[str, Any], library: Library) -> Found:
    """A move as read with ``READ``. Raises Problem when it is no move of these books."""
    try:
        return Found(
            external_id=str(row["id"]),
            external_number=str(row["number"] or ""),
            posted=row["state"] == "posted",
            content_sha256=content(row, library.books[row["company"]]),
            excerpt=str(row["description"] or ""),
        )
    except (KeyError, TypeError) as error:
        raise unclear("move") from error


def document(row: Mapping[str, Any], books: Books) -> HeldDocument:
    """A move as read with ``READ``, line by line. Raises Problem when it does not say all of it."""
    try:
        key = key_of(row)
        return HeldDocument(
            external_id=str(row["id"]),
            external_number=str(row["number"] or ""),
            posted=row["state"] == "posted",
            dated=wire.iso(row["date"]),
            currency=books.currency,
            lines=lines(row, books),
            text=str(row["description"] or ""),
            key=key if key.startswith(OURS) else "",
        )
    except (KeyError, TypeError) as error:
        raise unclear("move") from error


def lines(move: Mapping[str, Any], books: Books) -> tuple[HeldLine, ...]:
    """Raises Problem, KeyError or TypeError when it does not say all of them."""
    return tuple(_held(line, books) for line in wire.nested(move, "lines"))


def _held(line: Mapping[str, Any], books: Books) -> HeldLine:
    debit, credit = (
        wire.minor(line["debit"], books.digits),
        wire.minor(line["credit"], books.digits),
    )
    if debit is None or credit is None:
        raise unclear("move")
    return HeldLine(str(wire.nested(line, "account")["code"]), debit - credit)


def content(move: Mapping[str, Any], books: Books) -> str:
    """The hash of a move's date and lines. Raises KeyError or TypeError."""
    lines = [
        (
            str(wire.nested(line, "account")["code"]),
            amount(line["debit"], books.digits),
            amount(line["credit"], books.digits),
            *_second(line),
        )
        for line in wire.nested(move, "lines")
    ]
    return content_hash(wire.iso(move["date"]), books.currency, lines)


def _second(line: Mapping[str, Any]) -> tuple[int | str, ...]:
    """Code and amount of a line's second currency; nothing when it has none, or none of it."""
    currency = wire.nested(line, "second_currency")
    if not currency or line["amount_second_currency"] is None:
        return ()
    found = amount(line["amount_second_currency"], currency["digits"])
    return (str(currency["code"]), found) if found else ()


def unclear(what: str) -> Problem:
    reason = f"Tryton described a {what} without saying all of it."
    return Problem(Outcome.TRANSIENT, "garbled", reason)


def amount(value: Any, digits: int) -> int | str:
    """Minor units; what they cannot express stays as it is, and so equals none of ours."""
    minor = wire.minor(value, digits)
    return str(value) if minor is None else minor
