"""*Test connection*, line by line in words. Reads only."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.contract import ProbeStep
from connectors.problem import Problem
from connectors.systems.tryton import books as reference
from connectors.systems.tryton.books import Library
from connectors.systems.tryton.wire import Tryton

SERIES = "8.2"
RIGHTS = {
    "account.move": ("read", "create", "write", "delete"),
    "party.party": ("read", "create"),
}
INVOICE_RIGHTS = {
    "account.move.line": ("read", "write"),
    "account.invoice": ("read", "create", "write", "delete"),
    "party.address": ("read", "create"),
}


async def steps(tryton: Tryton) -> Sequence[ProbeStep]:
    """Stops at the first line that makes the following ones pointless."""
    done: list[ProbeStep] = []
    try:
        label = "The address answers"
        version = await tryton.version()
        words = (
            f"Tryton {version}" if version == SERIES else f"Tryton {version}; tried with {SERIES}"
        )
        done.append(ProbeStep(label, True, words))
        label = f"The key opens the database “{tryton.database}”"
        held = await reference.read(tryton)
        done.append(ProbeStep(label, True, _companies(held)))
        done += _contents(tryton, held)
        label = "Invoices can be posted"
        done.append(await _invoices(tryton, held, label))
        label = "The key's user may post"
        done.append(await _rights(tryton, held, label))
        if tryton.posts_in_batches:
            label = "Login and password are accepted, for posting in batches"
            await tryton.rpc("model.res.user.get_preferences", True, write=False)
            done.append(ProbeStep(label, True))
    except Problem as problem:
        done.append(ProbeStep(label, False, problem.reason))
    return done


def _companies(held: Library) -> str:
    shown = [held.only] if held.only is not None else held.books.values()
    return "; ".join(f"{books.name} ({books.code}) in {books.currency}" for books in shown)


def _contents(tryton: Tryton, held: Library) -> list[ProbeStep]:
    shown = [held.only] if held.only is not None else list(held.books.values())
    usable = [sum(account.usable for account in books.accounts.values()) for books in shown]
    open_ones = [sum(period.open for period in books.periods) for books in shown]
    return [
        ProbeStep(
            "Accounts can be read", all(usable), f"{_each(usable)} accounts that can be posted to"
        ),
        ProbeStep("There are open periods", all(open_ones), f"{_each(open_ones)} open"),
        ProbeStep(
            f"The journal {tryton.journal} exists",
            held.journal is not None,
            "" if held.journal is not None else "Name another journal in the connection",
        ),
    ]


def _each(counts: Sequence[int]) -> str:
    return ", ".join(map(str, counts))


async def _invoices(tryton: Tryton, held: Library, label: str) -> ProbeStep:
    """Passes as well where Tryton is used for journals alone, and says what is missing."""
    if not held.invoices:
        return ProbeStep(label, True, "Journals only: the module account_invoice is not installed")
    if held.revenue_journal is None:
        words = f"There is no journal {tryton.revenue_journal} of the type Revenue"
        return ProbeStep(label, False, words)
    deposit = [["model", "=", "account.account.type"], ["name", "=", "deposit"]]
    if not await tryton.search("ir.model.field", deposit, ["name"]):
        words = (
            "To revenue accounts only: without the module account_deposit no account of the "
            "balance sheet, such as deferred revenue, can stand on an invoice"
        )
        return ProbeStep(label, True, words)
    types = await tryton.search("account.account.type", [["deposit", "=", True]], ["deposit"])
    marked = [row["id"] for row in types]
    accounts = await tryton.search(
        "account.account",
        [["type", "in", marked], ["company", "in", list(held.books)]],
        ["code"],
        order=[["code", "ASC"]],
    )
    codes = dict.fromkeys(str(row["code"]) for row in accounts)
    return ProbeStep(label, True, f"To revenue accounts and {', '.join(codes) or 'no other'}")


async def _rights(tryton: Tryton, held: Library, label: str) -> ProbeStep:
    wanted = RIGHTS | (INVOICE_RIGHTS if held.invoices else {})
    granted = await tryton.action(
        "ir.model.access/get_access", {"models": list(wanted)}, write=False
    )
    missing = [
        f"{right} {model}"
        for model, rights in wanted.items()
        for right in rights
        if not granted[model][right]
    ]
    return ProbeStep(label, not missing, f"Missing: {', '.join(missing)}" if missing else "")
