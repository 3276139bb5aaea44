"""
Sales sells to a company that no billing system knows: its ERP is told of the customer first, under
ids of the console and of sales; billing's id comes to it with the first posting.
"""

from __future__ import annotations

import asyncio
from typing import Any

from connectors.contract import SnapshotRow
from revops.canonical.models import Customer
from revops.delivery.models import OutboundCommand
from revops.kernel import clock
from revops.pipeline import sources
from revops.sandbox import company, group, joined
from tests.journeys.world import World


def sell(world: World, one: group.Member, account: str = "") -> str:
    """A deal of a new account, or of one that bought before. The account's id."""
    said: dict[str, Any] = {"account": account} if account else {}
    for step, values, takes in joined.deal(one, name=f"Rosella {one.code}"):
        if step != "account" or not account:
            given = values | ({takes: said[takes]} if takes else {})
            said |= world.play(company.SALESFORCE, step, **given)
    return str(said["account"])


def customers(erp: str) -> list[SnapshotRow]:
    """Whom an ERP lists by its own door."""
    source = sources.by_slug(erp)
    today = clock.now().date().isoformat()

    async def ask() -> Any:
        async with sources.client_of(source) as client:
            return await source.connector.snapshot(
                client, source.settings, kind="customer", start="2020-01-01", end=today, cursor=""
            )

    rows, _ = asyncio.run(ask())
    return list(rows)


class TestSoldBeforeItIsBilled:
    def test_is_one_customer_of_every_erp_and_is_told_of_again(self, everybody: World) -> None:
        world = everybody
        for one in group.members():
            world.play(
                group.CHARGEBEE, "customers", price=one.sku, amount=one.amount,
                currency=one.currency, tax_name=one.tax_name, tax_rate=one.rate, entity=one.code,
            )  # fmt: skip
        world.settle()
        sold = [(one, sell(world, one)) for one in group.members()]
        world.settle()
        for one, account in sold:
            sell(world, one, account)
        world.settle()

        assert not world.left()
        for one, account in sold:
            known = Customer.objects.get(source_id=account)
            billed = Customer.objects.get(party=known.party, connection__slug=group.CHARGEBEE)
            told = OutboundCommand.objects.filter(
                connection=world.connections[one.erp], kind="customer.upsert"
            ).order_by("revision")
            assert [(command.state, command.reason) for command in told] == [("posted", "")] * 2
            assert [billed.source_id in command.payload for command in told] == [False, True]
            named = [row for row in customers(one.erp) if row.party.startswith("Rosella")]
            assert len(named) == 1, (one.erp, named)
