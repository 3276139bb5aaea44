"""Every address keeps outsiders out, and sends the headers that a page with money needs."""

from __future__ import annotations

from typing import Any, Final

from django.test import Client

from tests.access.asking import address_of
from tests.access.keeping import unsafe
from tests.access.world import World
from tests.architecture.addresses import every

METHODS: Final = ("get", "post", "put", "patch", "delete")
ADDRESSES: Final = every()
PAGES: Final = [one for one in ADDRESSES if not one.for_services and not one.is_open]
GUARDED: Final = [one for one in PAGES if one.policy and one.policy.action]
SERVICES: Final = [one for one in ADDRESSES if one.for_services]
UNKEPT: Final = ("hooks/", "readyz", "healthz")  # open, and yet never kept

People = dict[str, dict[str, Client]]


def asked(client: Client, path: str, methods: tuple[str, ...] = METHODS) -> dict[str, Any]:
    return {method: getattr(client, method)(path) for method in methods}


def statuses(client: Client, path: str, methods: tuple[str, ...] = METHODS) -> dict[str, int]:
    return {method: one.status_code for method, one in asked(client, path, methods).items()}


class TestOutsiders:
    def test_signed_in_without_a_role_are_refused(self, people: People) -> None:
        otis, wrong = people["all"]["nobody"], {}
        for address in GUARDED:
            found = statuses(otis, address.of_nothing())
            if not set(found.values()) <= {403, 404, 405} or set(found.values()) == {405}:
                wrong[str(address)] = found
        assert wrong == {}

    def test_signed_in_without_a_role_learn_nothing_of_what_exists(
        self, people: People, world: World
    ) -> None:
        otis, wrong = people["all"]["nobody"], {}
        for address in GUARDED:
            if address.asks():
                real = otis.get(address_of(address, world.ours)).status_code
                nothing = otis.get(address.of_nothing()).status_code
                if real != nothing:
                    wrong[str(address)] = (real, nothing)
        assert wrong == {}

    def test_strangers_are_asked_to_sign_in(self) -> None:
        stranger, wrong = Client(), {}
        for address in PAGES:
            for method, answer in asked(stranger, address.of_nothing()).items():
                to = answer.get("Location", "")
                asks = answer.status_code == 302 and to.startswith("/sign-in/")
                if not asks and answer.status_code != 404:
                    wrong[f"{method} {address}"] = (answer.status_code, to)
                if method == "get" and (bad := unsafe(answer)):
                    wrong[str(address)] = bad
        assert wrong == {}

    def test_people_are_not_services(self, people: People) -> None:
        mona, wrong = people["all"]["manager"], {}
        for address in SERVICES:
            found = statuses(mona, address.of_nothing())
            if set(found.values()) != {401}:
                wrong[str(address)] = found
        assert wrong == {}

    def test_i3_forms_from_elsewhere_are_refused(self, world: World) -> None:
        # A finance manager's browser that fills in a form of another site.
        elsewhere, wrong = Client(enforce_csrf_checks=True), {}
        elsewhere.force_login(world.of_all["manager"])
        for address in PAGES:
            found = statuses(elsewhere, address.of_nothing(), METHODS[1:])
            if not set(found.values()) <= {403, 404, 405}:
                wrong[str(address)] = found
        assert wrong == {}


class TestHeaders:
    """On every answer, whatever its status; ``test_matrix`` looks at those with a page in them."""

    def test_i29_are_sent(self, people: People) -> None:
        wrong = {}
        for address in ADDRESSES:
            kept = address.is_open and not address.route.startswith(UNKEPT)
            for who, client in (("stranger", Client()), ("mona", people["all"]["manager"])):
                if address in PAGES and (who == "stranger" or not address.asks()):
                    continue
                if bad := unsafe(client.get(address.of_nothing()), may_be_kept=kept):
                    wrong[f"{who} {address}"] = bad
        assert wrong == {}
