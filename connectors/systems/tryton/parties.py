"""Tryton's parties for our customers, and the addresses that its invoices go to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from connectors import whom
from connectors.commands import Unfit
from connectors.contract import Outcome
from connectors.problem import Problem
from connectors.systems.tryton.wire import SYSTEM, Tryton
from connectors.whom import Named


async def party_ids(
    tryton: Tryton, wanted: Mapping[str, Named]
) -> tuple[dict[str, int], Mapping[str, Unfit]]:
    """
    Tryton's parties for our customers: found by code or by an identifier that finance gave an
    existing party, else made with our id as code; and why some cannot be told. One search for all,
    one for further ids of those that are not there, and one creation.

    Tryton's party codes are unique, so that a repeated creation is refused. Raises Problem.
    """

    async def look(codes: Sequence[str]) -> dict[str, int]:
        return await _find_parties(tryton, codes)

    found = await whom.known(SYSTEM, "parties", wanted, look)
    try:
        made = await _make(tryton, wanted, found.to_make)
    except Problem as problem:
        if problem.code != "party_exists":
            raise
        # Somebody made one of them since we looked: look again, and only once.
        found = await whom.known(SYSTEM, "parties", wanted, look)
        made = await _make(tryton, wanted, found.to_make)
    return found.with_made(made), found.doubtful


async def _make(
    tryton: Tryton, wanted: Mapping[str, Named], codes: Sequence[str]
) -> dict[str, int]:
    if not codes:
        return {}
    values = [{"code": code, "name": wanted[code].name or code} for code in codes]
    made = await tryton.action("party.party/create", {"vlist": values})
    if not isinstance(made, list) or len(made) != len(codes):
        raise Problem(
            Outcome.TRANSIENT, "garbled", "Tryton's answer to new parties was no list of them."
        )
    return dict(zip(codes, made, strict=True))


async def _find_parties(tryton: Tryton, codes: Sequence[str]) -> dict[str, int]:
    wanted = frozenset(codes)
    rows = await tryton.search(
        "party.party",
        [
            ["OR", ["code", "in", [*codes]], ["identifiers.code", "in", [*codes]]],
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
