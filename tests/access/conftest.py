"""One company of two entities for this folder; whatever a test does to it is rolled back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import User
from approvals import subjects
from approvals.queries import inbox
from revops.ledger import books
from tests.access.asking import settled_in
from tests.access.world import World, build


@pytest.fixture(scope="package")
def db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """As everywhere else, only rolled back after this folder and not after each of its tests."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="package")
def world(db: None) -> Iterator[World]:
    books.forget()
    yield build()
    subjects._subjects.pop("gift", None)
    books.forget()


@pytest.fixture(scope="package", autouse=True)
def _asked_once(world: World) -> Iterator[None]:
    """
    Of each answer only what is sent matters: templates' contexts are not copied for the test. And
    as the world stays as it is, what the menu counts for a person is counted once: else a fifth
    of each page goes into it.
    """
    counted: dict[int, tuple[int, bool]] = {}
    count_for_me = inbox.count_for_me

    def once(user: User) -> tuple[int, bool]:
        if user.pk not in counted:
            counted[user.pk] = count_for_me(user)
        return counted[user.pk]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inbox, "count_for_me", once)
        patch.setattr("django.test.client.store_rendered_templates", lambda *_, **__: None)
        yield


@pytest.fixture(scope="package")
def people(world: World) -> dict[str, dict[str, Client]]:
    """Signed in, by whether they see ``all`` entities or only their ``own``, and by role."""
    return {
        "own": {name: settled_in(user) for name, user in world.of_ours.items()},
        "all": {name: settled_in(user) for name, user in world.of_all.items()},
    }


@pytest.fixture(autouse=True)
def _as_it_was(world: World) -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
