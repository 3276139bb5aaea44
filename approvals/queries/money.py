"""What a request comes to in the functional currency, with the others for its customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from approvals.policies import Measured
from revops.kernel.clock import local_date
from revops.kernel.money import Money
from revops.ledger.books import EntityBooks, all_books
from revops.ledger.rules.base import MappingMissing
from revops.store import sql

WINDOW: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Valued:
    """``functional`` is None without an amount, or where a rate is missing."""

    functional: Money | None
    others: int
    currency: str
    rate: Decimal | None = None
    rate_day: date | None = None
    rated: bool = True
    zone: str = "UTC"

    @property
    def measured(self) -> Measured:
        """In whole units, for the tiers."""
        if not self.rated:
            return Measured(None, rated=False)
        if self.functional is None:
            return Measured(None)
        return Measured(self.functional.decimal, Money(self.others, self.currency).decimal)


def books_of(entity: str) -> EntityBooks | None:
    """The books of a legal entity by its code."""
    return next((one for one in all_books().values() if one.legal_entity == entity), None)


def value(
    *,
    subject: str,
    entity: str,
    amount: Money | None,
    customer: int | None,
    at: datetime,
    besides: int | None = None,
) -> Valued:
    """
    An amount and what else was asked for this customer in 30 days, in the entity's functional
    currency at its rates of today. ``besides`` is a request that does not count, being the one.
    """
    books = books_of(entity)
    zone = books.zone if books else "UTC"
    if amount is None:
        return Valued(None, 0, "", zone=zone)
    if books is None:
        # Nobody's books: there is no functional currency to measure in.
        return Valued(None, 0, amount.currency, rated=False, zone=zone)
    dated = books.on(local_date(at, books.zone))
    own = books.functional_currency
    try:
        rate = dated.rate(amount.currency)
        functional = abs(amount).convert(rate.value, own)
        others = 0
        for other in _others(subject, customer, at, besides):
            others += abs(other).convert(dated.rate(other.currency).value, own).minor
    except MappingMissing:
        return Valued(None, 0, own, rated=False, zone=zone)
    return Valued(functional, others, own, rate.value, rate.day, zone=zone)


# Across legal entities, whichever of them the session sees: a customer is one.
_OTHERS: Final = "SELECT amount, currency FROM approvals_asked_for(%s, %s, %s, %s)"


def _others(subject: str, customer: int | None, at: datetime, besides: int | None) -> list[Money]:
    """Amounts that were asked for or granted, of the customer and those merged with it."""
    if customer is None:
        return []
    rows = sql.rows(_OTHERS, (subject, customer, at - WINDOW, besides or 0))
    return [Money(row.amount, row.currency) for row in rows]
