"""
I1, H7: every address × every role × own and foreign legal entity × own and other's request answers
as ``expected.py`` says, whatever the method. Nothing here is computed from the code under test.
I4: what is asked for by GET writes no row. I29: every answer carries its headers.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from django.db import transaction
from django.test import Client

from tests.access.asking import address_of, reply, typed
from tests.access.expected import MINE, PERSONS, ROLES, SERVICES, Row
from tests.access.keeping import rows_written, unsafe
from tests.access.sides import Side
from tests.access.world import World
from tests.architecture.addresses import Address, every

ADDRESSES: Final = {str(one): one for one in every()}
PAGES: Final = {name: one for name, one in ADDRESSES.items() if not one.for_services}
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
GUARDED: Final = [one for one in PAGES.values() if not one.is_open]


@pytest.fixture(autouse=True)
def _demo(settings: Any) -> None:
    """So that the addresses of the demo have something to answer with."""
    settings.REVOPS_DEMO = True


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
            "/reconciliation/rules/<slug:check>/",  # rules are of a check, for all entities
            "/me/sessions/<int:id>/end/",  # one's own
            "/me/second-factor/keys/<int:id>/remove/",
            "/break-glass/<int:number>/review",
            # Drafts are seen by who writes them, and by nobody else of any entity.
            "/credits/<int:id>/edit", "/credits/<int:id>/send",
        }  # fmt: skip


@pytest.mark.parametrize("one", GUARDED, ids=str)
def test_i1_i4_people_get_what_is_declared_and_looking_changes_nothing(
    one: Address, world: World, people: dict[str, dict[str, Client]]
) -> None:
    """
    Every role asks with every method that has a row; the first one that may, and somebody without
    a role, with every other one: those are refused by 405, and by 403.
    """
    wrong: list[Any] = []
    rows = [row for row in PERSONS if row.address == str(one)]
    for row in rows:
        told = dict(zip(ROLES, row.answers, strict=True))
        for whose, side in _asked(row, rows, world):
            path, form = address_of(one, side), typed(one.route, side)
            before = rows_written()
            answers = _replies(people[whose], row.method, path, form)
            if row.method == "GET" and rows_written() != before:
                wrong.append((str(row), whose, "wrote by looking"))
            found = {role: answer.status_code for role, answer in answers.items()}
            if found != told:
                wrong.append((str(row), whose, found))
            wrong += [(str(row), role, bad) for role in ROLES if (bad := unsafe(answers[role]))]
    wrong += _others_refused(one, rows, world, people["all"])
    assert wrong == []


def _asked(row: Row, rows: list[Row], world: World) -> list[tuple[str, Side]]:
    """Who asks for whose: people of one entity or of all, for what is ours or theirs."""
    if row.whose == "all":
        return [("all", world.theirs)]
    if row.whose == "other":
        return [("own", world.theirs)]
    if ("all", row.method) in {(other.whose, other.method) for other in rows}:
        return [("own", world.ours)]
    # Who sees all entities gets of another one's things what others get of their own.
    return [("own", world.ours), ("all", world.theirs)]


def _others_refused(
    one: Address, rows: list[Row], world: World, of_all: dict[str, Client]
) -> list[Any]:
    path, wrong = address_of(one, world.ours), []
    may = [
        role
        for row in rows
        for role, status in zip(ROLES, row.answers, strict=True)
        if status not in (403, 404)
    ]
    expected = {may[0]: 405} if may else {}
    if not str(one).startswith(("/me/", "/notices/")):  # one's own
        expected["nobody"] = 403
    for method in METHODS:
        if method in {row.method for row in rows}:
            continue
        before = rows_written()
        found = {role: reply(of_all[role], method, path).status_code for role in expected}
        if found != expected or (method == "GET" and rows_written() != before):
            wrong.append((method, found, expected))
    return wrong


@pytest.mark.parametrize("row", MINE, ids=str)
def test_h1_i1_ones_own_request_is_answered_otherwise(
    row: Row, world: World, people: dict[str, dict[str, Client]]
) -> None:
    """``mine``: asked for by the person who calls; ``others``: by somebody else of the entity."""
    from tests.access.requests import a_credit, a_request

    one, clients, found = PAGES[row.address], people["own"], {}
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
        found[role] = reply(clients[role], row.method, address_of(one, side), form).status_code
    assert found == dict(zip(ROLES, row.answers, strict=True))


class TestServices:
    """The API: tokens of one entity, of all, without the scope, none; and people."""

    def test_i1_get_what_is_declared(self, world: World) -> None:
        from tests.access.calling import CALLERS, called

        wrong = {}
        for row in SERVICES:
            found = {name: called(name, row, ADDRESSES[row.address], world) for name in CALLERS}
            if found != dict(zip(CALLERS, row.answers, strict=True)):
                wrong[str(row)] = found
        assert wrong == {}


def _replies(
    clients: dict[str, Client], method: str, path: str, form: dict[str, Any]
) -> dict[str, Any]:
    """Every role's; what stands in their sessions after it is undone, too."""
    with transaction.atomic():
        found = {role: reply(clients[role], method, path, form) for role in ROLES}
        transaction.set_rollback(True)
    return found
