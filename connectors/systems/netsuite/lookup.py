"""Transactions by our key, by NetSuite's id or by number, with what they did to accounts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from connectors.caller import lots, quoted
from connectors.contract import Found, HeldDocument, HeldLine
from connectors.postings import KEY, content
from connectors.systems.netsuite import wire
from connectors.systems.netsuite.books import Library, Subsidiary
from connectors.systems.netsuite.wire import NetSuite, Row
from revops.kernel import keys

_AT_ONCE: Final = 100
_LINES: Final = """
SELECT t.id, t.externalid, t.type, t.tranid, TO_CHAR(t.trandate, 'YYYY-MM-DD') AS day, t.posting,
    t.memo, BUILTIN.DF(t.entity) AS party, c.externalid AS partykey, tl.subsidiary, a.acctnumber,
    tal.debit, tal.credit, tal.transactionline AS line
FROM transaction t
JOIN transactionaccountingline tal ON tal.transaction = t.id
JOIN transactionline tl ON tl.transaction = tal.transaction AND tl.id = tal.transactionline
JOIN account a ON a.id = tal.account
LEFT JOIN customer c ON c.id = t.entity
WHERE {where} AND tal.accountingbook = {book}
ORDER BY t.id, tal.transactionline
"""


@dataclass(slots=True)
class Held:
    """A transaction in the primary book; ``lines`` as (account number, debit, credit)."""

    id: str
    key: str
    type: str
    number: str
    day: str
    posted: bool
    memo: str
    party: str
    party_key: str
    subsidiary: Subsidiary
    lines: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def found(self) -> Found:
        currency = self.subsidiary.currency.code
        return Found(
            external_id=self.id,
            external_number=self.number,
            posted=self.posted,
            content_sha256=content(self.day, currency, self.lines),
            excerpt=self.memo,
        )

    @property
    def document(self) -> HeldDocument:
        return HeldDocument(
            external_id=self.id,
            external_number=self.number,
            posted=self.posted,
            dated=self.day,
            currency=self.subsidiary.currency.code,
            lines=tuple(
                HeldLine(account, debit - credit)
                for account, debit, credit in self.lines
                if debit or credit
            ),
            text=self.memo,
            key=self.key if self.key.startswith(keys.PREFIX) else "",
        )


async def by_keys(netsuite: NetSuite, library: Library, wanted: Iterable[str]) -> dict[str, Held]:
    """
    By external ID, of whatever type: NetSuite lets one of all transactions have it. Raises Problem.
    """
    asked = sorted({key for key in wanted if KEY.fullmatch(key)})
    found: dict[str, Held] = {}
    for some in lots(asked, _AT_ONCE):
        where = f"t.externalid IN ({wire.listed(some)})"
        found |= {one.key: one for one in await _held(netsuite, library, where)}
    return {key: one for key, one in found.items() if key in asked}


async def by_ids(netsuite: NetSuite, library: Library, wanted: Sequence[str]) -> dict[str, Held]:
    """Raises Problem."""
    found: dict[str, Held] = {}
    for some in lots(wanted, _AT_ONCE):
        where = f"t.id IN ({wire.ids(some)})"
        found |= {one.id: one for one in await _held(netsuite, library, where)}
    return found


async def by_number(
    netsuite: NetSuite, library: Library, legal_entity: str, number: str
) -> list[HeldDocument]:
    """Raises Problem."""
    subsidiary = library.subsidiaries.get(legal_entity)
    if subsidiary is None or not number:
        return []
    where = f"t.tranid = {quoted(number)} AND tl.subsidiary = {wire.ids([subsidiary.id])}"
    return [one.document for one in await _held(netsuite, library, where)]


async def _held(netsuite: NetSuite, library: Library, where: str) -> list[Held]:
    rows = await netsuite.rows(_LINES.format(where=where, book=netsuite.book))
    return grouped(rows, library)


def grouped(rows: Iterable[Row], library: Library) -> list[Held]:
    """What of it is in books that this connection knows. Raises Problem for what is unclear."""
    found: dict[str, Held] = {}
    for row in rows:
        number = wire.text(row, "id")
        held = found.get(number)
        if held is None:
            subsidiary = library.by_id(wire.text(row, "subsidiary"))
            if subsidiary is None:
                continue
            held = found[number] = Held(
                id=number,
                key=str(row.get("externalid") or ""),
                type=wire.text(row, "type"),
                number=str(row.get("tranid") or ""),
                day=wire.text(row, "day"),
                posted=wire.flag(row, "posting"),
                memo=str(row.get("memo") or ""),
                party=str(row.get("party") or ""),
                party_key=str(row.get("partykey") or ""),
                subsidiary=subsidiary,
            )
        digits = held.subsidiary.currency.digits
        sides = (wire.minor(row.get(side), digits) for side in ("debit", "credit"))
        debit, credit = sides
        held.lines.append((wire.text(row, "acctnumber"), debit, credit))
    return list(found.values())
