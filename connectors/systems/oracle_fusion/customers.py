"""
A customer as Fusion's: an organization of CX by REST, and its customer account by SOAP, because
Receivables has no REST for accounts.

Fusion has no place for our keys. They stand in the organization's comments, with our ids of the
customer and the number of the account: ``|id:cus_1|ar:1007|rc1-…:<hash of what was asked>|``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from connectors.caller import lots, quoted
from connectors.commands import Unfit
from connectors.contract import Command, Found, Outcome, Receipt
from connectors.customers import Customer, known, several
from connectors.postings import KEY, Line
from connectors.problem import Problem
from connectors.systems.oracle_fusion import wire
from connectors.systems.oracle_fusion.books import Library
from connectors.systems.oracle_fusion.wire import CRM, SYSTEM, Fusion, Row

PREFIX: Final = "customer:"
_REMEMBERED: Final = 20
_AT_ONCE: Final = 20


async def account(fusion: Fusion, line: Line) -> str:
    """The number of the customer's account in Receivables, made when missing. Raises Problem."""
    own = f"id:{line.customer}"
    rows = await _marked(fusion, [own])
    if not rows and line.customer_others:
        rows = await _marked(fusion, [f"id:{other}" for other in line.customer_others])
    if len(rows) > 1:
        unfit = _several(rows)
        raise Problem(Outcome.REFUSED, unfit.code, unfit.reason)
    row = rows[0] if rows else None
    name = line.customer_name or line.customer
    if row is None:
        body = {"OrganizationName": name, "Comments": _text([own])}
        row = await fusion.create("accounts", body, root=CRM)
    return _number(row) or await _open(fusion, row, name)


async def _open(fusion: Fusion, row: Row, name: str) -> str:
    """A customer account of the organization, and its number noted there. Raises Problem."""
    fields = {
        "PartyId": wire.text(row, "PartyId"),
        "AccountName": name[:240],
        "CustomerType": "R",
        "Status": "A",
        "CreatedByModule": "HZ_WS",
    }
    number = (await fusion.create_account(fields)).get("AccountNumber", "")
    if not number:
        raise Problem(Outcome.IN_DOUBT, "garbled", "Fusion did not name the account that it made.")
    marks = [*_marks(row), f"ar:{number}"]
    place = f"accounts/{wire.text(row, 'PartyNumber')}"
    await fusion.update(place, {"Comments": _text(marks)}, root=CRM)
    return number


async def upsert(fusion: Fusion, _: Library, command: Command) -> Receipt:
    """Raises Problem or Unfit."""
    key, asked = command.key, Customer.of(command.payload)
    rows = await _marked(fusion, [f"id:{one}" for one in asked.ids])
    if not rows:
        rows = await _marked(fusion, [f"id:{one}" for one in asked.further])
    if len(rows) > 1:
        raise _several(rows)
    row: Row | None = rows[0] if rows else None
    noted = _contents(row).get(key) if row is not None else None
    if row is not None and noted is not None and _number(row):
        return known(SYSTEM, [_found(row, noted)], asked.content)
    if row is None:
        body: dict[str, Any] = {"OrganizationName": asked.name, **_address(asked)}
        body["Comments"] = _text([f"id:{one}" for one in asked.ids])
        row = await fusion.create("accounts", body, root=CRM)
    number = _number(row) or await _open(fusion, row, asked.name)
    body = {"OrganizationName": asked.name, "Comments": _noted(row, number, key, asked)}
    if asked.tax_id:
        body["TaxpayerIdentificationNumber"] = asked.tax_id
    await fusion.update(f"accounts/{wire.text(row, 'PartyNumber')}", body, root=CRM)
    external_id = f"{PREFIX}{wire.text(row, 'PartyNumber')}"
    return Receipt(Outcome.OK, external_id=external_id, external_number=number)


def _several(rows: Sequence[Row]) -> Unfit:
    return several(SYSTEM, "customers", [wire.text(row, "PartyNumber") for row in rows])


def _address(asked: Customer) -> dict[str, str]:
    """Fusion takes no address without a country."""
    if not asked.country:
        return {}
    parts = {
        "AddressLine1": asked.line1,
        "AddressLine2": asked.line2,
        "City": asked.city,
        "PostalCode": asked.postal_code,
        "State": asked.region,
        "Country": asked.country,
    }
    return {name: value for name, value in parts.items() if value}


def _marks(row: Row) -> list[str]:
    return [mark for mark in str(row.get("Comments") or "").split("|") if mark]


def _number(row: Row) -> str:
    return next((mark[3:] for mark in _marks(row) if mark.startswith("ar:")), "")


def _contents(row: Row) -> dict[str, str]:
    pairs = (mark.partition(":") for mark in _marks(row))
    return {key: content for key, _, content in pairs if KEY.fullmatch(key)}


def _noted(row: Row, number: str, key: str, asked: Customer) -> str:
    marks = _marks(row)
    others = [mark for mark in marks if mark.startswith("id:")]
    others += [f"id:{one}" for one in asked.ids if f"id:{one}" not in others]
    held = [f"{name}:{content}" for name, content in _contents(row).items()]
    return _text([*others, f"ar:{number}", *held[1 - _REMEMBERED :], f"{key}:{asked.content}"])


def _text(marks: Iterable[str]) -> str:
    return f"|{'|'.join(marks)}|"


async def by_keys(fusion: Fusion, keys: Iterable[str]) -> Mapping[str, list[Found]]:
    """Customers by the keys that they were asked for under. Raises Problem."""
    found: dict[str, list[Found]] = {}
    wanted = sorted({key for key in keys if KEY.fullmatch(key)})
    for row in await _marked(fusion, [f"{key}:" for key in wanted], whole=False):
        for key, content in _contents(row).items():
            if key in wanted:
                found.setdefault(key, []).append(_found(row, content))
    return found


def _found(row: Row, content: str) -> Found:
    return Found(
        external_id=f"{PREFIX}{wire.text(row, 'PartyNumber')}",
        external_number=_number(row),
        posted=True,
        content_sha256=content,
        excerpt=str(row.get("OrganizationName") or ""),
    )


async def _marked(fusion: Fusion, marks: Sequence[str], *, whole: bool = True) -> list[Row]:
    """Organizations whose comments hold any of the marks, exactly (``_`` stands for any letter)."""
    found: dict[str, Row] = {}
    for some in lots(marks, _AT_ONCE):
        end = "|" if whole else ""
        q = " or ".join(f"Comments LIKE {quoted(f'%|{mark}{end}%')}" for mark in some)
        for row in await fusion.rows("accounts", q=q, root=CRM, order="PartyNumber"):
            held = _marks(row)
            if any(one in held if whole else _leads(one, held) for one in some):
                found[wire.text(row, "PartyNumber")] = row
    return list(found.values())


def _leads(start: str, marks: Sequence[str]) -> bool:
    return any(mark.startswith(start) for mark in marks)
