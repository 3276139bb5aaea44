"""*Test connection*, line by line in words. Reads only."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.contract import ProbeStep
from connectors.problem import Problem
from connectors.systems.sap import books as reference
from connectors.systems.sap import customers, documents
from connectors.systems.sap.wire import Sap


async def steps(sap: Sap) -> Sequence[ProbeStep]:
    """Stops at the first line that makes the following ones pointless."""
    done: list[ProbeStep] = []
    label = "The communication user signs in, and company codes can be read"
    try:
        library = await reference.read(sap)
        held = list(library.books.values())
        told = "; ".join(f"{one.entity}: {one.company} in {one.currency}" for one in held)
        done.append(ProbeStep(label, True, told))
        label = "Receivables can be posted to customers"
        missing = [
            f"chart {one.chart} has no account {one.receivable}"
            for one in held
            if one.receivable not in one.accounts
        ]
        done.append(ProbeStep(label, not missing, "; ".join(missing)))
        label = "Journal entries can be read"
        for one in held:
            await documents.by_number(sap, library, one.entity, "0000000000")
        done.append(ProbeStep(label, True))
        label = "Business partners can be read"
        await sap.page(customers.PARTNERS, top=1)
        done.append(ProbeStep(label, True))
    except Problem as problem:
        done.append(ProbeStep(label, False, problem.reason))
    return done
