"""What Fusion holds under our keys or a number: journals, and documents of Receivables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from connectors.caller import lots, quoted
from connectors.contract import Found, HeldDocument, HeldLine
from connectors.postings import KEY, content
from connectors.systems.oracle_fusion import receivables, wire
from connectors.systems.oracle_fusion.books import Ledger, Library
from connectors.systems.oracle_fusion.receivables import FORMS, Form
from connectors.systems.oracle_fusion.wire import Fusion, Row
from revops.kernel import keys
from revops.kernel.money import minor_digits

BATCHES: Final = "journalBatches"
EXPANDED: Final = "journalHeaders.journalLines"
_POSTED: Final = frozenset(("P", "POSTED"))
_AT_ONCE: Final = 20


@dataclass(slots=True)
class Held:
    """``lines`` as (account, debit, credit) in minor units of the ledger's currency."""

    external_id: str
    key: str
    number: str
    day: str
    posted: bool
    text: str
    party: str
    party_key: str
    ledger: Ledger
    source: str = ""
    lines: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def found(self) -> Found:
        return Found(
            external_id=self.external_id,
            external_number=self.number,
            posted=self.posted,
            content_sha256=content(self.day, self.ledger.currency, self.lines),
            excerpt=self.text,
        )

    @property
    def document(self) -> HeldDocument:
        lines = (HeldLine(account, debit - credit) for account, debit, credit in self.lines)
        return HeldDocument(
            external_id=self.external_id,
            external_number=self.number,
            posted=self.posted,
            dated=self.day,
            currency=self.ledger.currency,
            lines=tuple(lines),
            text=self.text,
            key=self.key,
        )


async def by_keys(fusion: Fusion, library: Library, wanted: Iterable[str]) -> dict[str, list[Held]]:
    """Whatever the key was first used for. Raises Problem."""
    asked = sorted({key for key in wanted if KEY.fullmatch(key)})
    found: dict[str, list[Held]] = {}
    for some in lots(asked, _AT_ONCE):
        named = " or ".join(f"BatchName LIKE {quoted(f'{key}%')}" for key in some)
        rows = await fusion.rows(BATCHES, q=named, expand=EXPANDED, order="JeBatchId")
        held = [one for row in rows for one in of_batch(row, library, fusion)]
        for form in FORMS:
            q = wire.any_of(form.number, map(receivables.number, some))
            rows = await fusion.rows(form.resource, q=q, expand=form.distributions, order=form.id)
            held += [one for row in rows if (one := of_document(row, form, library, fusion))]
        for one in held:
            if one.key in some:
                found.setdefault(one.key, []).append(one)
    return found


async def by_number(
    fusion: Fusion, library: Library, legal_entity: str, number: str
) -> Sequence[HeldDocument]:
    """Raises Problem."""
    ledger = library.ledgers.get(legal_entity)
    if ledger is None or not number:
        return []
    q = f"BatchName={quoted(number)}"
    rows = await fusion.rows(BATCHES, q=q, expand=EXPANDED, order="JeBatchId")
    held = [one for row in rows for one in of_batch(row, library, fusion)]
    for form in FORMS:
        q = f"{form.number}={quoted(number)}"
        rows = await fusion.rows(form.resource, q=q, expand=form.distributions, order=form.id)
        held += [one for row in rows if (one := of_document(row, form, library, fusion))]
    return [one.document for one in held if one.ledger.legal_entity == legal_entity]


def of_batch(row: Row, library: Library, fusion: Fusion) -> list[Held]:
    """
    The journals of a batch that are in ledgers of ours, each as a document; ours has one a batch.

    Raises Problem for what is unclear.
    """
    ledgers = {ledger.unit.ledger: ledger for ledger in library.ledgers.values()}
    name = wire.text(row, "BatchName")
    key = name.partition(" ")[0]
    headers = wire.children(row, "journalHeaders")
    found = []
    for place, header in enumerate(headers):
        ledger = ledgers.get(wire.text(header, "LedgerId"))
        if ledger is None:
            continue
        digits = minor_digits(ledger.currency)
        lines = []
        for line in wire.children(header, "journalLines"):
            account = fusion.account_of(wire.text(line, "AccountCombination"))
            debit, credit = (
                wire.minor(line.get(side), digits) for side in ("AccountedDr", "AccountedCr")
            )
            lines.append((account, debit, credit))
        batch = wire.text(row, "JeBatchId")
        found.append(
            Held(
                external_id=f"batch:{batch}" + (f"/{place}" if len(headers) > 1 else ""),
                key=key if key.startswith(keys.PREFIX) else "",
                number=name,
                day=wire.text(header, "EffectiveDate")[:10],
                posted=str(row.get("Status") or "").upper() in _POSTED,
                text=str(header.get("Description") or row.get("BatchDescription") or ""),
                party="",
                party_key="",
                ledger=ledger,
                source=str(row.get("UserJeSourceName") or ""),
                lines=lines,
            )
        )
    return found


def of_document(row: Row, form: Form, library: Library, fusion: Fusion) -> Held | None:
    """None for one of a business unit that is none of ours. Raises Problem for what is unclear."""
    ledger = receivables.ledger_of(row, library)
    if ledger is None:
        return None
    customer = row.get("BillToCustomerNumber") or row.get("CustomerAccountNumber")
    return Held(
        external_id=f"{form.prefix}{wire.text(row, form.id)}",
        key=receivables.key_of(row, form),
        number=wire.text(row, form.number),
        day=wire.text(row, "AccountingDate")[:10],
        posted=receivables.posted(row, form),
        text=str(row.get(form.comments) or ""),
        party=str(row.get("BillToCustomerName") or row.get("CustomerName") or ""),
        party_key=str(customer or ""),
        ledger=ledger,
        lines=receivables.sides(row, form, ledger, fusion),
    )
