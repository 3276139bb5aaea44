"""Moves, invoices and credit notes in a range of days, and what else Tryton lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from connectors.contract import Outcome, SnapshotRow
from connectors.problem import Problem
from connectors.systems.tryton import forms, holdings, invoices, journal, moves, wire
from connectors.systems.tryton.books import Books, Library
from connectors.systems.tryton.wire import Tryton

PAGE: Final = 500
_REFERENCE: Final = 240
_MOVE: Final = (
    "company",
    "number",
    "description",
    "state",
    "date",
    "origin",
    "lines.account.code",
    "lines.party.code",
    "lines.party.name",
    "lines.debit",
    "lines.credit",
    "lines.amount_second_currency",
    "lines.second_currency.code",
    "lines.second_currency.digits",
)
_INVOICE: Final = (
    "company",
    "party.name",
    "reference",
    "number",
    "state",
    "currency.code",
    "currency.digits",
    "total_amount",
    "amount_to_pay",
    "taxes.amount",
    "lines_to_pay.invoice_payment",
    "move.date",
)
_ORIGIN: Final = f"{forms.INVOICE.model},"


async def page(
    tryton: Tryton, library: Library, kind: str, start: str, end: str, cursor: str
) -> tuple[Sequence[SnapshotRow], str]:
    """
    One page by ascending id, so that what is made meanwhile comes later instead of being skipped.

    Raises Problem.
    """
    days = (wire.date(start), wire.date(end))
    after = [["id", ">", int(cursor)]] if cursor else []
    company = ["company", "in", list(library.books)]
    rows: list[dict[str, Any]] = []
    found: Sequence[SnapshotRow | None] = ()
    if kind == "journal":
        domain = [company, ["date", ">=", days[0]], ["date", "<=", days[1]], *after]
        rows = await _page(tryton, forms.MOVE.model, domain, _MOVE)
        ours = await _invoices_of(tryton, library, rows)
        found = [_journal(row, library, ours) for row in rows]
    elif kind in ("invoice", "credit_memo"):
        if library.invoices:
            dated = [["move.date", ">=", days[0]], ["move.date", "<=", days[1]]]
            domain = [company, ["type", "=", "out"], *dated, *after]
            rows = await _page(tryton, forms.INVOICE.model, domain, _INVOICE)
        found = [_invoice(row, library, kind) for row in rows]
    elif kind in holdings.MODELS:
        domain = [*holdings.domain(kind, library, days), *after]
        rows = await _page(tryton, holdings.MODELS[kind], domain, holdings.fields(kind, library))
        found = [holdings.row(kind, one, library, start) for one in rows]
    else:
        raise Problem(Outcome.REFUSED, "refused", f"Tryton lists no “{kind}” here.")
    listed = [row for row in found if row is not None]
    return listed, str(rows[-1]["id"]) if len(rows) == PAGE else ""


async def _page(
    tryton: Tryton, model: str, domain: Sequence[Any], fields: Sequence[str]
) -> list[dict[str, Any]]:
    return await tryton.search(model, domain, fields, order=[["id", "ASC"]], limit=PAGE)


async def _invoices_of(
    tryton: Tryton, library: Library, rows: Sequence[Mapping[str, Any]]
) -> dict[int, tuple[str, str]]:
    """Move → id and key of the invoice of ours that it belongs to."""
    made = [row["id"] for row in rows if str(row["origin"] or "").startswith(_ORIGIN)]
    if not made or not library.invoices:
        return {}
    held = await tryton.search(
        forms.INVOICE.model, [["move", "in", made]], ["move", forms.INVOICE.field]
    )
    return {
        row["move"]: (f"{invoices.PREFIX}{row['id']}", key)
        for row in held
        if (key := _ours(invoices.key_of(row)))
    }


def _journal(
    row: Mapping[str, Any], library: Library, of_invoices: Mapping[int, tuple[str, str]]
) -> SnapshotRow:
    """``amount`` is the sum of the debits, ``group_key`` the code of the first line's party."""
    books = library.books[row["company"]]
    plain = (str(row["id"]), _ours(moves.key_of(row)))
    external_id, key = of_invoices.get(row["id"], plain)
    lines = row["lines."] or ()
    parties = [party for line in lines if (party := _party(line))]
    return SnapshotRow(
        kind="journal",
        external_id=external_id,
        key=key,
        currency=books.currency,
        amount=sum(wire.minor(line["debit"], books.digits) or 0 for line in lines),
        dated=wire.iso(row["date"]),
        state=str(row["state"]),
        number=str(row["number"] or ""),
        reference=str(row["description"] or "").removeprefix(key).strip()[:_REFERENCE],
        group_key=parties[0][0] if parties else "",
        party=parties[0][1] if parties else "",
        entity=books.code,
        accounts=_accounts(lines, books),
    )


def _accounts(lines: Iterable[Mapping[str, Any]], books: Books) -> dict[str, dict[str, int]]:
    """Debits less credits by account, in the books' currency and in a foreign document's."""
    found: dict[str, dict[str, int]] = {}
    for line in lines:
        code = str(wire.nested(line, "account")["code"])
        own = found.setdefault(books.currency, {})
        debit, credit = (wire.minor(line[side], books.digits) or 0 for side in ("debit", "credit"))
        own[code] = own.get(code, 0) + debit - credit
        second = wire.nested(line, "second_currency")
        if second:
            other = found.setdefault(str(second["code"]), {})
            amount = wire.minor(line["amount_second_currency"], second["digits"]) or 0
            other[code] = other.get(code, 0) + amount
    return found


def _party(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """Code and name of a line's or a document's."""
    party = wire.nested(row, "party")
    if not isinstance(party, Mapping):
        return None
    return str(party.get("code") or ""), str(party["name"] or "")


def _invoice(row: Mapping[str, Any], library: Library, kind: str) -> SnapshotRow | None:
    """
    ``due`` is what of it is open. A credit note is an invoice below zero, told in positive amounts;
    what of it is tied to an invoice is open no more, as that one is lower by it.
    """
    currency = row["currency."]
    total = wire.minor(row["total_amount"], currency["digits"]) or 0
    due = wire.minor(row["amount_to_pay"], currency["digits"]) or 0
    tax = sum(wire.minor(one["amount"], currency["digits"]) or 0 for one in row["taxes."] or ())
    credit = total < 0
    if credit != (kind == "credit_memo"):
        return None
    if any(line["invoice_payment"] for line in row["lines_to_pay."] or ()):
        due = 0
    sign = -1 if credit else 1
    return SnapshotRow(
        kind=kind,
        external_id=f"{invoices.PREFIX}{row['id']}",
        key=_ours(invoices.key_of(row)),
        currency=currency["code"],
        amount=sign * total,
        tax=sign * tax,
        dated=wire.iso(row["move."]["date"]),
        state=str(row["state"]),
        number=str(row["number"] or ""),
        party=(_party(row) or ("", ""))[1],
        entity=library.books[row["company"]].code,
        due=sign * due,
    )


def _ours(key: str) -> str:
    return key if key.startswith(journal.OURS) else ""
