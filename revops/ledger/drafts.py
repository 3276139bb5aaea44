"""
What a posting rule makes: a balanced journal that nobody has recorded yet. Pure values.

Amounts are signed whole minor units, debit positive. ``amount`` is in the document's currency,
``functional`` in the currency of the entity's books; an entry balances in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from revops.kernel import strict_json
from revops.kernel.keys import sha256
from revops.kernel.money import LIMIT
from revops.kernel.periods import Span
from revops.ledger.rates import Rate

DOCUMENT_TYPES: Final = frozenset(
    (
        "invoice", "payment", "application", "fee", "payout", "refund", "recognition", "void",
        "exchange", "remeasurement", "usage_accrual", "credit_accrual", "reclass", "provision",
        "presentation", "credit", "drawdown", "dispute", "dispute_result", "return", "write_off",
        "recovery", "remittance", "payout_return", "transfer", "refund_return", "late_accrual",
    )
)  # fmt: skip
# Longer keys keep their beginning, for people, and a digest, to stay distinct.
_KEY_LENGTH: Final = 200


class CannotJournalize(ValueError):
    """The books cannot take this as it is; the message is for the person who has to mend it."""


class Unbalanced(CannotJournalize):
    """Debits and credits differ, or a schedule is not what it spreads."""


def business_key(base: str, *parts: str) -> str:
    """
    ``stripe:in_1042/il_1/2025-01``: the key of something within ``base``, at most 200 characters.

    A slash inside a part is quoted, so that parts stay apart.
    """
    quoted = [part.replace("%", "%25").replace("/", "%2F") for part in parts]
    text = "/".join((base, *quoted))
    if len(text) <= _KEY_LENGTH:
        return text
    return f"{text[: _KEY_LENGTH - 41]}~{sha256(text)[:40]}"


@dataclass(frozen=True, slots=True)
class DraftLine:
    """
    One side of an entry. ``source_line`` is the source's id of the line that caused it, or of the
    whole document where the document did. ``functional`` may round to zero. ``amount`` is 0 only
    where the books' own currency alone moves: an exchange difference, a remeasurement. ``item`` is
    what the account lists it under (``ledger/items.py``).
    """

    account: str
    amount: int
    functional: int
    memo: str = ""
    source_line: str = ""
    customer_id: str = ""
    customer_name: str = ""
    tax_code: str = ""
    service: Span | None = None
    item: str = ""

    def __post_init__(self) -> None:
        if not self.account:
            raise Unbalanced("A line names no account.")
        if abs(self.amount) >= LIMIT or abs(self.functional) >= LIMIT:
            raise Unbalanced(f"{self.amount} on {self.account} is no amount for a line.")
        if not self.amount and not self.functional:
            raise Unbalanced(f"The line on {self.account} moves nothing.")
        if self.functional and self.amount and (self.functional > 0) != (self.amount > 0):
            raise Unbalanced(f"The line on {self.account} is debit in one currency only.")

    def mirrored(self) -> DraftLine:
        """The same facts on the other side."""
        return replace(self, amount=-self.amount, functional=-self.functional)


@dataclass(frozen=True, slots=True)
class JournalDraft:
    """
    A balanced entry. (legal entity, document type, business key, revision) says which business
    fact it is; ``reverses`` is the ``identity`` of the entry that it undoes. ``rate`` is the day's
    exchange rate that shaped it, when one did. ``document_date`` is the document's own day where
    the entry is dated later, because that day's period was closed.

    Raises Unbalanced unless it has two lines and both currencies sum to zero.
    """

    legal_entity: str
    document_type: str
    business_key: str
    revision: int
    accounting_date: date
    currency: str
    functional_currency: str
    description: str
    rule: str
    lines: tuple[DraftLine, ...]
    reverses: str = ""
    mapping_version: int = 0
    rate: Rate | None = None
    document_date: date | None = None

    def __post_init__(self) -> None:
        if self.document_type not in DOCUMENT_TYPES:
            raise ValueError(f"“{self.document_type}” is no document type.")
        if not self.business_key or self.revision < 1:
            raise ValueError("An entry needs a business key, and revisions start at 1.")
        if len(self.lines) < 2:
            raise Unbalanced(f"{self.identity} needs at least two lines.")
        difference = functional = 0
        for line in self.lines:
            difference += line.amount
            functional += line.functional
            if line.amount != line.functional and self.currency == self.functional_currency:
                raise Unbalanced(f"{self.identity} holds two amounts of one currency in a line.")
        if difference or functional:
            raise Unbalanced(
                f"{self.identity} does not balance: debits exceed credits by {difference} minor "
                f"units of {self.currency} and {functional} of {self.functional_currency}."
            )

    @property
    def identity(self) -> str:
        """``invoice/in_1042/r1``, unique in a legal entity's books."""
        return f"{self.document_type}/{self.business_key}/r{self.revision}"

    @property
    def amount(self) -> int:
        """The total of the debits, which is the total of the credits."""
        return sum([line.amount for line in self.lines if line.amount > 0])

    def dated_later(self, on: date) -> JournalDraft:
        """The same entry on a later day; its document's day is kept, and said in its words."""
        day = self.document_date or self.accounting_date
        said = f", dated {day.isoformat()}"
        words = f"{self.description.removesuffix(said)}{said}"
        return replace(self, accounting_date=on, document_date=day, description=words)

    def content(self) -> Mapping[str, Any]:
        """
        What the books will hold: identity, date, accounts, amounts and dimensions. Without words
        for people (names, memos, the rule's name), which may change while the facts do not.
        """
        return {
            "legal_entity": self.legal_entity,
            "document_type": self.document_type,
            "business_key": self.business_key,
            "revision": self.revision,
            "accounting_date": self.accounting_date.isoformat(),
            "currency": self.currency,
            "functional_currency": self.functional_currency,
            "reverses": self.reverses,
            "lines": [
                {
                    "account": line.account,
                    "amount": line.amount,
                    "functional": line.functional,
                    "source_line": line.source_line,
                    "customer_id": line.customer_id,
                    "tax_code": line.tax_code,
                    "service": [line.service.start.isoformat(), line.service.end.isoformat()]
                    if line.service
                    else None,
                    **({"item": line.item} if line.item else {}),
                }
                for line in self.lines
            ],
        }

    def content_hash(self) -> str:
        """Equal for equal content: the same event journalized again gives the same (I7)."""
        return sha256(strict_json.dumps(self.content()))

    def reversed(self, *, on: date, business_key: str, description: str = "") -> JournalDraft:
        """A new entry, dated ``on``, that undoes this one line by line; never an update of it."""
        return replace(
            self,
            document_type="void",
            business_key=business_key,
            accounting_date=on,
            description=description or f"Reversal of {self.description}",
            lines=tuple([line.mirrored() for line in self.lines]),
            reverses=self.identity,
            document_date=None,
        )


@dataclass(frozen=True, slots=True)
class Portion:
    """
    What of a schedule belongs to one accounting period. ``span`` is the whole period. The amounts
    have the schedule's sign; in revenue they are credits.
    """

    period: str
    span: Span
    amount: int
    functional: int


@dataclass(frozen=True, slots=True)
class ScheduleDraft:
    """
    How a deferred net amount becomes revenue. ``business_key`` is its document's, ``line_id`` the
    line's that brought it, and ``part`` tells further schedules of that line apart; amounts are
    positive for revenue, negative for a credit. When it was ``stopped``, the portions are those
    before that day.

    Raises Unbalanced unless the portions sum to the totals (I2).
    """

    legal_entity: str
    business_key: str
    line_id: str
    sku: str
    currency: str
    total: int
    functional_currency: str
    functional_total: int
    service: Span
    convention: str
    deferral_account: str
    revenue_account: str
    portions: tuple[Portion, ...]
    customer_id: str = ""
    mapping_version: int = 0
    part: int = 1
    stopped: bool = False

    def __post_init__(self) -> None:
        if self.stopped:
            return
        spread = sum([portion.amount for portion in self.portions])
        functional = sum([portion.functional for portion in self.portions])
        if (spread, functional) != (self.total, self.functional_total):
            raise Unbalanced(
                f"The schedule of {self.business_key} {self.line_id} spreads {spread} of "
                f"{self.total} {self.currency} and {functional} of {self.functional_total} "
                f"{self.functional_currency} (minor units)."
            )
