"""*Test connection*, line by line in words. Reads only."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.contract import ProbeStep
from connectors.problem import Problem
from connectors.systems.business_central import books as reference
from connectors.systems.business_central import subscribing
from connectors.systems.business_central.books import Books
from connectors.systems.business_central.wire import Central


async def steps(central: Central) -> Sequence[ProbeStep]:
    """Stops at the first line that makes the following ones pointless."""
    done: list[ProbeStep] = []
    label = "Microsoft Entra signs us in, and the environment answers"
    try:
        await central.rows("companies", top="1")
        environment = central.said("environment") or "production"
        done.append(ProbeStep(label, True, f"Environment {environment}"))
        label = "The companies can be read"
        library = await reference.read(central)
        books = list(library.books.values())
        told = "; ".join(f"{one.entity}: {one.name} in {one.currency}" for one in books)
        done.append(ProbeStep(label, True, told))
        done += [_accounts(books), _dates(books)]
        label = "Journals, documents and entries can be read"
        for one in books:
            for path in ("journals", "salesInvoices", "salesCreditMemos", "generalLedgerEntries"):
                await central.rows(f"{one.path}/{path}", top="1")
        done.append(ProbeStep(label, True))
        label = "Changes are told to us"
        done.append(ProbeStep(label, True, await subscribing.told(central)))
    except Problem as problem:
        done.append(ProbeStep(label, False, problem.reason))
    return done


def _accounts(books: Sequence[Books]) -> ProbeStep:
    missing = [
        f"{one.entity} has no account {one.receivable} for receivables"
        for one in books
        if one.receivable not in one.accounts
    ]
    usable = [
        sum(account.usable and account.direct for account in one.accounts.values()) for one in books
    ]
    passed = not missing and all(usable)
    told = f"{', '.join(map(str, usable))} accounts that can be posted to directly"
    return ProbeStep("Accounts can be read", passed, "; ".join(missing) or told)


def _dates(books: Sequence[Books]) -> ProbeStep:
    told = [
        f"{one.entity}: {one.first or 'any day'} to {one.last or 'any day'}"
        for one in books
        if one.first or one.last
    ]
    return ProbeStep("Dates that postings are allowed for", True, "; ".join(told) or "Any")
