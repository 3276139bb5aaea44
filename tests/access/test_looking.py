"""I4: nothing is changed by a link, whoever follows it."""

from __future__ import annotations

from typing import Any, Final

import pytest
from django.db import connection
from django.test import Client

from accounts.operations import create_token
from accounts.tokens import SCOPES
from revops.store import sql
from tests.access.asking import address_of, signed_in
from tests.access.calling import ask, bearer
from tests.access.world import World
from tests.architecture.addresses import Address, every
from tests.factories import a_case

ADDRESSES: Final = every()


@pytest.fixture(autouse=True)
def _demo(settings: Any) -> None:
    """So that the addresses of the demo have something to answer with."""
    settings.REVOPS_DEMO = True


@pytest.fixture(scope="module")
def people(world: World) -> dict[str, Client]:
    """Everybody who sees all entities, signed in, by role; drafts are seen by who made them."""
    known = world.of_all | {"asker": world.asker}
    return {name: signed_in(user) for name, user in known.items()}


@pytest.fixture(scope="module")
def token(world: World) -> dict[str, str]:
    """What a service that may do everything sends along."""
    owner = world.of_all["manager"]
    return bearer(create_token(name="all", scopes=[*SCOPES], owner=owner)[1])


class TestLooking:
    @pytest.mark.parametrize("address", [one for one in ADDRESSES if not one.for_services], ids=str)
    def test_i4_changes_nothing(
        self, address: Address, world: World, people: dict[str, Client]
    ) -> None:
        path = address_of(address, world.ours)
        seen: set[int] = set()
        for name, client in people.items():
            before = _rows_written()
            answer = client.get(path)
            assert _rows_written() == before, name
            assert answer.status_code < 500, name
            seen.add(answer.status_code)
        # One of them must have seen it, or this test would look at nothing. 409 is a page that
        # says why the thing, as it stands, cannot be changed.
        assert seen & {200, 302, 405, 409}, seen

    def test_would_be_caught_if_it_changed_something(self, world: World) -> None:
        before = _rows_written()
        a_case()
        assert _rows_written() > before

    @pytest.mark.parametrize("address", [one for one in ADDRESSES if one.for_services], ids=str)
    def test_changes_nothing_for_services_either(
        self, address: Address, world: World, token: dict[str, str]
    ) -> None:
        client = Client()
        ask(client, "GET", address, world.ours, token)  # notes when it was used: all that it may
        before = _rows_written()
        answer = ask(client, "GET", address, world.ours, token)
        assert _rows_written() == before
        assert answer.status_code in (200, 405)


def _rows_written() -> int:
    """Rows written so far in this transaction, to any table but the sessions."""
    assert connection.in_atomic_block
    row = sql.one(
        "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint AS written "
        "FROM pg_stat_xact_user_tables WHERE relname <> 'django_session'"
    )
    assert row is not None
    return int(row.written)
