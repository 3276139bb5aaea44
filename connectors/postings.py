"""
What an ERP is asked to post, read once for all connectors that do it. Pure values.

``journal.post``, ``invoice.post``, ``credit_memo.post`` and ``payment.post`` carry one payload: the
journal, and for the three documents what billing knows beside it. ``customer.upsert`` has its own.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, TypeVar

from connectors.commands import Unfit
from revops.kernel.money import LIMIT, AmountInvalid, minor_digits

A = TypeVar("A")

JOURNAL: Final = "journal.post"
INVOICE: Final = "invoice.post"
CREDIT_MEMO: Final = "credit_memo.post"
PAYMENT: Final = "payment.post"
CUSTOMER: Final = "customer.upsert"
DOCUMENTS: Final = (INVOICE, CREDIT_MEMO, PAYMENT)
POSTINGS: Final = (JOURNAL, *DOCUMENTS)

# What our keys look like: nothing in it means anything in a query, an address or a file.
KEY: Final = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """
    One side of a journal in the books' currency; ``document`` is what it was in another one.
    ``customer_others`` are ids under which the ERP may know the customer already;
    ``customer_country`` has two letters, where it is known.
    """

    account: str
    debit: int
    credit: int
    memo: str = ""
    customer: str = ""
    customer_name: str = ""
    tax_code: str = ""
    cost_centre: str = ""
    customer_class: str = ""
    document: int = 0
    customer_others: tuple[str, ...] = ()
    customer_country: str = ""

    @property
    def amount(self) -> int:
        """Debit positive."""
        return self.debit - self.credit


@dataclass(frozen=True, slots=True)
class Settled:
    """An invoice that a payment or a credit memo settles: our key of it, billing's number of it."""

    key: str
    number: str
    amount: int


@dataclass(frozen=True, slots=True)
class Document:
    """What billing knows of an invoice, credit memo or payment."""

    number: str
    day: str
    customer: str
    customer_name: str
    total: int


@dataclass(frozen=True, slots=True)
class Posting:
    """
    A journal with whole minor units of ``currency`` (the books') and ISO days, balanced and not
    empty. ``document`` is there for all kinds but ``journal.post``; ``document_currency`` is ""
    when nothing is in another currency, ``due_on`` "" where nothing is to be paid by a day.

    ``settles`` are invoices that it settles, ``reopens`` what had settled one and is taken back (by
    the key of what had settled it).
    """

    kind: str
    legal_entity: str
    day: str
    currency: str
    number: str
    text: str
    lines: tuple[Line, ...]
    document_currency: str = ""
    document: Document | None = None
    settles: tuple[Settled, ...] = ()
    reopens: tuple[Settled, ...] = ()
    due_on: str = ""

    @classmethod
    def of(cls, kind: str, payload: Mapping[str, Any], *, bare: bool = False) -> Posting:
        """
        ``bare``: an ERP that needs nothing of the document but what may stand beside the journal,
        ``settles`` and ``due_on``; payloads of earlier versions had these without a document.
        Raises Unfit.
        """
        try:
            told = payload.get("document") or payload
            due_on = told.get("due_on")
            posting = cls(
                kind=kind,
                legal_entity=str(payload["legal_entity"]),
                day=date.fromisoformat(payload["accounting_date"]).isoformat(),
                currency=str(payload["currency"]),
                number=str(payload.get("number") or payload["business_key"]),
                text=" ".join(str(payload.get("description") or "").split()),
                lines=tuple(_line(line) for line in payload["lines"]),
                document_currency=str(payload.get("document_currency") or ""),
                document=(
                    None if bare or kind not in DOCUMENTS else _document(payload["document"])
                ),
                settles=_settled(told.get("settles"), "key"),
                reopens=_settled(payload.get("reopens"), "settled_by"),
                due_on=date.fromisoformat(due_on).isoformat() if due_on else "",
            )
            minor_digits(posting.currency)
        except AmountInvalid as error:
            raise Unfit("currency_mismatch", str(error)) from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unfit("refused", f"The journal cannot be read: {error}.") from error
        if not posting.lines:
            raise Unfit("unbalanced", "The journal has no lines.")
        if sum(line.amount for line in posting.lines):
            raise Unfit("unbalanced", "Debits and credits are not equal.")
        return posting

    def naming(self, customers: Mapping[str, str]) -> Posting:
        """Its customers as a system calls them."""
        lines = tuple(
            replace(line, customer=customers.get(line.customer, line.customer))
            for line in self.lines
        )
        return replace(self, lines=lines)

    @property
    def content(self) -> str:
        return content(
            self.day, self.currency, ((one.account, one.debit, one.credit) for one in self.lines)
        )


def content(day: str, currency: str, sides: Iterable[tuple[str, int, int]]) -> str:
    """
    The hash of a day, a currency and what is debited and credited to each account, in minor units.

    Sums of each side of each account: an ERP may split or join lines of an account, and its books
    are the same; a line of zero is none.
    """
    debits: Counter[str] = Counter()
    credits: Counter[str] = Counter()
    for account, debit, credit in sides:
        debits[account] += debit
        credits[account] += credit
    named = sorted({*debits, *credits})
    sums = [[one, debits[one], credits[one]] for one in named if debits[one] or credits[one]]
    return hashed([day, currency, sums])


def hashed(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, separators=(",", ":")).encode()).hexdigest()


def _line(line: Mapping[str, Any]) -> Line:
    debit, credit, document = line["debit"], line["credit"], line.get("document_amount", 0)
    customer = line.get("customer") or {}
    others = customer.get("other_ids") or ()
    for amount in (debit, credit):
        if type(amount) is not int or not 0 <= amount < LIMIT:
            raise ValueError("an amount is no whole number of minor units")
    if debit and credit:
        raise ValueError("a line has a debit and a credit")
    if type(document) is not int or abs(document) >= LIMIT:
        raise ValueError("a second amount is no whole number of minor units")
    if not isinstance(others, list | tuple):
        raise ValueError("a customer's other ids are no list")
    return Line(
        account=str(line["account"]),
        debit=debit,
        credit=credit,
        memo=str(line.get("memo") or ""),
        customer=str(customer.get("id") or ""),
        customer_name=str(customer.get("name") or ""),
        tax_code=str(line.get("tax_code") or ""),
        cost_centre=str(line.get("cost_centre") or ""),
        customer_class=str(line.get("customer_class") or ""),
        document=document,
        customer_others=tuple(str(one) for one in others if one),
        customer_country=str(customer.get("country") or ""),
    )


def account(
    code: str, accounts: Mapping[str, A], *, system: str, ambiguous: Collection[str] = ()
) -> A:
    """The one account of that number that the system has. Raises Unfit."""
    found = accounts.get(code)
    if found is None:
        raise Unfit("account_unknown", f"Account {code} does not exist in {system}.")
    if code in ambiguous:
        raise Unfit("account_unknown", f"{system} has several accounts {code}.")
    return found


def _document(value: Mapping[str, Any]) -> Document:
    customer = value["customer"]
    return Document(
        number=str(value["number"]),
        day=date.fromisoformat(value["date"]).isoformat(),
        customer=str(customer["id"]),
        customer_name=str(customer.get("name") or customer["id"]),
        total=_amount(value["total"]),
    )


def _settled(values: Any, key: str) -> tuple[Settled, ...]:
    return tuple(
        Settled(str(one[key]), str(one.get("number") or ""), _amount(one["amount"]))
        for one in values or ()
    )


def _amount(value: Any) -> int:
    if type(value) is not int or abs(value) >= LIMIT:
        raise ValueError("an amount is no whole number of minor units")
    return value
