"""
A customer as Tryton's party: found by code or an identifier, else made, then brought up to date.

Tryton has no place for our key on a party. It becomes an identifier, together with a hash of what
was asked for; each ``customer.upsert`` leaves one. Party and identifier are written in one
transaction: either both are there or nothing is. Afterwards the identifier is set inactive, so that
people do not see it; Tryton lets nobody make one that is inactive from the start.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.contract import Command, Found, Outcome, Receipt
from connectors.problem import Problem
from connectors.systems.tryton import wire
from connectors.systems.tryton.journal import KEY, Unfit
from connectors.systems.tryton.wire import Tryton

KIND: Final = "customer.upsert"
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


@dataclass(frozen=True, slots=True)
class Customer:
    """
    What a ``customer.upsert`` asks for. ``customer_id`` is the id that journals name; ``other_ids``
    are those under which journals of other sources may name the same customer.
    """

    customer_id: str
    name: str
    tax_id: str
    other_ids: tuple[str, ...]
    street: str
    postal_code: str
    city: str

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Customer:
        """Raises Unfit."""
        address = payload.get("address") or {}
        others = payload.get("other_ids") or ()
        if not isinstance(address, Mapping) or not isinstance(others, list | tuple):
            raise Unfit("refused", "The customer cannot be read.")
        identity = str(payload.get("customer_id") or "").strip()
        name = " ".join(str(payload.get("name") or "").split())
        if not identity or not name:
            raise Unfit("refused", "The customer has no id or no name.")
        lines = (str(address.get(part) or "") for part in ("line1", "line2"))
        return cls(
            customer_id=identity,
            name=name,
            tax_id="".join(str(payload.get("tax_id") or "").split()).upper(),
            other_ids=tuple(sorted({str(one) for one in others if one} - {identity})),
            street="\n".join(line for line in lines if line),
            postal_code=str(address.get("postal_code") or ""),
            city=str(address.get("city") or ""),
        )

    @property
    def ids(self) -> list[str]:
        return [self.customer_id, *self.other_ids]

    @property
    def tax_type(self) -> str | None:
        """Tryton checks the numbers of a type; one of no type is kept as it is."""
        if self.tax_id[:2] in _EU and len(self.tax_id) > 4:
            return "eu_vat"
        return "gb_vat" if self.tax_id.startswith("GB") and len(self.tax_id) > 4 else None


def fits(payload: Mapping[str, Any]) -> bool:
    """Whether this is the payload of a customer, not of a journal."""
    return "customer_id" in payload and "lines" not in payload


def digest(payload: Mapping[str, Any]) -> str:
    """What Tryton should hold for a payload; "" for one that cannot be sent."""
    try:
        return _hash(Customer.of(payload))
    except Unfit:
        return ""


def _hash(asked: Customer) -> str:
    content = [*asked.ids, asked.name, asked.tax_id, asked.street, asked.postal_code, asked.city]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


async def upsert(tryton: Tryton, command: Command) -> Receipt:
    """Never raises for what Tryton or the network can do."""
    try:
        if not KEY.fullmatch(command.key):
            raise Unfit("refused", "This is nothing that Tryton can be asked to do.")
        return await _upsert(tryton, command.key, Customer.of(command.payload))
    except Unfit as unfit:
        return Receipt(Outcome.REFUSED, code=unfit.code, reason=unfit.reason)
    except Problem as problem:
        # A party with this code that was made meanwhile is found next time.
        outcome = Outcome.TRANSIENT if problem.code == "party_exists" else problem.outcome
        return Receipt(
            outcome,
            code=problem.code,
            reason=problem.reason,
            http_status=problem.status,
            excerpt=problem.excerpt,
            retry_after=problem.retry_after,
        )


async def _upsert(tryton: Tryton, key: str, asked: Customer) -> Receipt:
    known = (await by_keys(tryton, [key])).get(key)
    if known:
        return _known(known, asked)
    party = await _party(tryton, asked)
    if party is None:
        made = await tryton.action("party.party/create", {"vlist": [_new(key, asked)]})
        if not isinstance(made, list) or len(made) != 1:
            raise Problem(Outcome.IN_DOUBT, "garbled", "Tryton did not name its new party.")
        await _hide(tryton, key)
        return Receipt(Outcome.OK, external_id=f"{PREFIX}{made[0]}", external_number=asked.ids[0])
    await tryton.write("party.party", party["id"], _changes(key, asked, party))
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


def _known(known: Sequence[Found], asked: Customer) -> Receipt:
    if len(known) > 1:
        names = ", ".join(one.external_number or one.external_id for one in known)
        return Receipt(Outcome.REFUSED, code="duplicate", reason=f"Tryton holds it twice: {names}.")
    (found,) = known
    if found.content_sha256 != _hash(asked):
        reason = f"Tryton holds {found.external_number} under this key with other content."
        return Receipt(
            Outcome.REFUSED, code="conflict", reason=reason, external_id=found.external_id
        )
    return Receipt(
        Outcome.ALREADY_DONE,
        external_id=found.external_id,
        external_number=found.external_number,
    )


async def _party(tryton: Tryton, asked: Customer) -> Mapping[str, Any] | None:
    """The one party that any of the ids names. Raises Unfit when they name several."""
    rows = await tryton.search(
        "party.party",
        [
            ["OR", ["code", "in", asked.ids], ["identifiers.code", "in", asked.ids]],
            _EVEN_INACTIVE,
        ],
        _ONES,
    )
    wanted = {row["replaced_by"] or row["id"] for row in rows}
    if len(wanted) > 1:
        names = ", ".join(sorted(str(row["code"]) for row in rows))
        raise Unfit("party_ambiguous", f"Several parties in Tryton are this customer: {names}.")
    if not wanted:
        return None
    (identity,) = wanted
    found = next((row for row in rows if row["id"] == identity), None)
    if found is None:
        domain = [["id", "=", identity], _EVEN_INACTIVE]
        (found,) = await tryton.search("party.party", domain, _ONES)
    return found


def _new(key: str, asked: Customer) -> dict[str, Any]:
    identifiers = [_mark(key, asked), *({"code": other} for other in asked.other_ids)]
    if asked.tax_id:
        identifiers.append({"type": asked.tax_type, "code": asked.tax_id})
    return {
        "code": asked.customer_id,
        "name": asked.name,
        "identifiers": [["create", identifiers]],
        "addresses": [["create", [_address(asked)]]],
    }


def _changes(key: str, asked: Customer, party: Mapping[str, Any]) -> dict[str, Any]:
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
            (row["id"] for row in held if asked.tax_type and row["type"] == asked.tax_type), None
        )
        if old is None:
            new.append({"type": asked.tax_type, "code": asked.tax_id})
        else:
            moves.append(["write", [old], {"code": asked.tax_id}])
    moves.append(["create", new])
    values: dict[str, Any] = {"name": asked.name, "identifiers": moves}
    if not party["addresses"]:
        values["addresses"] = [["create", [_address(asked)]]]
    return values


def _mark(key: str, asked: Customer) -> dict[str, Any]:
    return {"code": f"{key}:{_hash(asked)}"}


def _address(asked: Customer) -> dict[str, Any]:
    return {"street": asked.street, "postal_code": asked.postal_code, "city": asked.city}


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
        key, _, content = str(row["code"]).partition(":")
        party = wire.nested(row, "party")
        document = Found(
            external_id=f"{PREFIX}{row['party']}",
            external_number=str(party["code"] or ""),
            posted=True,
            content_sha256=content,
            excerpt=str(party["name"] or ""),
        )
        found.setdefault(key, []).append(document)
    return found
