"""
Business Central's customers for ours. They are found by their number alone: it has no other field
that could hold an id, so that a number is our id (``names.customer_number``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors import whom
from connectors.caller import any_of, lots
from connectors.commands import Unfit
from connectors.contract import Command, Outcome, Receipt
from connectors.customers import Customer, several
from connectors.problem import Problem
from connectors.systems.business_central import names, wire
from connectors.systems.business_central.books import Books, Library
from connectors.systems.business_central.wire import SYSTEM, Central, Row
from connectors.whom import Named

PREFIX: Final = "customer:"
_WIDTHS: Final = {
    "displayName": 100, "addressLine1": 100, "addressLine2": 50, "city": 30, "postalCode": 20,
    "state": 30, "country": 10, "taxRegistrationNumber": 20,
}  # fmt: skip


async def ensure(
    central: Central, books: Books, wanted: Mapping[str, Named]
) -> tuple[dict[str, str], Mapping[str, Unfit]]:
    """
    Their numbers by our ids, those that are not there made; and why some cannot be told. Raises
    Problem.
    """

    async def look(ids: Sequence[str]) -> dict[str, str]:
        numbers = {one: names.customer_number(one) for one in ids}
        held = await by_numbers(central, books, list(dict.fromkeys(numbers.values())))
        return {one: number for one, number in numbers.items() if number in held}

    found = await whom.known(SYSTEM, "customers", wanted, look)
    made: dict[str, str] = {}
    for one in found.to_make:
        made[one] = names.customer_number(one)
        name = wanted[one].name or one
        values = {"number": made[one], "displayName": name[: _WIDTHS["displayName"]]}
        if country := wanted[one].country:
            values["country"] = country
        try:
            await central.create(f"{books.path}/customers", values)
        except Problem as problem:
            # Somebody may have made it since we looked: numbers are unique.
            if problem.code != "batch_exists" and problem.code != "duplicate":
                raise
    return found.with_made(made), found.doubtful


async def by_numbers(central: Central, books: Books, numbers: Sequence[str]) -> dict[str, Row]:
    """Raises Problem."""
    found: dict[str, Row] = {}
    for lot in lots(numbers, wire.AT_ONCE):
        for row in await central.rows(f"{books.path}/customers", filter=any_of("number", lot)):
            found[wire.text(row, "number")] = row
    return found


async def upsert(central: Central, library: Library, command: Command) -> Receipt:
    """
    Bring it up to date in each company that it is wanted in. Raises Problem or Unfit.

    Repeating it is harmless: a change names the state that it was read in, so that it never takes
    the place of a newer one. It is done when it is as asked, whoever made it so: no key could tell.
    """
    customer = Customer.of(command.payload)
    entity = str(command.payload.get("legal_entity") or "")
    books = [library.of(entity)] if entity else list(library.books.values())
    held: list[Row] = []
    for one in books:
        if one is None:
            raise Unfit("company_missing", f"Business Central has no company for {entity}.")
        held.append(await _in_company(central, one, customer))
    guid, number = wire.text(held[0], "id"), wire.text(held[0], "number")
    return Receipt(Outcome.OK, external_id=f"{PREFIX}{guid}", external_number=number)


async def _in_company(central: Central, books: Books, customer: Customer) -> Row:
    """As it is there now, with its id and its number."""
    held: dict[str, Row] = {}
    for ids in (customer.ids, customer.further):
        numbers = list(dict.fromkeys(names.customer_number(one) for one in ids))
        held = held or await by_numbers(central, books, numbers)
    if len(held) > 1:
        raise several(SYSTEM, "customers", list(held))
    wanted = _values(customer)
    if not held:
        number = names.customer_number(customer.id)
        values = {"number": number, "type": "Company", **wanted}
        made = await central.create(f"{books.path}/customers", values)
        return {**made, "number": made.get("number") or number}
    (row,) = held.values()
    changes = {name: value for name, value in wanted.items() if row.get(name) != value}
    if changes:
        place = f"{books.path}/customers({wire.text(row, 'id')})"
        await central.call("PATCH", place, changes, match=str(row.get("@odata.etag") or "*"))
    return row


def _values(customer: Customer) -> dict[str, Any]:
    """What we know of it; what we do not know stays as people wrote it."""
    told = {
        "displayName": customer.name,
        "addressLine1": customer.line1,
        "addressLine2": customer.line2,
        "city": customer.city,
        "postalCode": customer.postal_code,
        "state": customer.region,
        "country": customer.country,
        "taxRegistrationNumber": customer.tax_id,
    }
    return {name: value[: _WIDTHS[name]] for name, value in told.items() if value}
