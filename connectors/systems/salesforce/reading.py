"""Which records are read, with which fields; and one record by its id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from connectors.systems.salesforce import agreements, sales, session, wire
from connectors.systems.salesforce.layout import Layout
from connectors.systems.salesforce.session import Org, quoted
from connectors.systems.salesforce.wire import Json

ACCOUNT: Final = "Account"
OPPORTUNITY: Final = "Opportunity"
CONTRACT: Final = "Contract"
ORDER: Final = "Order"
# Ids in one query: the address of a GET has room for about 16,000 characters.
AT_ONCE: Final = 200

_COMMON: Final = ("Id", "IsDeleted", "SystemModstamp")


def objects(layout: Layout) -> list[str]:
    """What is polled, parents first."""
    found = [ACCOUNT, OPPORTUNITY]
    found += [layout.quote_object] if layout.quotes else []
    found += [CONTRACT] if layout.contracts else []
    found += [ORDER] if layout.contracts and layout.orders else []
    return found


def select(layout: Layout, kind: str) -> str:
    """``SELECT … FROM …`` of a kind of record, with its lines where it has any."""
    if kind == ACCOUNT:
        others = [field for _, field in layout.other_ids]
        more = ["MasterRecordId", "CreatedDate", *layout.used("account_fields"), *others]
        return _select(layout, kind, more)
    if kind == OPPORTUNITY:
        more = ["IsClosed", "IsWon", *layout.used("opportunity_fields")]
        return _select(layout, kind, more, _lines(layout, sales.OPPORTUNITY_LINES, "line_fields"))
    if kind == CONTRACT:
        return _select(layout, kind, layout.used("contract_fields"))
    if kind == ORDER:
        more = [
            "ContractId", "OpportunityId", "OrderNumber", "Type", "StatusCode", "EffectiveDate",
            "Description",
        ]  # fmt: skip
        return _select(layout, kind, more, _lines(layout, agreements.ORDER_LINES, _ORDER_LINES))
    more = layout.used("quote_fields")
    return _select(layout, kind, more, _lines(layout, layout.quote_lines, "quote_line_fields"))


_ORDER_LINES: Final = "order_line_fields"


def _select(layout: Layout, kind: str, more: Sequence[str], lines: str = "") -> str:
    code = ["CurrencyIsoCode"] if layout.multi_currency else []
    return session.select([*_COMMON, *code, *more, *([lines] if lines else [])], kind)


def _lines(layout: Layout, relationship: str, kind: str) -> str:
    return f"({session.select(['Id', *layout.used(kind)], relationship)})"


_CHILDREN: Final[Mapping[str, str]] = {
    OPPORTUNITY: sales.OPPORTUNITY_LINES,
    ORDER: agreements.ORDER_LINES,
}


async def found(org: Org, kind: str, rest: str) -> list[Json]:
    """Records of a kind, deleted ones too, each with all of its lines. Raises Problem."""
    records = await org.query(f"{select(org.layout, kind)} {rest}", deleted=True)
    lines = org.layout.quote_lines if kind == org.layout.quote_object else _CHILDREN.get(kind, "")
    return [await org.complete(record, lines) for record in records] if lines else records


async def with_orders(org: Org, contracts: Sequence[Json]) -> list[Json]:
    """Contracts with their activated orders, in the form of a child relationship."""
    if not org.layout.orders:
        return list(contracts)
    known: dict[str, list[Json]] = {wire.text(item.get("Id")): [] for item in contracts}
    ids = list(known)
    for start in range(0, len(ids), AT_ONCE):
        under = quoted(ids[start : start + AT_ONCE])
        rest = f"WHERE ContractId IN ({under}) AND StatusCode = 'Activated' ORDER BY Id"
        for order in await found(org, ORDER, rest):
            known.setdefault(wire.text(order.get("ContractId")), []).append(order)
    whole: list[Json] = []
    for item in contracts:
        orders = known[wire.text(item.get("Id"))]
        listed = {"totalSize": len(orders), "done": True, "records": orders}
        whole.append({**item, agreements.ORDERS: listed})
    return whole


async def contracts_of(org: Org, ids: Sequence[str]) -> list[Json]:
    """Contracts by id, with their orders. Raises Problem."""
    records: list[Json] = []
    for start in range(0, len(ids), AT_ONCE):
        under = quoted(ids[start : start + AT_ONCE])
        records += await found(org, CONTRACT, f"WHERE Id IN ({under}) ORDER BY Id")
    return await with_orders(org, records)


async def one(org: Org, kind: str, identity: str) -> Json | None:
    """A record as it is now; None when it is not there, or nothing that we read. Raises Problem."""
    if kind not in objects(org.layout) or not wire.is_id(identity):
        return None
    records = await found(org, kind, f"WHERE Id = '{identity}'")
    if not records:
        return None
    if kind == ORDER:
        above = wire.text(records[0].get("ContractId"))
        whole = await contracts_of(org, [above]) if wire.is_id(above) else []
        return whole[0] if whole else None
    return (await with_orders(org, records))[0] if kind == CONTRACT else records[0]
