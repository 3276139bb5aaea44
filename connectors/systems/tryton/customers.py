"""
A customer as Tryton's party: found by code or an identifier, else made, then brought up to date.

Tryton has no place for our key on a party. It becomes an identifier, together with a hash of what
was asked for; each ``customer.upsert`` leaves one. Party and identifier are written in one
transaction: either both are there or nothing is. Afterwards the identifier is set inactive, so that
people do not see it; Tryton lets nobody make one that is inactive from the start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.contract import Command, Found, Outcome, Receipt
from connectors.customers import Customer, known, several
from connectors.postings import hashed
from connectors.problem import Problem
from connectors.systems.tryton import wire
from connectors.systems.tryton.books import Library
from connectors.systems.tryton.wire import SYSTEM, Tryton

PREFIX: Final = "party:"
_EVEN_INACTIVE: Final = ["active", "in", [True, False]]
_ONES: Final = ("name", "replaced_by", "code", "identifiers.type", "identifiers.code", "addresses")
# Member states as they lead VAT numbers (Greece writes EL), and Northern Ireland.
_EU: Final = frozenset(
    (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", "XI"),
    )
)


def tax_type(tax_id: str) -> str | None:
    """Tryton checks the numbers of a type; one of no type is kept as it is."""
    if tax_id[:2] in _EU and len(tax_id) > 4:
        return "eu_vat"
    return "gb_vat" if tax_id.startswith("GB") and len(tax_id) > 4 else None


def content(asked: Customer) -> str:
    """What Tryton should hold for it."""
    place = [_street(asked), asked.postal_code, asked.city]
    if asked.country:
        place.append(asked.country)
    return hashed([*asked.ids, asked.name, asked.tax_id, *place])


def _street(asked: Customer) -> str:
    return "\n".join(line for line in (asked.line1, asked.line2) if line)


async def upsert(tryton: Tryton, _: Library, command: Command) -> Receipt:
    """Raises Problem or Unfit."""
    key, asked = command.key, Customer.of(command.payload)
    standing = (await by_keys(tryton, [key])).get(key)
    if standing:
        return known(SYSTEM, standing, content(asked))
    try:
        return await _made(tryton, key, asked)
    except Problem as problem:
        if problem.code != "party_exists":
            raise
        # A party with this code that was made meanwhile is found next time.
        raise Problem(
            Outcome.TRANSIENT,
            problem.code,
            problem.reason,
            status=problem.status,
            excerpt=problem.excerpt,
        ) from problem


async def _made(tryton: Tryton, key: str, asked: Customer) -> Receipt:
    party = await _party(tryton, asked)
    country = None if party and party["addresses"] else await _country(tryton, asked)
    if party is None:
        made = await tryton.action("party.party/create", {"vlist": [_new(key, asked, country)]})
        if not isinstance(made, list) or len(made) != 1:
            raise Problem(Outcome.IN_DOUBT, "garbled", "Tryton did not name its new party.")
        await _hide(tryton, key)
        return Receipt(Outcome.OK, external_id=f"{PREFIX}{made[0]}", external_number=asked.id)
    await tryton.write("party.party", party["id"], _changes(key, asked, party, country))
    await _hide(tryton, key)
    return Receipt(
        Outcome.OK,
        external_id=f"{PREFIX}{party['id']}",
        external_number=str(party["code"] or ""),
    )


async def _hide(tryton: Tryton, key: str) -> None:
    """Only tidy: the party is right, whether or not people see its mark."""
    try:
        marks = await tryton.search("party.identifier", [["code", "like", f"{key}:%"]], ["code"])
        for mark in marks:
            await tryton.write("party.identifier", mark["id"], {"active": False})
    except Problem:
        return


async def _party(tryton: Tryton, asked: Customer) -> Mapping[str, Any] | None:
    """
    The one party that any of the ids names, else any of the further ones. Raises Unfit when they
    name several.
    """
    rows: Sequence[Mapping[str, Any]] = ()
    for ids in (asked.ids, asked.further):
        if ids and not rows:
            named = ["OR", ["code", "in", [*ids]], ["identifiers.code", "in", [*ids]]]
            rows = await tryton.search("party.party", [named, _EVEN_INACTIVE], _ONES)
    wanted = {row["replaced_by"] or row["id"] for row in rows}
    if len(wanted) > 1:
        raise several(SYSTEM, "parties", [str(row["code"]) for row in rows])
    if not wanted:
        return None
    (identity,) = wanted
    found = next((row for row in rows if row["id"] == identity), None)
    if found is None:
        domain = [["id", "=", identity], _EVEN_INACTIVE]
        (found,) = await tryton.search("party.party", domain, _ONES)
    return found


async def _country(tryton: Tryton, asked: Customer) -> int | None:
    """Tryton's own; None where it lists none: whoever runs it imports them."""
    if not asked.country:
        return None
    rows = await tryton.search("country.country", [["code", "=", asked.country]], ["code"])
    return next((int(row["id"]) for row in rows), None)


def _new(key: str, asked: Customer, country: int | None) -> dict[str, Any]:
    identifiers = [_mark(key, asked), *({"code": other} for other in asked.others)]
    if asked.tax_id:
        identifiers.append({"type": tax_type(asked.tax_id), "code": asked.tax_id})
    return {
        "code": asked.id,
        "name": asked.name,
        "identifiers": [["create", identifiers]],
        "addresses": [["create", [_address(asked, country)]]],
    }


def _changes(
    key: str, asked: Customer, party: Mapping[str, Any], country: int | None
) -> dict[str, Any]:
    """
    The name, ids that are new, and the tax number in place of an old one of its kind. An address is
    added only where there is none: finance keeps those.
    """
    held = party["identifiers."] or ()
    codes = {row["code"] for row in held} | {party["code"]}
    new = [_mark(key, asked), *({"code": one} for one in asked.ids if one not in codes)]
    moves: list[list[Any]] = []
    if asked.tax_id and asked.tax_id not in {_compact(row["code"]) for row in held}:
        old = next(
            (
                row["id"]
                for row in held
                if tax_type(asked.tax_id) and row["type"] == tax_type(asked.tax_id)
            ),
            None,
        )
        if old is None:
            new.append({"type": tax_type(asked.tax_id), "code": asked.tax_id})
        else:
            moves.append(["write", [old], {"code": asked.tax_id}])
    moves.append(["create", new])
    values: dict[str, Any] = {"name": asked.name, "identifiers": moves}
    if not party["addresses"]:
        values["addresses"] = [["create", [_address(asked, country)]]]
    return values


def _mark(key: str, asked: Customer) -> dict[str, Any]:
    return {"code": f"{key}:{content(asked)}"}


def _address(asked: Customer, country: int | None) -> dict[str, Any]:
    place: dict[str, Any] = {
        "street": _street(asked), "postal_code": asked.postal_code, "city": asked.city,
    }  # fmt: skip
    return place | ({"country": country} if country is not None else {})


def _compact(code: object) -> str:
    return "".join(str(code or "").split()).upper()


async def by_keys(tryton: Tryton, keys: Sequence[str]) -> dict[str, list[Found]]:
    """Parties by the keys that they were asked for under. Raises Problem."""
    if not keys:
        return {}
    patterns = [["code", "like", f"{key}:%"] for key in sorted(set(keys))]
    rows = await tryton.search(
        "party.identifier",
        [["OR", *patterns], _EVEN_INACTIVE],
        ["code", "party", "party.code", "party.name"],
        order=[["id", "ASC"]],
    )
    found: dict[str, list[Found]] = {}
    for row in rows:
        key, _, noted = str(row["code"]).partition(":")
        party = wire.nested(row, "party")
        document = Found(
            external_id=f"{PREFIX}{row['party']}",
            external_number=str(party["code"] or ""),
            posted=True,
            content_sha256=noted,
            excerpt=str(party["name"] or ""),
        )
        found.setdefault(key, []).append(document)
    return found
