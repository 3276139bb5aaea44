"""*Test connection*, line by line in words. Reads only."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.contract import ProbeStep
from connectors.systems.tryton import books as reference
from connectors.systems.tryton.answers import Problem
from connectors.systems.tryton.books import Library
from connectors.systems.tryton.wire import Tryton

SERIES = "8.2"
RIGHTS = {
    "account.move": ("read", "create", "write", "delete"),
    "party.party": ("read", "create"),
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
        label = "The key's user may post"
        done.append(await _rights(tryton, label))
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


async def _rights(tryton: Tryton, label: str) -> ProbeStep:
    RIGHTS = {
        "account.move": ("read", "create", "write", "delete"),
        "party.party": ("read", "create"),
    }
    granted = await tryton.action(
        "ir.model.access/get_access", {"models": list(RIGHTS)}, write=False
    )
    missing = [
        f"{right} {model}"
        for model, rights in RIGHTS.items()
        for right in rights
        if not granted[model][right]
    ]
    return ProbeStep(label, not missing, f"Missing: {', '.join(missing)}" if missing else "")
