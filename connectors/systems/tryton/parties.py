"""Tryton's parties for our customers, and the addresses that its invoices go to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connectors.contract import Outcome
from connectors.problem import Problem
from connectors.systems.tryton.wire import Tryton


async def party_ids(tryton: Tryton, wanted: Mapping[str, str]) -> dict[str, int]:
    """
    Tryton's parties for our customers (id → name): found by code or by an identifier that finance
    gave an existing party, else made with our id as code. One search and one creation for all.

    Tryton's party codes are unique, so that a repeated creation is refused. Raises Problem.
    """
    found = await _find_parties(tryton, wanted)
    missing = [code for code in wanted if code not in found]
    if missing:
        values = [{"code": code, "name": wanted[code] or code} for code in missing]
        try:
            made = await tryton.action("party.party/create", {"vlist": values})
        except Problem as problem:
            if problem.code != "party_exists":
                raise
            # Somebody made one of them since we looked: look again, and only once.
            found = await _find_parties(tryton, wanted)
            missing = [code for code in wanted if code not in found]
            values = [{"code": code, "name": wanted[code] or code} for code in missing]
            made = await tryton.action("party.party/create", {"vlist": values}) if values else []
        if not isinstance(made, list) or len(made) != len(missing):
            raise Problem(
                Outcome.TRANSIENT, "garbled", "Tryton's answer to new parties was no list of them."
            )
        found |= dict(zip(missing, made, strict=True))
    return found


async def _find_parties(tryton: Tryton, wanted: Mapping[str, str]) -> dict[str, int]:
    codes = list(wanted)
    rows = await tryton.search(
        "party.party",
        [
            ["OR", ["code", "in", codes], ["identifiers.code", "in", codes]],
            ["active", "in", [True, False]],
        ],
        ["code", "replaced_by", "identifiers.code"],
    )
    found: dict[str, int] = {}
    for row in rows:
        party = row["replaced_by"] or row["id"]
        for identifier in row["identifiers."] or ():
            if identifier["code"] in wanted:
                found.setdefault(identifier["code"], party)
    for row in rows:
        if row["code"] in wanted:
            found[row["code"]] = row["replaced_by"] or row["id"]
    return found


async def address_ids(tryton: Tryton, parties: Iterable[int]) -> dict[int, int]:
    """
    Party → the address that its invoices name: one meant for invoices, else the first, else a new
    empty one. Tryton makes no invoice without. Raises Problem.
    """
    wanted = sorted(set(parties))
    found: dict[int, int] = {}
    rows = await tryton.search(
        "party.address", [["party", "in", wanted]], ["party", "invoice"], order=[["id", "ASC"]]
    )
    for row in sorted(rows, key=lambda row: not row["invoice"]):
        found.setdefault(row["party"], row["id"])
    missing = [party for party in wanted if party not in found]
    if missing:
        values = [{"party": party} for party in missing]
        made = await tryton.action("party.address/create", {"vlist": values})
        if not isinstance(made, list) or len(made) != len(missing):
            raise Problem(
                Outcome.TRANSIENT, "garbled", "Tryton's answer to new addresses was no list."
            )
        found |= dict(zip(missing, made, strict=True))
    return found
