"""
Recording a document, each at most once: look, create, compare, commit. Our key is its code, so that
whatever becomes of an answer, there is one document and it can be asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from connectors.caller import pairs
from connectors.commands import PayloadRefused
from connectors.contract import Command, Found, Outcome, PayloadUnreadable, Receipt, Settings
from connectors.problem import Problem
from connectors.systems.avalara import listing, payloads, wire
from connectors.systems.avalara.answers import CLOSED, LOCKED, AvaTax, at
from connectors.systems.avalara.payloads import Commit, Void
from connectors.systems.avalara.wire import Json

_LINES: Final = [("$include", "Lines")]
# A filter is part of the address, which should not grow too long.
_AT_ONCE: Final = 10


async def send(tax: AvaTax, settings: Settings, command: Command) -> Receipt:
    """Never raises for what AvaTax or the network can do."""
    try:
        asked = payloads.wanted(command.kind, command.payload)
        if isinstance(asked, Void):
            return await _void(tax, asked)
        codes = pairs(settings.parameters.get("tax_codes"))
        return await _commit(tax, command.key, asked, codes)
    except PayloadRefused as refused:
        return Receipt(Outcome.REFUSED, code="refused", reason=str(refused))
    except Problem as problem:
        return problem.receipt()


async def _commit(tax: AvaTax, key: str, asked: Commit, codes: Mapping[str, str]) -> Receipt:
    company = tax.company(asked.legal_entity)
    known = await tax.maybe(at(company, key, f"/types/{asked.type}"), _LINES)
    if known is not None:
        status = wire.text(known.get("status"))
        if status == listing.CANCELLED:
            reason = "The document was voided in AvaTax, and its code cannot be used again."
            return Receipt(Outcome.REFUSED, code="cancelled", reason=reason, external_id=key)
        if status == listing.COMMITTED:
            return _committed(known, asked, key, Outcome.ALREADY_DONE)
    made = known
    if known is None or not _same(known, asked):
        # What is not committed is replaced by creating it again.
        body = payloads.model(asked, key=key, company=company, tax_codes=codes)
        made = await _create(tax, body)
    assert made is not None
    if not _same(made, asked):
        reason = "AvaTax holds it with other amounts than were billed; it is not committed."
        return Receipt(Outcome.REFUSED, code="conflict", reason=reason, drafted_id=key)
    query = [*_LINES, ("documentType", asked.type)]
    done = await tax.post(at(company, key, "/commit"), {"commit": True}, query)
    return _committed({**made, **done}, asked, key, Outcome.OK)


async def _create(tax: AvaTax, body: Json) -> Json:
    try:
        return await tax.post("/transactions/create", body, _LINES)
    except Problem as problem:
        if problem.code == CLOSED:
            # Committed since we looked; the next look says by whom.
            raise Problem(Outcome.TRANSIENT, CLOSED, problem.reason) from problem
        raise


def _same(row: Json, asked: Commit) -> bool:
    try:
        return payloads.held(row) == payloads.digest_of(asked.content())
    except PayloadUnreadable:
        return False


def _committed(row: Json, asked: Commit, key: str, outcome: Outcome) -> Receipt:
    if wire.text(row.get("status")) != listing.COMMITTED:
        reason = "AvaTax has recorded the document and not committed it yet."
        return Receipt(Outcome.TRANSIENT, code="not_committed", reason=reason, drafted_id=key)
    if not _same(row, asked):
        reason = "AvaTax holds a committed document under this code, with other content."
        return Receipt(Outcome.REFUSED, code="conflict", reason=reason, external_id=key)
    number = row.get("id")
    return Receipt(
        outcome,
        external_id=key,
        external_number=str(number) if type(number) is int else "",
        http_status=200,
    )


async def _void(tax: AvaTax, asked: Void) -> Receipt:
    """Nothing new is made: the document says whether it is void, and asking twice is no harm."""
    company = tax.company(asked.legal_entity)
    known = await tax.maybe(at(company, asked.code, f"/types/{asked.type}"))
    if known is None:
        reason = f"AvaTax has no document {asked.code}."
        return Receipt(Outcome.REFUSED, code="not_found", reason=reason)
    if wire.text(known.get("status")) == listing.CANCELLED:
        return Receipt(Outcome.ALREADY_DONE, external_id=asked.code)
    query = [("documentType", asked.type)]
    try:
        done = await tax.post(at(company, asked.code, "/void"), {"code": "DocVoided"}, query)
    except Problem as problem:
        if problem.code == LOCKED:
            reason = (
                "AvaTax has reported the document to the authority already: it is taken back by a "
                "document of its own, in AvaTax."
            )
            return Receipt(Outcome.REFUSED, code=LOCKED, reason=reason, excerpt=problem.excerpt)
        if problem.outcome is Outcome.IN_DOUBT:
            raise Problem(Outcome.TRANSIENT, problem.code, problem.reason) from problem
        raise
    if wire.text(done.get("status")) != listing.CANCELLED:
        reason = "The document is not void yet."
        return Receipt(Outcome.TRANSIENT, code="not_taken", reason=reason)
    return Receipt(Outcome.OK, external_id=asked.code, http_status=200)


async def find(tax: AvaTax, keys: Sequence[str]) -> Mapping[str, Sequence[Found]]:
    """What AvaTax holds under these codes, in any of the companies. Raises Problem."""
    found: dict[str, list[Found]] = defaultdict(list)
    for company in dict.fromkeys(tax.companies.values()) if keys else ():
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            codes = " or ".join(f"code eq '{key.replace(chr(39), chr(39) * 2)}'" for key in some)
            rows, _ = await listing.page(
                tax, company, where=f"({codes}) and {listing.EVER}", order="id ASC", skip=0,
                include="Lines",
            )  # fmt: skip
            for row in rows:
                if wire.text(row.get("status")) != listing.CANCELLED:
                    found[wire.text(row.get("code"))].append(_found(row))
    return dict(found)


def _found(row: Json) -> Found:
    try:
        content = payloads.held(row)
    except PayloadUnreadable as error:
        raise Problem(Outcome.TRANSIENT, "garbled", str(error)) from error
    return Found(
        external_id=wire.text(row.get("code")),
        external_number=str(row.get("id") or ""),
        posted=wire.text(row.get("status")) == listing.COMMITTED,
        content_sha256=content,
        excerpt=wire.text(row.get("description"), 200),
    )
