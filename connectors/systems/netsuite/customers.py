"""
A customer as NetSuite's: found by external ID, customer ID or an id that we noted, else made.

NetSuite gives a customer one external ID, and no place for our keys. Both other ids and keys stand
in one custom field of customers, ``|id:0015g…|rc1-…:<hash of what was asked>|``, the newest last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from connectors import whom
from connectors.caller import lots, quoted
from connectors.contract import Command, Found, Outcome, Receipt
from connectors.customers import Customer, known, several
from connectors.postings import KEY
from connectors.problem import Problem
from connectors.systems.netsuite import wire
from connectors.systems.netsuite.books import Library
from connectors.systems.netsuite.wire import SYSTEM, NetSuite, Row
from connectors.whom import Named

PREFIX: Final = "customer:"
_REMEMBERED: Final = 20
_NAME: Final = 83
_AT_ONCE: Final = 100
_COLUMNS: Final = "id, entityid, externalid, companyname, {field} AS notes"


def external_id(identity: str) -> str:
    """NetSuite takes letters, digits, ``_`` and ``-``; any other id gets one made of it."""
    if wire.EXTERNAL.fullmatch(identity):
        return identity
    return f"c-{hashlib.sha256(identity.encode()).hexdigest()[:32]}"


async def resolve(
    netsuite: NetSuite, wanted: Mapping[str, Named], *, subsidiary: str
) -> dict[str, str]:
    """
    Internal ids of our customers; a missing one is made, in this subsidiary. Making is an upsert,
    so that repeating it does no harm. Raises Problem.
    """

    async def look(ids: Sequence[str]) -> dict[str, str]:
        held = await _by_ids(netsuite, ids)
        return {identity: wire.text(row, "id") for identity, row in held.items()}

    found = await whom.known(SYSTEM, "customers", wanted, look)
    for unfit in found.doubtful.values():
        raise Problem(Outcome.REFUSED, unfit.code, unfit.reason)
    for identity in found.to_make:
        body = {
            "companyName": (wanted[identity].name or identity)[:_NAME],
            "isPerson": False,
            "subsidiary": {"id": subsidiary},
        }
        await netsuite.upsert("customer", external_id(identity), body)
    made = await look(found.to_make) if found.to_make else {}
    if len(made) < len(found.to_make):
        raise Problem(Outcome.TRANSIENT, "garbled", "NetSuite does not list a customer it made.")
    return found.with_made(made)


async def upsert(netsuite: NetSuite, library: Library, command: Command) -> Receipt:
    """Raises Problem or Unfit."""
    key, asked = command.key, Customer.of(command.payload)
    standing = (await by_keys(netsuite, [key])).get(key)
    if standing:
        return known(SYSTEM, standing, asked.content)
    named = await _by_ids(netsuite, asked.ids) or await _by_ids(netsuite, asked.further)
    rows = {wire.text(row, "id"): row for row in named.values()}
    if len(rows) > 1:
        names = [str(row.get("entityid") or number) for number, row in rows.items()]
        raise several(SYSTEM, "customers", names)
    held = next(iter(rows.values()), None)
    body: dict[str, Any] = {
        "companyName": asked.name[:_NAME],
        netsuite.key_field: _notes(held, key, asked),
    }
    if asked.tax_id:
        body["vatRegNumber"] = asked.tax_id
    if held is not None:
        await netsuite.update("customer", wire.text(held, "id"), body)
    else:
        # A customer is in one subsidiary: that of the books that postings for it are wanted in.
        first = next(iter(library.subsidiaries.values()))
        wanted = library.subsidiaries.get(str(command.payload.get("legal_entity") or ""), first)
        body |= {"isPerson": False, "subsidiary": {"id": wanted.id}, **_address(asked)}
        await netsuite.upsert("customer", external_id(asked.id), body)
    found = (await by_keys(netsuite.unhurried(), [key])).get(key)
    if not found:
        raise Problem(Outcome.IN_DOUBT, "garbled", "NetSuite does not show what it wrote.")
    return Receipt(
        Outcome.OK, external_id=found[0].external_id, external_number=found[0].external_number
    )


def _notes(held: Row | None, key: str, asked: Customer) -> str:
    marks = [mark for mark in str((held or {}).get("notes") or "").split("|") if mark]
    others = [mark for mark in marks if mark.startswith("id:")]
    others += [f"id:{one}" for one in asked.ids if f"id:{one}" not in others]
    keys = [mark for mark in marks if not mark.startswith("id:")]
    kept = [*others, *keys[1 - _REMEMBERED :], f"{key}:{asked.content}"]
    return f"|{'|'.join(kept)}|"


def _address(asked: Customer) -> dict[str, Any]:
    parts = {
        "addr1": asked.line1,
        "addr2": asked.line2,
        "city": asked.city,
        "state": asked.region_code,
        "zip": asked.postal_code,
    }
    told: dict[str, Any] = {name: value for name, value in parts.items() if value}
    if asked.country:
        told["country"] = {"id": asked.country}
    if not told:
        return {}
    return {"addressBook": {"items": [{"addressBookAddress": told, "defaultBilling": True}]}}


async def by_keys(netsuite: NetSuite, keys: Iterable[str]) -> dict[str, list[Found]]:
    """Customers by the keys that they were asked for under. Raises Problem."""
    found: dict[str, list[Found]] = {}
    wanted = sorted({key for key in keys if KEY.fullmatch(key)})
    for row in await _noted(netsuite, [f"{key}:" for key in wanted]):
        for mark in str(row.get("notes") or "").split("|"):
            key, _, content = mark.partition(":")
            if key in wanted:
                found.setdefault(key, []).append(_found(row, content))
    return found


def _found(row: Row, content: str) -> Found:
    return Found(
        external_id=f"{PREFIX}{wire.text(row, 'id')}",
        external_number=str(row.get("entityid") or ""),
        posted=True,
        content_sha256=content,
        excerpt=str(row.get("companyname") or ""),
    )


async def _by_ids(netsuite: NetSuite, ids: Iterable[str]) -> dict[str, Row]:
    """Our id → the one customer; external IDs count before customer IDs, those before notes."""
    identities = list(dict.fromkeys(ids))
    found: dict[str, Row] = {}
    for some in lots(identities, _AT_ONCE):
        external = {external_id(one): one for one in some}
        columns = _COLUMNS.format(field=netsuite.key_field)
        wanted = f"externalid IN ({wire.listed([*external])}) OR entityid IN ({wire.listed(some)})"
        query = f"SELECT {columns} FROM customer WHERE {wanted} ORDER BY id"  # noqa: S608  patterns are quoted, the field is a plain name
        rows = await netsuite.rows(query)
        for row in rows:
            if row.get("externalid") in external:
                found[external[str(row["externalid"])]] = row
        for row in rows:
            if row.get("entityid") in some:
                found.setdefault(str(row["entityid"]), row)
        rest = [one for one in some if one not in found]
        for row in await _noted(netsuite, [f"id:{one}|" for one in rest]):
            marks = str(row.get("notes") or "").split("|")
            for one in rest:
                if f"id:{one}" in marks:
                    found.setdefault(one, row)
    return found


async def _noted(netsuite: NetSuite, marks: Sequence[str]) -> list[Row]:
    if not marks:
        return []
    columns = _COLUMNS.format(field=netsuite.key_field)
    patterns = (quoted(f"%|{mark}%") for mark in marks)
    wanted = " OR ".join(f"{netsuite.key_field} LIKE {pattern}" for pattern in patterns)
    query = f"SELECT {columns} FROM customer WHERE {wanted} ORDER BY id"  # noqa: S608  patterns are quoted, the field is a plain name
    return await netsuite.rows(query)
