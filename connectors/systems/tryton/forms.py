"""The two forms that a posting takes in Tryton: a move of its own, or a customer invoice's move."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.contract import Found
from connectors.postings import CREDIT_MEMO, JOURNAL, PAYMENT, Line, Posting
from connectors.postings import INVOICE as INVOICED
from connectors.systems.tryton import invoices, moves
from connectors.systems.tryton.books import Books, Library


@dataclass(frozen=True, slots=True)
class Form:
    """
    ``prefix`` leads the ids that we give out for it, ``field`` is where the key stands.

    ``at_once``: how many are posted by one call. Tryton prints posted invoices before it answers,
    up to a second each, unless a worker of its own does that (README.md, “Doors and calls”).
    """

    kind: str
    model: str
    word: str
    prefix: str
    field: str
    read: Sequence[str]
    at_once: int
    key_of: Callable[[Mapping[str, Any]], str]
    found: Callable[[Mapping[str, Any], Library], Found | None]
    naming: Callable[[Posting, Books], list[Line]]

    @property
    def invoice(self) -> bool:
        return bool(self.prefix)

    def number(self, external_id: str) -> str:
        """Tryton's id of a document that we call ``external_id``."""
        return external_id.removeprefix(self.prefix)


MOVE: Final = Form(
    kind=JOURNAL,
    model="account.move",
    word="journal",
    prefix="",
    field="description",
    read=moves.READ,
    at_once=100,
    key_of=moves.key_of,
    found=moves.found,
    naming=moves.naming,
)
INVOICE: Final = Form(
    kind=INVOICED,
    model="account.invoice",
    word="invoice",
    prefix=invoices.PREFIX,
    field="reference",
    read=invoices.READ,
    at_once=10,
    key_of=invoices.key_of,
    found=invoices.found,
    naming=invoices.naming,
)
FORMS: Final = (MOVE, INVOICE)
# What each kind of command becomes: a credit memo is an invoice below zero, a payment a move.
BY_KIND: Final = {
    JOURNAL: MOVE,
    PAYMENT: MOVE,
    INVOICED: INVOICE,
    CREDIT_MEMO: INVOICE,
}


def of(external_id: str) -> Form:
    return INVOICE if external_id.startswith(INVOICE.prefix) else MOVE


def held(library: Library) -> Sequence[Form]:
    """What Tryton can hold, as far as its modules go."""
    return (MOVE, INVOICE) if library.invoices else (MOVE,)
