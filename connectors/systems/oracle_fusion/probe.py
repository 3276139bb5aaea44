"""*Test connection*, line by line in words. Reads only."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.contract import ProbeStep
from connectors.problem import Problem
from connectors.systems.oracle_fusion import books
from connectors.systems.oracle_fusion.lookup import BATCHES
from connectors.systems.oracle_fusion.receivables import FORMS
from connectors.systems.oracle_fusion.wire import CRM, Fusion


async def steps(fusion: Fusion) -> Sequence[ProbeStep]:
    """Stops at the first line that makes the following ones pointless."""
    done: list[ProbeStep] = []
    label = "The user may sign in and sees the ledgers"
    try:
        held = await books.read(fusion)
        told = "; ".join(f"{one.legal_entity} in {one.currency}" for one in held.ledgers.values())
        done.append(ProbeStep(label, len(held.ledgers) == len(fusion.units), told))
        enabled = sum(held.accounts.values())
        done.append(ProbeStep("Accounts can be read", bool(enabled), f"{enabled} enabled"))
        periods = sum(one.open for ledger in held.ledgers.values() for one in ledger.periods)
        done.append(ProbeStep("There are open periods", bool(periods), f"{periods} open"))
        label = "Journals can be read"
        await fusion.rows(BATCHES, most=1)
        done.append(ProbeStep(label, True))
        label = "Invoices, credit memos and receipts can be read"
        for form in FORMS:
            await fusion.rows(form.resource, most=1)
        done.append(ProbeStep(label, True))
        label = "Customers can be read"
        await fusion.rows("accounts", root=CRM, most=1)
        done.append(ProbeStep(label, True))
        label = "Scheduled processes of the user can be read"
        await fusion.scheduled(f'submitter eq "{fusion.username}" and state eq "RUNNING"')
        done.append(ProbeStep(label, True))
        told = (
            f"Criteria set {fusion.autopost}"
            if fusion.autopost
            else "Not by the console: automatic posting of Fusion has to run by its schedule"
        )
        done.append(ProbeStep("Imported journals are posted", True, told))
    except Problem as problem:
        done.append(ProbeStep(label, False, problem.reason))
    return done
