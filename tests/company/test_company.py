"""
Two years of a company in three currencies (two, no and three decimals) tie to the cent at every
month end. The generator and its oracle share no code with the rules.
"""

from __future__ import annotations

import pytest

from tests.company import feed
from tests.company.world import Company

# From 500 on, a company has every kind of event that one of 2,000 has.
CUSTOMERS = 700


@pytest.mark.django_db(transaction=True)
def test_the_books_of_two_years_tie_at_every_month_end() -> None:
    company = Company(customers=CUSTOMERS, seed=20_240_101)
    told = company.live()
    entities = feed.open_books()

    for month, events in feed.by_month(told).items():
        feed.send(events)
        assert feed.troubles() == []
        feed.close(entities, month)
        for code in entities:
            held = feed.balances(code, month)
            assert held == company.oracle.balances(code, month), (code, month)
            assert sum(held.values()) == 0
            (step,) = feed.rolled(entities[code], month)
            assert step.ties, step
            assert step.closing == -held.get("2300", 0)
    for entity in entities.values():
        assert feed.differences(entity, "2024-12") == []
