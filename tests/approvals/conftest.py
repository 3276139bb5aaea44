"""A subject of the tests' own and its policy, ready to be asked for."""

from __future__ import annotations

import pytest

from approvals import subjects
from approvals.models import Policy
from revops.ledger import books
from tests.approvals.kit import Gift, a_policy, a_subject


@pytest.fixture(autouse=True)
def gift() -> Gift:
    books.forget()
    made = a_subject()
    yield made
    subjects._subjects.pop(made.slug, None)


@pytest.fixture
def policy(db: None) -> Policy:
    return a_policy()
