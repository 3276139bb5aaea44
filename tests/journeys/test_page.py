"""The pages of the tours: what people press is what the journeys play."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User
from revops.canonical.models import Customer
from revops.sandbox.tours import TOURS
from tests.conftest import SignIn
from tests.journeys.world import World

TOUR = "/tours/quote-to-cash/"


def at(page: Client, address: str = TOUR) -> str:
    return str(page.get(address).context["at"])


class TestTours:
    def test_are_nowhere_outside_of_a_demo(
        self, sign_in: SignIn, ana: User, settings: LazySettings
    ) -> None:
        settings.REVOPS_DEMO = False
        page = sign_in(ana)
        assert page.get("/tours/").status_code == 404
        assert page.get(TOUR).status_code == 404
        assert page.post(f"{TOUR}act", {"step": "group"}).status_code == 404

    def test_are_all_listed(self, sign_in: SignIn, ana: User, settings: LazySettings) -> None:
        settings.REVOPS_DEMO = True
        page = sign_in(ana)
        shown = page.get("/tours/").content.decode()
        for tour in TOURS:
            assert tour.title in shown
            assert page.get(f"/tours/{tour.slug}/").status_code == 200
        assert page.get("/tours/nothing/").status_code == 404

    def test_are_not_for_auditors(self, sign_in: SignIn, rae: User, settings: LazySettings) -> None:
        settings.REVOPS_DEMO = True
        assert sign_in(rae).get("/tours/").status_code == 403


class TestTour:
    def test_goes_on_when_the_console_has_got_there(
        self, world: World, sign_in: SignIn, ana: User
    ) -> None:
        page = sign_in(ana)
        done = page.post(f"{TOUR}act", {"step": "group", "at": at(page)})
        assert done.status_code == 302
        waits = page.get(done["Location"])
        assert 'id="waits"' in waits.content.decode()

        world.settle()
        goes_on = page.get(done["Location"]).content.decode()
        assert 'id="look-group"' in goes_on
        assert 'id="do-account"' in goes_on
        assert 'id="do-group"' not in goes_on

    def test_refuses_a_step_whose_turn_it_is_not(
        self, world: World, sign_in: SignIn, ana: User
    ) -> None:
        page = sign_in(ana)
        refused = page.post(f"{TOUR}act", {"step": "win", "at": at(page)}, follow=True)
        assert "another one comes first" in refused.content.decode()
        world.settle()
        assert not Customer.objects.exists()

    @pytest.mark.parametrize("forged", ["", "nothing:signed", "eyJydW4iOiJYIn0:1abc:def"])
    def test_begins_anew_from_what_was_not_signed_here(
        self, forged: str, sign_in: SignIn, ana: User, settings: LazySettings
    ) -> None:
        settings.REVOPS_DEMO = True
        found = sign_in(ana).get(TOUR, {"at": forged})
        assert found.context["done"] == 0
