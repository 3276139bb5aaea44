"""
I1, H7: every address × every role × own and foreign legal entity × own and other's request answers
as ``expected.py`` says, whatever the method. Nothing here is computed from the code under test.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from django.test import Client

from tests.access.asking import address_of, answer, signed_in, typed
from tests.access.expected import MINE, PERSONS, ROLES, SERVICES, Row
from tests.access.sides import Side
from tests.access.world import World
from tests.architecture.addresses import Address, every

ADDRESSES: Final = {str(one): one for one in every()}
PAGES: Final = {name: one for name, one in ADDRESSES.items() if not one.for_services}
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
ROWS: Final = {(row.method, row.address) for row in PERSONS}


@pytest.fixture(autouse=True)
def _demo(settings: Any) -> None:
    """So that the addresses of the demo have something to answer with."""
    settings.REVOPS_DEMO = True


@pytest.fixture(scope="module")
def people(world: World) -> dict[str, dict[str, Client]]:
    """Signed in, by whether they see ``all`` entities or only their ``own``, and by role."""
    return {
        "own": {name: signed_in(user) for name, user in world.of_ours.items()},
        "all": {name: signed_in(user) for name, user in world.of_all.items()},
    }


class TestTheTable:
    def test_names_every_address_that_people_have(self) -> None:
        named = {row.address for row in PERSONS}
        guarded = {name for name, one in PAGES.items() if not one.is_open}
        assert named == guarded

    def test_names_every_address_that_services_have(self) -> None:
        named = {row.address for row in SERVICES}
        assert named == {name for name, one in ADDRESSES.items() if one.for_services}

    def test_says_of_every_thing_of_an_entity_what_people_of_another_get(self) -> None:
        """What names a record has a row for other entities, unless its role is refused at once."""
        silent = {
            (row.method, row.address)
            for row in PERSONS
            if row.whose == "own" and "<" in row.address and set(row.answers) - {403}
        } - {(row.method, row.address) for row in PERSONS if row.whose == "other"}
        assert {address for _, address in silent} == {
            "/flows/<str:event>/",  # a kind of event, the same for everybody
            "/playbooks/<slug:slug>/",
            "/mappings/<slug:kind>/", "/mappings/<slug:kind>/rows",  # a kind of map
            "/mappings/<slug:kind>/file", "/mappings/<slug:kind>/import",
            "/mappings/<slug:kind>/import/errors",
            "/tours/<slug:slug>/", "/tours/<slug:slug>/act",  # the demo's
            "/connections/<slug:slug>/",  # systems serve several entities
            "/connections/<slug:slug>/sandbox/",
            "/me/sessions/<int:id>/end/",  # one's own
            "/me/second-factor/keys/<int:id>/remove/",
            "/break-glass/<int:number>/review",
            # Drafts are seen by who writes them, and by nobody else of any entity.
            "/credits/<int:id>/edit", "/credits/<int:id>/send",
        }  # fmt: skip


@pytest.mark.parametrize("row", PERSONS, ids=str)
def test_i1_people_get_what_is_declared(
    row: Row, world: World, people: dict[str, dict[str, Client]]
) -> None:
    one = PAGES[row.address]
    told = dict(zip(ROLES, row.answers, strict=True))
    if row.whose != "all":
        side = world.theirs if row.whose == "other" else world.ours
        assert _answers(people["own"], row.method, one, side) == told
    alone = (row.method, row.address, "all") not in {
        (other.method, other.address, other.whose) for other in PERSONS
    }
    if row.whose == "all" or (row.whose == "own" and alone):
        # Who sees all entities gets of another one's things what others get of their own.
        assert _answers(people["all"], row.method, one, world.theirs) == told


@pytest.mark.parametrize("one", [one for one in PAGES.values() if not one.is_open], ids=str)
def test_i1_any_other_method_is_refused(
    one: Address, world: World, people: dict[str, dict[str, Client]]
) -> None:
    """By 405 to somebody who may use the address, by 403 to somebody without a role."""
    path = address_of(one, world.ours)
    may = [
        role
        for row in PERSONS
        if row.address == str(one)
        for role, status in zip(ROLES, row.answers, strict=True)
        if status not in (403, 404)
    ]
    for method in METHODS:
        if (method, str(one)) in ROWS:
            continue
        if may:
            assert answer(people["all"][may[0]], method, path) == 405, method
        if not str(one).startswith(("/me/", "/notices/")):  # one's own
            assert answer(people["all"]["nobody"], method, path) == 403, method


@pytest.mark.parametrize("row", MINE, ids=str)
def test_h1_i1_ones_own_request_is_answered_otherwise(row: Row, world: World) -> None:
    """``mine``: asked for by the person who calls; ``others``: by somebody else of the entity."""
    from tests.access.requests import a_credit, a_request

    one = PAGES[row.address]
    found = {}
    for role in ROLES:
        user = world.of_ours[role]
        # Admins, auditors and people without a role ask for nothing of this kind.
        own = row.whose == "mine" and role in ("finance", "manager", "revops", "support")
        by = user if own else world.of_all["manager"]
        side = Side(world.ours.entity, "Contoso", f"own{role}", 10_000, dict(world.ours.made))
        if "APR-" in row.address:
            side.made["request"] = a_request(side, by)
        else:
            side.made["credit"] = a_credit(side, by, state="waiting")
            side.made["draft"] = a_credit(side, by)
        form = typed(one.route, side)
        found[role] = answer(signed_in(user), row.method, address_of(one, side), form)
    assert found == dict(zip(ROLES, row.answers, strict=True))


class TestServices:
    """The API: tokens of one entity, of all, without the scope, none; and people."""

    @pytest.mark.parametrize("row", SERVICES, ids=str)
    def test_i1_get_what_is_declared(self, row: Row, world: World) -> None:
        from tests.access.calling import CALLERS, called

        found = {name: called(name, row, ADDRESSES[row.address], world) for name in CALLERS}
        assert found == dict(zip(CALLERS, row.answers, strict=True))


def _answers(clients: dict[str, Client], method: str, one: Address, side: Side) -> dict[str, int]:
    path, form = address_of(one, side), typed(one.route, side)
    return {role: answer(clients[role], method, path, form) for role in ROLES}
