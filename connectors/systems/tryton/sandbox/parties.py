"""The sandbox's parties, with identifiers and addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from connectors.systems.tryton.sandbox.records import Record
from connectors.systems.tryton.sandbox.refused import AccessError, Page, UserError

if TYPE_CHECKING:
    from connectors.systems.tryton.sandbox.ledger import Ledger

_FIELDS: Final = frozenset(("code", "name", "identifiers", "addresses"))
_PARTS: Final = {"identifiers": "party.identifier", "addresses": "party.address"}
# Enough to tell a number from none; Tryton knows the check digits as well.
_NUMBERS: Final = {
    "eu_vat": ("European VAT Number", re.compile(r"[A-Z]{2}[0-9A-Z]{2,12}", re.ASCII)),
    "gb_vat": ("United Kingdom (and Isle of Man) VAT Number", re.compile(r"GB[0-9]{9,12}")),
}


def create(ledger: Ledger, values: Sequence[Mapping[str, Any]]) -> list[int]:
    """All or none. Raises UserError or Page."""
    known = {row["code"] for row in ledger.table("party.party").values()}
    wanted = [value.get("code") for value in values]
    if ledger.unique_parties and (len(set(wanted)) < len(wanted) or known & set(wanted)):
        raise UserError("The code on party must be unique.")
    for value in values:
        _check(ledger, value, str(value.get("name")))
    made: list[int] = []
    for value in values:
        party = ledger.insert(
            "party.party",
            {
                "code": value.get("code") or str(len(known) + len(made) + 1),
                "name": value.get("name"),
                "active": True,
                "replaced_by": None,
                "identifiers": [],
                "addresses": [],
            },
        )
        _keep(ledger, ledger.table("party.party")[party], value)
        made.append(party)
    return made


def write(ledger: Ledger, number: int, values: Mapping[str, Any]) -> None:
    """Raises UserError or Page."""
    party = ledger.table("party.party")[number]
    _check(ledger, values, str(party["name"]))
    party |= {key: value for key, value in values.items() if key in ("code", "name")}
    _keep(ledger, party, values)


def set_active(ledger: Ledger, number: int, values: Mapping[str, Any]) -> None:
    """Of an identifier. Raises Page for anything else."""
    if set(values) != {"active"}:
        raise Page(403)
    row = ledger.table("party.identifier")[number]
    held = ledger.table("party.party")[row["party"]]["identifiers"]
    if number in held and not values["active"]:
        held.remove(number)
    row["active"] = bool(values["active"])


def add_address(ledger: Ledger, value: Mapping[str, Any]) -> int:
    return _add(ledger, ledger.table("party.party")[value["party"]], "addresses", value)


def _check(ledger: Ledger, value: Mapping[str, Any], name: str) -> None:
    for field in value:
        if field not in _FIELDS:
            raise Page(500, f"'{field}'")
    for what, *rest in value.get("identifiers") or ():
        rows = rest[0] if what == "create" else [rest[1]]
        known = ledger.table("party.identifier")
        types = {} if what == "create" else {"type": known[rest[0][0]]["type"]}
        for row in rows:
            if row.get("active") is False:
                raise AccessError(
                    f'You are not allowed to modify the field "Code" in record "{row["code"]}" of '
                    '"Party Identifier".'
                )
            _check_number({**types, **row}, name)


def _check_number(row: Mapping[str, Any], name: str) -> None:
    words, form = _NUMBERS.get(row.get("type") or "", ("", None))
    if form is not None and not form.fullmatch(str(row["code"])):
        raise UserError(f'The {words} "{row["code"]}" for party "{name}" is not valid.')


def _keep(ledger: Ledger, party: Record, value: Mapping[str, Any]) -> None:
    for field, model in _PARTS.items():
        for what, *rest in value.get(field) or ():
            if what == "create":
                for row in rest[0]:
                    _add(ledger, party, field, row)
            else:
                for number in rest[0]:
                    ledger.table(model)[number] |= rest[1]


def _add(ledger: Ledger, party: Record, field: str, row: Mapping[str, Any]) -> int:
    blank: Record = (
        {"type": None, "active": True}
        if field == "identifiers"
        else {"invoice": False, "street": "", "postal_code": "", "city": "", "country": None}
    )
    for name in row:
        if field == "addresses" and name not in {*blank, "party"}:
            raise Page(500, f"'{name}'")
    number = ledger.insert(_PARTS[field], {**blank, **row, "party": party["id"]})
    party[field].append(number)
    return number
