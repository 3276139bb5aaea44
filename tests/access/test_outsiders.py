"""Every address keeps outsiders out, and sends the headers that a page with money needs."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
from django.test import Client

from tests.access.asking import address_of, signed_in
from tests.access.world import World
from tests.architecture.addresses import Address, every

METHODS: Final = ("get", "post", "put", "patch", "delete")
ADDRESSES: Final = every()
PAGES: Final = [one for one in ADDRESSES if not one.for_services and not one.is_open]
GUARDED: Final = [one for one in PAGES if one.policy and one.policy.action]
SERVICES: Final = [one for one in ADDRESSES if one.for_services]


def each(wanted: list[Address]) -> Any:
    return pytest.mark.parametrize("address", wanted, ids=str)


@pytest.fixture(scope="module")
def otis(world: World) -> Client:
    """Signed in, and without a role."""
    return signed_in(world.of_all["nobody"])


@pytest.fixture(scope="module")
def mona(world: World) -> Client:
    """A finance manager."""
    return signed_in(world.of_all["manager"])


@pytest.fixture(scope="module")
def elsewhere(world: World) -> Client:
    """A finance manager's browser that fills in a form of another site."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.of_all["manager"])
    return client


@pytest.fixture(scope="module")
def stranger() -> Client:
    """Not signed in at all."""
    return Client()


class TestOutsiders:
    @each(GUARDED)
    def test_signed_in_without_a_role_are_refused(self, address: Address, otis: Client) -> None:
        found = {
            method: getattr(otis, method)(address.of_nothing()).status_code for method in METHODS
        }
        assert set(found.values()) <= {403, 404, 405}, found
        assert set(found.values()) != {405}, found

    @each([one for one in GUARDED if one.asks()])
    def test_signed_in_without_a_role_learn_nothing_of_what_exists(
        self, address: Address, otis: Client, world: World
    ) -> None:
        real = otis.get(address_of(address, world.ours)).status_code
        assert real == otis.get(address.of_nothing()).status_code

    @each(PAGES)
    def test_strangers_are_asked_to_sign_in(self, address: Address, stranger: Client) -> None:
        for method in METHODS:
            answer = getattr(stranger, method)(address.of_nothing())
            assert answer.status_code in (302, 404), method
            if answer.status_code == 302:
                assert answer["Location"].startswith("/sign-in/"), method

    @each(SERVICES)
    def test_people_are_not_services(self, address: Address, mona: Client) -> None:
        for method in METHODS:
            assert getattr(mona, method)(address.of_nothing()).status_code == 401, method

    @each(PAGES)
    def test_i3_forms_from_elsewhere_are_refused(self, address: Address, elsewhere: Client) -> None:
        for method in ("post", "put", "patch", "delete"):
            answer = getattr(elsewhere, method)(address.of_nothing())
            assert answer.status_code in (403, 404, 405), method


class TestHeaders:
    """I29: on every answer, whatever its status."""

    @each(ADDRESSES)
    @pytest.mark.parametrize("who", ["stranger", "mona"])
    def test_i29_are_sent(self, address: Address, who: str, request: pytest.FixtureRequest) -> None:
        answer = request.getfixturevalue(who).get(address.of_nothing())
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert re.fullmatch(r"[\w.:-]{8,64}", answer["X-Correlation-Id"])
        if not address.is_open or address.route.startswith(("hooks/", "readyz", "healthz")):
            assert answer["Cache-Control"] in ("no-store", "max-age=0, no-cache, no-store, "
                                               "must-revalidate, private")  # fmt: skip
