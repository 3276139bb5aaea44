"""
What the rules need to know beyond an event, for a batch at once: one query a kind.

Read before the first event and kept current while the batch goes on, so that an event sees what the
ones before it did. Nothing of it is written before the line has taken the event.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from revops.canonical.operations import Batch
from revops.contracts.base import EventData
from revops.contracts.invoices import InvoiceIssued
from revops.contracts.subscriptions import SubscriptionPaused, SubscriptionResumed
from revops.kernel import strict_json
from revops.ledger import items
from revops.ledger import operations as ledger
from revops.ledger.chain_rows import load_chains
from revops.ledger.chains import NOTHING, Amount, Held
from revops.ledger.drafts import JournalDraft
from revops.ledger.operations import Standing
from revops.ledger.rests import Rest
from revops.pipeline.journalize.wanted import Wanted
from revops.store import sql


@dataclass(frozen=True, slots=True)
class ChargedLine:
    """An invoice line as it was billed; ``taxes`` by code."""

    line_id: str
    sku: str
    amount: int
    taxes: Mapping[str, int]


@dataclass(slots=True)
class Knowledge:
    """
    See the module. ``standing`` entries about invoices that are to be voided, and those of the
    ``credits`` that lowered them, by our id of the invoice. ``chains`` by their key, each in the
    order in which it came about. ``rests``, pauses and resumptions, by their subscription's key.
    """

    standing: Mapping[int, Sequence[Standing]] = field(default_factory=dict)
    credits: dict[int, list[Standing]] = field(default_factory=dict)
    chains: dict[str, list[Held]] = field(default_factory=dict)
    rests: dict[str, set[Rest]] = field(default_factory=dict)
    _lines: dict[str, dict[str, ChargedLine]] = field(default_factory=dict)
    _given_back: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _balances: dict[tuple[int, str, str, str], Amount] = field(default_factory=dict)
    _recorded: set[tuple[int, str, str]] = field(default_factory=set)
    _requests: dict[str, str] = field(default_factory=dict)
    _latest: dict[str, date] = field(default_factory=dict)
    _owners: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, slug: str, batch: Batch, events: Sequence[EventData], own: Mapping[int, str]
    ) -> Knowledge:
        """
        Read what these events need; takes locks on the chains that they may change. ``own`` is the
        functional currency of each entity.
        """
        wanted = Wanted.of(slug, batch, events, own)
        known = cls()
        for data in events:
            if isinstance(data, InvoiceIssued):
                known._keep_lines(f"{slug}:{data.invoice_id}", data)
        if not wanted:
            return known
        rows = [batch.tables.invoice.get(source_id) for source_id in wanted.voided]
        ids = [row.id for row in rows if row is not None]
        if ids:
            types = ("invoice", "recognition", "usage_accrual")
            known.standing = ledger.standing("invoice", ids, document_types=types)
            known._load_credits(ids)
        known._load_rests(slug, batch, events)
        known.chains = load_chains(wanted.chains, wanted.invoice_keys)
        known._load_invoices(slug, batch)
        known._load_requests(wanted)
        if wanted.refunds:
            known._want_refunds(slug, batch, wanted)
        known._load_lines(slug, wanted.invoices)
        known._load_given_back(wanted.invoice_keys)
        known._load_balances(wanted.items | set(known._requests.values()))
        known._recorded = ledger.recorded(wanted.documents)
        return known

    # -- schedules --------------------------------------------------------------------------------
    def add(self, held: Held) -> None:
        """A new schedule; one that is stored already stays as it is."""
        chain = self.chains.setdefault(held.chain, [])
        same = [one for one in chain if (one.key, one.line_id) == (held.key, held.line_id)]
        if any(one.id is not None and one.part == held.part for one in same) and not held.carried:
            return
        held.part = max([one.part for one in same], default=0) + 1
        chain.append(held)

    def touched(self) -> list[Held]:
        """What is new or has changed, to be written."""
        return [
            one for chain in self.chains.values() for one in chain if one.id is None or one.changed
        ]

    def of_line(self, key: str, line_id: str) -> Held | None:
        """The schedule that an invoice line made, of those known to the batch; the newest part."""
        found = [
            one
            for chain in self.chains.values()
            for one in chain
            if (one.key, one.line_id) == (key, line_id)
        ]
        return max(found, key=lambda one: one.part, default=None)

    def of_document(self, key: str) -> list[Held]:
        """The schedules that a document's lines made."""
        return [one for chain in self.chains.values() for one in chain if one.key == key]

    # -- amounts ----------------------------------------------------------------------------------
    def line(self, invoice_key: str, line_id: str) -> ChargedLine | None:
        return self._lines.get(invoice_key, {}).get(line_id)

    def lines(self, invoice_key: str) -> Sequence[ChargedLine]:
        return list(self._lines.get(invoice_key, {}).values())

    def given_back(self, invoice_key: str, line_id: str, tax_code: str = "") -> int:
        return self._given_back.get((invoice_key, line_id, tax_code), 0)

    def give_back(self, invoice_key: str, line_id: str, tax_code: str, amount: int) -> None:
        key = (invoice_key, line_id, tax_code)
        self._given_back[key] = self._given_back.get(key, 0) + amount

    def balance(self, entity_id: int, account: str, currency: str, item: str) -> Amount:
        """The balance of an open item, debit positive."""
        return self._balances.get((entity_id, account, currency, item), NOTHING)

    def balances(self, entity_id: int, account: str, item: str) -> dict[str, Amount]:
        """The balances of an open item by currency, debit positive."""
        return {
            currency: held
            for (entity, code, currency, name), held in self._balances.items()
            if (entity, code, name) == (entity_id, account, item)
        }

    def listed(self, entity_id: int, currency: str, item: str) -> dict[str, Amount]:
        """What is listed as an open item, by account; debit positive."""
        return {
            account: held
            for (entity, account, own, name), held in self._balances.items()
            if (entity, own, name) == (entity_id, currency, item) and held != NOTHING
        }

    def refunded(self, customer: str, invoice: str) -> list[tuple[str, date]]:
        """
        The customer's invoices of which refunds took something off price and tax (or the customer,
        for refunds of no invoice) with the latest day: ``invoice`` first, then the oldest.
        """
        keys = {customer, *[key for key, owner in self._owners.items() if owner == customer]}
        found = {
            key: self._latest[items.refunded(key)]
            for key in {invoice, *keys}
            if items.refunded(key) in self._latest
        }
        return sorted(found.items(), key=lambda one: (one[0] != invoice, one[1], one[0]))

    def request_item(self, request_ref: str) -> str:
        """The open item of a credit request's accrual, whichever system it came from."""
        return self._requests.get(request_ref, "")

    def recorded(self, entity_id: int, document_type: str, key: str) -> bool:
        return (entity_id, document_type, key) in self._recorded

    def fold(self, entity_id: int, drafts: Iterable[JournalDraft]) -> None:
        """The line has taken these drafts: what they leave is what the next event finds."""
        for draft in drafts:
            identity = (entity_id, draft.document_type, draft.business_key)
            if identity in self._recorded and draft.revision == 1:
                continue
            self._recorded.add(identity)
            for line in draft.lines:
                if line.item:
                    key = (entity_id, line.account, draft.currency, line.item)
                    self._balances[key] = self._balances.get(key, NOTHING) + Amount(
                        line.amount, line.functional
                    )
                    self._dated(line.item, draft.accounting_date)

    def _dated(self, item: str, day: date) -> None:
        self._latest[item] = max(day, self._latest.get(item, day))

    # -- reading ----------------------------------------------------------------------------------
    def _keep_lines(self, key: str, data: InvoiceIssued) -> None:
        found = self._lines.setdefault(key, {})
        for line in data.lines:
            taxes: dict[str, int] = defaultdict(int)
            for tax in line.taxes:
                taxes[tax.code] += tax.amount
            found[line.line_id] = ChargedLine(line.line_id, line.sku, line.amount, dict(taxes))

    def _load_invoices(self, slug: str, batch: Batch) -> None:
        """The invoices behind the chains, with their customers: whether they are paid counts."""
        made_by = {one.entry_key for chain in self.chains.values() for one in chain}
        batch.tables.invoice.load(
            key.removeprefix(f"{slug}:") for kind, key in made_by if kind == "invoice"
        )
        batch.tables.customer.load(ids=[row.customer_id for row in batch.tables.invoice.known()])

    def _load_lines(self, slug: str, invoices: Mapping[int, str]) -> None:
        if not invoices:
            return
        for row in sql.rows(_LINES, (list(invoices),)):
            found = self._lines.setdefault(f"{slug}:{invoices[row.invoice_id]}", {})
            taxes: dict[str, int] = defaultdict(int)
            for tax in strict_json.loads(row.taxes):
                taxes[tax["code"]] += tax["amount"]
            found[row.line_id] = ChargedLine(row.line_id, row.sku, row.amount, dict(taxes))

    def _load_credits(self, invoice_ids: Sequence[int]) -> None:
        of = {row.id: row.invoice_id for row in sql.rows(_CREDITS, (list(invoice_ids),))}
        found = ledger.standing("credit", of, document_types=("credit",)) if of else {}
        for credit_id, entries in found.items():
            self.credits.setdefault(of[credit_id], []).extend(entries)

    def _load_given_back(self, keys: Iterable[str]) -> None:
        asked = list(keys)
        for row in sql.rows(_GIVEN_BACK, (asked,)) if asked else ():
            self._given_back[row.invoice_key, row.line_id, row.tax_code] = row.amount

    def _load_balances(self, wanted: Iterable[str]) -> None:
        asked = [item for item in wanted if item]
        for row in sql.rows(_BALANCES, (asked,)) if asked else ():
            self._balances[row.legal_entity_id, row.account, row.currency, row.item] = Amount(
                row.amount, row.functional
            )
            self._dated(row.item, row.latest)

    def _want_refunds(self, slug: str, batch: Batch, wanted: Wanted) -> None:
        """Whatever else of these customers has been refunded: a memo may have come after it."""
        customers = [row.id for row in batch.tables.customer.known()]
        for row in sql.rows(_REFUNDED, (customers,)) if customers else ():
            wanted.invoices.setdefault(row.id, row.source_id)
            wanted.items.add(items.refunded(f"{slug}:{row.source_id}"))
            self._owners[f"{slug}:{row.source_id}"] = f"{slug}:{row.customer}"

    def _load_rests(self, slug: str, batch: Batch, events: Sequence[EventData]) -> None:
        """Pauses and resumptions of the same subscriptions that have been told before."""
        asked = {
            data.subscription_id
            for data in events
            if isinstance(data, SubscriptionPaused | SubscriptionResumed)
        }
        for row in sql.rows(_RESTS, (list(asked), batch.connection_id)) if asked else ():
            day = date.fromisoformat(strict_json.loads(row.data)["effective_on"])
            found = self.rests.setdefault(f"{slug}:{row.subject_id}", set())
            found.add(Rest(day, begins=row.contract == SubscriptionPaused.contract))

    def _load_requests(self, wanted: Wanted) -> None:
        asked = list(wanted.requests)
        for row in sql.rows(_REQUESTS, (asked,)) if asked else ():
            key = f"{row.slug}:{row.source_id}"
            self._requests[row.source_id] = items.credit_request(key)


_LINES: Final = """
SELECT invoice_id, line_id, sku, amount, taxes FROM canonical_invoiceline
WHERE invoice_id = ANY(%s) ORDER BY invoice_id, position
"""
_CREDITS: Final = """
SELECT id, invoice_id FROM canonical_credit WHERE invoice_id = ANY(%s) AND settles = 'invoice'
"""
_GIVEN_BACK: Final = """
SELECT invoice_key, line_id, tax_code, sum(amount)::bigint AS amount FROM ledger_givenback
WHERE invoice_key = ANY(%s) GROUP BY invoice_key, line_id, tax_code
"""
_BALANCES: Final = """
SELECT entry.legal_entity_id, line.account, entry.currency, line.item,
    sum(line.amount)::bigint AS amount, sum(line.functional)::bigint AS functional,
    max(entry.accounting_date) AS latest
FROM ledger_journalline line JOIN ledger_journalentry entry ON entry.id = line.entry_id
WHERE line.item = ANY(%s) AND line.item <> '' AND entry.lane = 'primary'
GROUP BY entry.legal_entity_id, line.account, entry.currency, line.item
"""
_RESTS: Final = """
SELECT told.subject_id, told.contract, told.data FROM events_businessevent told
JOIN events_inboundevent inbound ON inbound.id = told.inbound_id
WHERE told.subject = 'subscription' AND told.subject_id = ANY(%s) AND inbound.connection_id = %s
  AND told.contract IN ('subscription.paused/1', 'subscription.resumed/1')
"""
_REFUNDED: Final = """
SELECT DISTINCT invoice.id, invoice.source_id, customer.source_id AS customer
FROM canonical_invoice invoice JOIN canonical_customer customer ON customer.id = invoice.customer_id
JOIN canonical_payment payment ON payment.invoice_id = invoice.id
JOIN canonical_refund refund ON refund.payment_id = payment.id
WHERE invoice.customer_id = ANY(%s)
"""
_REQUESTS: Final = """
SELECT connection.slug, credit.source_id FROM canonical_credit credit
JOIN connectors_connection connection ON connection.id = credit.connection_id
WHERE credit.source_id = ANY(%s) AND credit.requested_on IS NOT NULL
"""
