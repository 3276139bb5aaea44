"""Postings as NetSuite's records: journalEntry, invoice, creditMemo and customerPayment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from connectors import postings
from connectors.caller import major
from connectors.postings import Line, Posting
from connectors.systems.netsuite.books import Library
from connectors.systems.netsuite.placing import Place
from revops.kernel.money import minor_digits

_MEMO: Final = 900
RECORDS: Final[Mapping[str, str]] = {
    postings.JOURNAL: "journalEntry",
    postings.INVOICE: "invoice",
    postings.CREDIT_MEMO: "creditMemo",
    postings.PAYMENT: "customerPayment",
}


def body(
    key: str,
    posting: Posting,
    place: Place,
    library: Library,
    *,
    customers: Mapping[str, str],
    settled: Mapping[str, str],
) -> dict[str, Any]:
    """
    What to create. ``customers`` are internal ids by our ids, ``settled`` those of invoices by our
    keys.
    """
    head: dict[str, Any] = {
        "externalId": key,
        "subsidiary": _ref(place.subsidiary.id),
        "tranDate": posting.day,
        "postingPeriod": _ref(place.period.id),
        "currency": _ref(place.subsidiary.currency.id),
        "memo": f"{posting.number} {posting.text}".strip()[:_MEMO],
    }
    if posting.document is None:
        return head | _journal(posting, place, library, customers)
    return {**head, **_MAKERS[posting.kind](posting, place, library, customers, settled)}


def _journal(
    posting: Posting, place: Place, library: Library, customers: Mapping[str, str]
) -> dict[str, Any]:
    digits = place.subsidiary.currency.digits
    items = []
    for line in posting.lines:
        account = library.accounts[line.account]
        item: dict[str, Any] = {"account": _ref(account.id), **_tags(line, library)}
        item["debit" if line.debit else "credit"] = major(line.debit or line.credit, digits)
        memo = _memo(line, posting.document_currency)
        if memo:
            item["memo"] = memo
        if account.receivable:
            item["entity"] = _ref(customers[line.customer])
        items.append(item)
    return {"line": {"items": items}}


def _invoice(
    posting: Posting,
    place: Place,
    library: Library,
    customers: Mapping[str, str],
    settled: Mapping[str, str],
) -> dict[str, Any]:
    """Invoices and credit memos: what they sell is positive on the side of their total."""
    document, receivable = posting.document, place.receivable
    assert document is not None
    assert receivable is not None
    digits = place.subsidiary.currency.digits
    sign = -1 if posting.kind == postings.INVOICE else 1
    items = []
    for line in posting.lines:
        if line is receivable or not line.amount:
            continue
        amount = major(sign * line.amount, digits)
        item = {"item": _ref(library.items[line.account]), "quantity": 1}
        item |= {"rate": amount, "amount": amount, **_tags(line, library)}
        if line.memo:
            item["description"] = line.memo[:_MEMO]
        items.append(item)
    made: dict[str, Any] = {
        "entity": _ref(customers[receivable.customer]),
        "account": _ref(library.accounts[receivable.account].id),
        "otherRefNum": document.number,
        "item": {"items": items},
    }
    if posting.kind == postings.INVOICE and posting.due_on:
        made["dueDate"] = posting.due_on
    if posting.kind == postings.CREDIT_MEMO:
        made |= {"autoApply": False, **_apply(posting, settled, digits)}
    return made


def _payment(
    posting: Posting,
    place: Place,
    library: Library,
    customers: Mapping[str, str],
    settled: Mapping[str, str],
) -> dict[str, Any]:
    document, receivable = posting.document, place.receivable
    assert document is not None
    assert receivable is not None
    digits = place.subsidiary.currency.digits
    (other,) = (line for line in posting.lines if line is not receivable and line.amount)
    return {
        "customer": _ref(customers[receivable.customer]),
        "arAcct": _ref(library.accounts[receivable.account].id),
        "account": _ref(library.accounts[other.account].id),
        "undepFunds": {"id": "F"},
        "payment": major(document.total, digits),
        "autoApply": False,
        **_apply(posting, settled, digits),
    }


_Maker = Callable[
    [Posting, Place, Library, Mapping[str, str], Mapping[str, str]], Mapping[str, Any]
]
_MAKERS: Final[Mapping[str, _Maker]] = {
    postings.INVOICE: _invoice,
    postings.CREDIT_MEMO: _invoice,
    postings.PAYMENT: _payment,
}


def _apply(posting: Posting, settled: Mapping[str, str], digits: int) -> dict[str, Any]:
    items = [
        {"doc": _ref(settled[one.key]), "apply": True, "amount": major(one.amount, digits)}
        for one in posting.settles
    ]
    return {"apply": {"items": items}} if items else {}


def _memo(line: Line, second: str) -> str:
    """NetSuite has one rate for a journal, so what a line was in another currency is told here."""
    told = line.memo
    if line.document and second:
        told = f"{told} ({second} {major(line.document, minor_digits(second)):f})".strip()
    return told[:_MEMO]


def _tags(line: Line, library: Library) -> dict[str, Any]:
    tags: dict[str, Any] = {}
    if line.cost_centre:
        tags["department"] = _ref(library.departments[line.cost_centre])
    if line.customer_class:
        tags["class"] = _ref(library.classes[line.customer_class])
    return tags


def _ref(number: str) -> dict[str, str]:
    return {"id": number}
