"""What a posting rule is told beyond its event, and what its answer is to the line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from revops.canonical.operations import Batch
from revops.kernel.periods import Span
from revops.ledger import items
from revops.ledger.books import DatedBooks, EntityBooks
from revops.ledger.chains import Amount, Document
from revops.ledger.drafts import JournalDraft
from revops.ledger.rules.base import Books, Period, Rate, Role, SkuTreatment
from revops.ledger.rules.shares import Charged
from revops.pipeline.journalize.knowledge import Knowledge


@dataclass(frozen=True, slots=True)
class GivenBackLine:
    """What a draft gives back of an invoice line; ``tax_code`` is blank for its net amount."""

    invoice_key: str
    line_id: str
    tax_code: str
    amount: int


@dataclass(frozen=True, slots=True)
class Booked:
    """
    What an event means for the books: drafts, or a note that says why nothing.

    ``reverses`` gives, for each draft in order, the id of the entry that it undoes, or None.
    ``then`` changes the schedules; the line calls it when it has taken the drafts.
    """

    drafts: Sequence[JournalDraft] = ()
    reverses: Sequence[int | None] = ()
    note: str = ""
    then: Callable[[], None] | None = None
    given_back: Sequence[GivenBackLine] = ()


@dataclass(frozen=True, slots=True)
class AtRateOf:
    """
    Books of a day, but with another day's exchange rates: a credit goes back at the rate of the
    invoice (accounting.md note 8), and so does what is written off.
    """

    dated: DatedBooks
    rated: DatedBooks

    @property
    def legal_entity(self) -> str:
        return self.dated.legal_entity

    @property
    def functional_currency(self) -> str:
        return self.dated.functional_currency

    @property
    def zone(self) -> str:
        return self.dated.zone

    @property
    def mapping_version(self) -> int:
        return self.dated.mapping_version

    def account(self, role: str) -> str:
        return self.dated.account(role)

    def sku(self, sku: str) -> SkuTreatment:
        return self.dated.sku(sku)

    def tax_account(self, code: str) -> str:
        return self.dated.tax_account(code)

    def rate(self, currency: str) -> Rate:
        return self.rated.rate(currency)

    def periods(self, span: Span) -> Sequence[Period]:
        return self.dated.periods(span)


@dataclass(frozen=True, slots=True)
class About:
    """The invoice and the customer that an event is about, as far as they are known."""

    customer_id: str = ""
    customer_name: str = ""
    customer_key: str = ""
    invoice_id: str = ""
    invoice_number: str = ""
    invoice_key: str = ""
    issued_on: date | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """One event's view of what the batch knows: records, books, entries, schedules, balances."""

    slug: str
    batch: Batch
    books: EntityBooks
    known: Knowledge
    story: str = ""

    def key(self, source_id: str) -> str:
        """Business identity: the connection is the source's account, the id is its own."""
        return f"{self.slug}:{source_id}"

    def document(self, document_type: str, key: str, line_id: str) -> Document:
        return Document(key, line_id, (document_type, key), correlation_id=self.story)

    def recorded(self, document_type: str, key: str) -> bool:
        """Whether the fact is in the books already; then nothing that follows is done again."""
        return self.known.recorded(self.books.id, document_type, key)

    def rated(self, day: date, rate_day: date | None) -> Books:
        """The books of a day, with the exchange rates of another."""
        dated = self.books.on(day)
        return AtRateOf(dated, self.books.on(rate_day)) if rate_day else dated

    def of_invoice(self, record_id: int | None) -> About:
        if record_id is None:
            return About()
        row = self.batch.tables.invoice.by_id(record_id)
        customer = self.batch.tables.customer.by_id(row.customer_id)
        return About(
            customer.source_id, customer.name, self.key(customer.source_id), row.source_id,
            row.number, self.key(row.source_id), row.issued_on,
        )  # fmt: skip

    def charged(self, invoice_key: str) -> Charged:
        """What an invoice charged, as price and taxes."""
        taxes: dict[str, int] = {}
        net = 0
        for line in self.known.lines(invoice_key):
            net += line.amount
            for code, amount in line.taxes.items():
                taxes[code] = taxes.get(code, 0) + amount
        return Charged(net, tuple(taxes.items()))

    def of_customer(self, source_id: str) -> About:
        row = self.batch.tables.customer.get(source_id) if source_id else None
        if row is None:
            return About(customer_id=source_id)
        return About(source_id, row.name, self.key(source_id))

    def balance(self, role: Role, day: date, currency: str, customer_key: str) -> Amount:
        """What is owed to a customer on one of the liabilities (positive), never below zero."""
        account = self.books.on(day).account(role)
        held = self.known.balance(self.books.id, account, currency, items.customer(customer_key))
        return Amount(-held.amount, -held.functional) if held.amount < 0 else Amount()

    def receivable(self, day: date, currency: str, invoice_key: str) -> Amount | None:
        """
        The open receivable as the books hold it, where its rate may be another than the day's: in
        the books' own currency there is nothing to carry.
        """
        if currency == self.books.functional_currency:
            return None
        account = self.books.on(day).account(Role.RECEIVABLE)
        held = self.known.balance(self.books.id, account, currency, items.invoice(invoice_key))
        return held if held.amount > 0 else None
