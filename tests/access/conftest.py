"""One company of two entities for each module; whatever a test does to it is rolled back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from approvals import subjects
from revops.ledger import books
from tests.access.world import World, build


@pytest.fixture(scope="module")
def db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """As everywhere else, only rolled back after a module and not after each of its tests."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def world(db: None) -> Iterator[World]:
    books.forget()
    yield build()
    subjects._subjects.pop("gift", None)
    books.forget()


@pytest.fixture(autouse=True)
def _as_it_was(world: World) -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
