"""Coming in, leaving, and not being let in are acts."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from accounts.patience import TRIES
from revops.audit.models import Event
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db


def tries(email: str, password: str) -> Client:
    client = Client()
    client.post("/sign-in/", {"username": email, "password": password})
    return client


class TestSessions:
    def test_are_recorded_from_coming_in_to_leaving(self, ana: User) -> None:
        tries(ana.email, PASSWORD).post("/sign-out/")
        found = Event.objects.order_by("seq").values_list("action", "actor", "reference")
        me = f"user:{ana.pk}"
        assert list(found) == [("accounts.sign_in", me, me), ("accounts.sign_out", me, me)]

    def test_that_fail_name_the_person_and_never_what_was_typed(self, ana: User) -> None:
        tries(ana.email, "a wrong password")
        tries("my-password-by-mistake", "whatever else")
        known, unknown = Event.objects.order_by("seq")
        assert (known.action, known.reference) == ("accounts.sign_in_failed", f"user:{ana.pk}")
        assert unknown.reference.startswith("unknown:")
        assert "my-password" not in (unknown.detail or "") + unknown.reference

    def test_guessing_does_not_fill_the_trail(self, ana: User) -> None:
        for _ in range(TRIES * 3):
            tries(ana.email, "a wrong password")
        assert Event.objects.count() == TRIES

    def test_leaving_without_having_come_is_nothing(self) -> None:
        Client().post("/sign-out/")
        assert not Event.objects.exists()
