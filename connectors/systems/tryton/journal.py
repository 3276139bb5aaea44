"""What is to be posted, as the ledger hands it over, and what makes two postings the same."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from revops.kernel import keys
from revops.kernel.money import LIMIT

# Our keys hold nothing that a LIKE pattern would read as a wildcard, and end at the first blank.
KEY: Final = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)
OURS: Final = keys.PREFIX
_DESCRIPTION: Final = 240


class Unfit(Exception):
    """A payload that Tryton would refuse, or that we must not send; ``reason`` is for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Line:
    """
    ``tax_code`` is "" on lines that are no tax. ``document`` is what the line was in the document's
    own currency, debit positive; 0 on lines that move the books' currency alone (realised
    exchange differences) and of documents in that currency.
    """

    account: str
    debit: int
    credit: int
    memo: str
    customer: str
    customer_name: str
    tax_code: str
    document: int = 0


@dataclass(frozen=True, slots=True)
class Settled:
    """An invoice by our key, and how much of it a document settles, positive."""

    key: str
    amount: int


@dataclass(frozen=True, slots=True)
class Journal:
    """
    A journal as the ledger hands it over: one currency, whole minor units, ISO day.
    ``document_currency`` is that of a document in another one, else "". ``reopens`` names what had
    settled an invoice and is taken back; ``due_on`` is the ISO day on which an invoice is to be
    paid, "" without one.
    """

    legal_entity: str
    day: str
    currency: str
    text: str
    lines: tuple[Line, ...]
    document_currency: str = ""
    settles: tuple[Settled, ...] = ()
    reopens: tuple[Settled, ...] = ()
    due_on: str = ""

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Journal:
        """Raises Unfit."""
        try:
            day = date.fromisoformat(payload["accounting_date"]).isoformat()
            lines = tuple(_line(line) for line in payload["lines"])
            number = str(payload.get("number") or payload["business_key"])
            text = " ".join(f"{number} {payload.get('description') or ''}".split())
            currency, entity = str(payload["currency"]), str(payload["legal_entity"])
            document = str(payload.get("document_currency") or "")
            told = payload.get("document") or payload
            settles = tuple(_settled(one) for one in told.get("settles") or ())
            back = payload.get("reopens") or ()
            reopens = tuple(_settled(one | {"key": one["settled_by"]}) for one in back)
            due_on = date.fromisoformat(due).isoformat() if (due := told.get("due_on")) else ""
        except (KeyError, TypeError, ValueError) as error:
            raise Unfit("refused", f"The journal cannot be read: {error}.") from error
        if sum(line.debit - line.credit for line in lines):
            raise Unfit("unbalanced", "Debits and credits are not equal.")
        if not lines:
            raise Unfit("unbalanced", "The journal has no lines.")
        if any(line.document for line in lines) and document in ("", currency):
            raise Unfit("refused", "A line has a second amount, yet there is no second currency.")
        return cls(
            entity, day, currency, text[:_DESCRIPTION], lines, document, settles, reopens, due_on
        )


def _settled(one: Mapping[str, Any]) -> Settled:
    amount = one["amount"]
    if type(amount) is not int or not 0 < amount < LIMIT:
        raise ValueError("what is settled is no whole number of minor units")
    if not KEY.fullmatch(one["key"]):
        raise ValueError("what is settled is not named by a key of ours")
    return Settled(one["key"], amount)


def _line(line: Mapping[str, Any]) -> Line:
    debit, credit, document = line["debit"], line["credit"], line.get("document_amount", 0)
    customer = line.get("customer") or {}
    for amount in (debit, credit):
        if type(amount) is not int or not 0 <= amount < LIMIT:
            raise ValueError("an amount is no whole number of minor units")
    if debit and credit:
        raise ValueError("a line has a debit and a credit")
    if type(document) is not int or abs(document) >= LIMIT:
        raise ValueError("a second amount is no whole number of minor units")
    if document * (debit - credit) < 0:
        raise ValueError("a line is debit in one currency only")
    return Line(
        account=str(line["account"]),
        debit=debit,
        credit=credit,
        memo=str(line.get("memo") or ""),
        customer=str(customer.get("id") or ""),
        customer_name=str(customer.get("name") or ""),
        tax_code=str(line.get("tax_code") or ""),
        document=document,
    )


def content_hash(day: str, currency: str, lines: Sequence[Sequence[Any]]) -> str:
    """
    Of date, currency and lines as (account code, debit, credit), and of those in another currency
    also its code and their amount in it. Their order does not count, nor do lines of zero: Tryton
    adds one to an invoice of nothing.
    """
    counted = [list(line) for line in lines if line[1] or line[2]]
    content = [day, currency, sorted(counted, key=str)]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def digest(payload: Mapping[str, Any]) -> str:
    """What Tryton should hold for a payload, whatever its kind; "" for one that cannot be sent."""
    try:
        entry = Journal.of(payload)
    except Unfit:
        return ""
    return digest_of(entry)


def digest_of(entry: Journal) -> str:
    second = entry.document_currency
    lines = [
        (line.account, line.debit, line.credit, *((second, line.document) if line.document else ()))
        for line in entry.lines
    ]
    return content_hash(entry.day, entry.currency, lines)


def key_in(text: object) -> str:
    """The key that leads a description or a reference; people may have added to its end."""
    return str(text or "").partition(" ")[0]
