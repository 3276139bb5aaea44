"""*Test connection*, line by line in words. Reads only."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.contract import ProbeStep
from connectors.problem import Problem
from connectors.systems.netsuite import books
from connectors.systems.netsuite.books import Library
from connectors.systems.netsuite.wire import NetSuite


async def steps(netsuite: NetSuite) -> Sequence[ProbeStep]:
    """Stops at the first line that makes the following ones pointless."""
    done: list[ProbeStep] = []
    label = "NetSuite accepts the certificate"
    try:
        if not netsuite.signs:
            await netsuite.token()
            done.append(ProbeStep(label, True))
        label = "The role may query, and sees the subsidiaries"
        held = await books.read(netsuite)
        done.append(ProbeStep(label, True, _subsidiaries(held)))
        done += _contents(netsuite, held)
        label = "Customers have the field for our keys"
        query = f"SELECT id, {netsuite.key_field} FROM customer ORDER BY id"  # noqa: S608  the field is checked to be a plain name
        await netsuite.rows(query, most=1)
        done.append(ProbeStep(label, True, netsuite.key_field))
        label = "Transactions and their accounts can be read"
        query = (
            "SELECT t.id, t.externalid, tal.account FROM transaction t JOIN "  # noqa: S608  the book is a number
            "transactionaccountingline tal ON tal.transaction = t.id "
            f"WHERE tal.accountingbook = {netsuite.book} ORDER BY t.id"
        )
        await netsuite.rows(query, most=1)
        done.append(ProbeStep(label, True))
    except Problem as problem:
        done.append(ProbeStep(label, False, problem.reason))
    return done


def _subsidiaries(held: Library) -> str:
    return "; ".join(
        f"{one.name} ({one.legal_entity}) in {one.currency.code}"
        for one in held.subsidiaries.values()
    )


def _contents(netsuite: NetSuite, held: Library) -> list[ProbeStep]:
    accounts = sum(account.usable for account in held.accounts.values())
    open_ones = sum(period.open for period in held.periods)
    items = ", ".join(sorted(held.items))
    told = (
        f"Invoices to accounts {items}"
        if items
        else f"Journals only: no item named {netsuite.item_prefix}<account> sells to that account"
    )
    return [
        ProbeStep("Accounts can be read", bool(accounts), f"{accounts} with a number"),
        ProbeStep("There are open periods", bool(open_ones), f"{open_ones} open"),
        ProbeStep("Items for the lines of invoices", True, told),
    ]
