"""
I4: nothing is changed by a link, whoever follows it. What only people with a role see is asked for
in ``test_matrix``; here are the addresses that are open, what only its maker sees, and services.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from django.test import Client

from accounts.operations import create_token
from accounts.tokens import SCOPES
from tests.access.asking import address_of, settled_in
from tests.access.calling import ask, bearer
from tests.access.keeping import rows_written
from tests.access.world import World
from tests.architecture.addresses import every
from tests.factories import a_case

ADDRESSES: Final = every()


@pytest.fixture(autouse=True)
def _demo(settings: Any) -> None:
    """So that the addresses of the demo have something to answer with."""
    settings.REVOPS_DEMO = True


class TestLooking:
    def test_i4_changes_nothing(self, world: World, people: dict[str, dict[str, Client]]) -> None:
        clients = people["all"] | {"asker": settled_in(world.asker), "stranger": Client()}
        wrong = {}
        for address in ADDRESSES:
            if address.for_services:
                continue
            # Drafts are seen by who made them, whom the table does not know.
            asking = clients if address.is_open else {"asker": clients["asker"]}
            path = address_of(address, world.ours)
            before = rows_written()
            seen = {name: client.get(path).status_code for name, client in asking.items()}
            if rows_written() != before or max(seen.values()) >= 500:
                wrong[path] = seen
            # One of them must have seen it, or this test would look at nothing.
            if address.is_open and not set(seen.values()) & {200, 302, 405}:
                wrong[path] = seen
        assert wrong == {}

    def test_would_be_caught_if_it_changed_something(self, world: World) -> None:
        before = rows_written()
        a_case()
        assert rows_written() > before

    def test_changes_nothing_for_services_either(self, world: World) -> None:
        owner = world.of_all["manager"]
        token = bearer(create_token(name="all", scopes=[*SCOPES], owner=owner)[1])
        client, wrong = Client(), {}
        for address in ADDRESSES:
            if not address.for_services:
                continue
            ask(client, "GET", address, world.ours, token)  # notes when it was used: all it may
            before = rows_written()
            answer = ask(client, "GET", address, world.ours, token)
            if rows_written() != before or answer.status_code not in (200, 405):
                wrong[str(address)] = answer.status_code
        assert wrong == {}
