"""What must hold before others are told: each check answers yes or no, in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from revops.contracts.base import EventData
from revops.kernel.money import Money
from revops.store import sql


@dataclass(frozen=True, slots=True)
class Place:
    """Where a customer stands: its name, the name above it, and what is named but not known."""

    customer: str = ""
    parent: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a check looks at: the event, whose books it belongs to, the customer's place."""

    data: Any
    legal_entity: str
    place: Place


@dataclass(frozen=True, slots=True)
class Answer:
    passed: bool
    sentence: str


_PLACES: Final = """
SELECT opportunity.id, party.name, coalesce(parent.name, '') AS parent,
    CASE WHEN customer.parent_id IS NULL THEN customer.parent_ref ELSE '' END AS missing
FROM canonical_opportunity opportunity
JOIN canonical_customer customer ON customer.id = opportunity.customer_id
JOIN canonical_party party ON party.id = customer.party_id
LEFT JOIN canonical_party parent ON parent.id = party.parent_id
WHERE opportunity.id = ANY(%s)
"""


def places(opportunity_ids: Sequence[int]) -> dict[int, Place]:
    """The customers' places by opportunity, for all that a batch asks about."""
    if not opportunity_ids:
        return {}
    return {
        row.id: Place(row.name, row.parent, row.missing)
        for row in sql.rows(_PLACES, (list(opportunity_ids),))
    }


def _hierarchy(on: Situation) -> Answer:
    place = on.place
    if place.missing:
        return Answer(False, f"The account {place.missing} above {place.customer} is not known.")
    if place.parent:
        return Answer(True, f"{place.customer} belongs to {place.parent}.")
    return Answer(True, f"{place.customer or 'The customer'} stands on its own.")


def _sold(on: Situation) -> Answer:
    if not on.data.items:
        return Answer(
            False, "The opportunity names no product, so billing has nothing to provision."
        )
    if on.data.starts_on is None:
        return Answer(False, "The opportunity does not say from which day the customer may use it.")
    count = len(on.data.items)
    return Answer(True, f"{count} product{'' if count == 1 else 's'} from {on.data.starts_on}.")


def _terms(on: Situation) -> Answer:
    data = on.data
    if data.ends_on < data.starts_on:
        return Answer(False, f"The contract ends on {data.ends_on}, before it starts.")
    value = Money(data.total, data.currency)
    return Answer(True, f"{value} from {data.starts_on} to {data.ends_on}.")


def _entity(on: Situation) -> Answer:
    return Answer(bool(on.legal_entity), f"It belongs to the books of {on.legal_entity}.")


def _tax(on: Situation) -> Answer:
    taxes = [tax for line in on.data.lines for tax in line.taxes]
    if not taxes:
        return Answer(True, "It carries no tax.")
    codes = ", ".join(sorted({tax.code for tax in taxes}))
    total = Money(sum(tax.amount for tax in taxes), on.data.currency)
    return Answer(True, f"{total} of tax under {codes}; each code has its account.")


def _ledger(on: Situation) -> Answer:
    spread = sum(1 for line in on.data.lines if line.service_period is not None)
    lines = len(on.data.lines)
    return Answer(
        True, f"With a service period: {spread} of {lines} line{'' if lines == 1 else 's'}."
    )


def _agreed(on: Situation) -> Answer:
    if not on.data.price_id:
        return Answer(False, "The line names no price.")
    amount = Money(on.data.amount, on.data.currency)
    return Answer(True, f"{amount} by the price {on.data.price_id}.")


# What an account lacks stops the line before a flow begins, so those checks tell what was found.
CHECKS: Final[Mapping[str, Callable[[Situation], Answer]]] = {
    "hierarchy": _hierarchy,
    "sold": _sold,
    "terms": _terms,
    "entity": _entity,
    "tax": _tax,
    "ledger": _ledger,
    "agreed": _agreed,
}


def answer(name: str, data: EventData, legal_entity: str, place: Place) -> Answer:
    """Raises KeyError for a check that nobody wrote."""
    return CHECKS[name](Situation(data, legal_entity, place))
