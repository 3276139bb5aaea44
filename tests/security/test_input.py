"""Forms and filters take what they name and nothing else."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from django import forms
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework import serializers

from accounts.models import User
from revops.contracts.registry import CONTRACTS
from tests.architecture import house
from tests.architecture.addresses import every
from tests.cast import person

pytestmark = pytest.mark.django_db

# What only the product sets, by the names that it has in our tables.
OURS = re.compile(
    r"^(?:id|pk|state|status|tier|approved_by|granted_by|decided_by|requested_by|created_(?:at|by)|"
    r"is_active|is_superuser|is_staff|password_hash|digest|fence|sha256|posted_at|external_id)$"
)
LISTS = [
    one
    for one in every()
    if not one.for_services and not one.is_open and not one.asks() and "." not in one.route
]


def modules() -> Iterator[ModuleType]:
    for package in house.PACKAGES:
        root = importlib.import_module(package)
        for found in pkgutil.walk_packages(root.__path__, f"{package}."):
            if re.search(r"\.forms(?:\.|$)|\.serializers|\.filters", found.name):
                yield importlib.import_module(found.name)


def classes(kind: type) -> list[type[Any]]:
    found = {
        thing
        for module in modules()
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, kind)
        if thing.__module__ == module.__name__
    }  # fmt: skip
    return sorted(found, key=lambda one: one.__qualname__)


class TestI22:
    """Nobody sets by a form what the form does not ask for."""

    def test_i22_no_form_asks_for_what_is_ours_to_set(self) -> None:
        found = classes(forms.BaseForm)
        assert len(found) >= 8
        asked = [
            f"{form.__qualname__}.{name}"
            for form in found
            for name in form.base_fields
            if OURS.match(name)
        ]
        assert not asked

    def test_i22_forms_of_models_name_their_fields(self) -> None:
        for form in classes(forms.BaseModelForm):
            assert isinstance(form.Meta.fields, tuple), form
            assert not getattr(form.Meta, "exclude", None), form

    def test_i22_serializers_of_models_name_their_fields(self) -> None:
        for serializer in classes(serializers.ModelSerializer):
            assert isinstance(serializer.Meta.fields, tuple | list), serializer

    def test_i22_every_event_refuses_what_it_does_not_know(self) -> None:
        loose = [
            name for name, one in CONTRACTS.items() if one.model_config.get("extra") != "forbid"
        ]
        assert not loose

    def test_i22_ones_settings_change_five_fields_whatever_is_sent(
        self, ana: User, mona: User, sign_in: Any
    ) -> None:
        sent: dict[str, Any] = {field.name: "1" for field in User._meta.fields}
        chosen = {"theme": "dark", "density": "comfortable", "zone": "Asia/Tokyo",
                  "numbers": "point"}  # fmt: skip
        sent |= {"email": "evil@example.com", "user": str(mona.pk), "id": str(mona.pk),
                 "is_active": "", "is_superuser": "on", "assignments": "admin",
                 **chosen}  # fmt: skip
        before = {user.pk: vars(user).copy() for user in User.objects.all()}
        client = Client()
        client.force_login(ana)
        assert client.post("/me/save/", sent).status_code == 302
        changed = {
            (user.pk, name)
            for user in User.objects.all()
            for name, value in vars(user).items()
            if not name.startswith("_") and before[user.pk][name] != value
        }
        assert changed - {(ana.pk, "last_login")} == {(ana.pk, name) for name in chosen}

    def test_i22_an_invitation_makes_somebody_without_rights(
        self, adam: User, sign_in: Any
    ) -> None:
        sent = {"name": "New One", "email": "new@example.com", "is_superuser": "on",
                "role": "admin", "password": "x" * 20, "assignments": "1", "id": "1"}  # fmt: skip
        sign_in(adam).post("/users/invite", sent)
        made = User.objects.get(email="new@example.com")
        assert not made.assignments.exists()
        assert not made.has_usable_password()


class TestI23:
    """What a list is filtered and sorted by is on a list of ours."""

    EVIL = {
        "user__password__startswith": "argon", "owner__password__regex": ".*", "o": "-password",
        "order_by": "owner__password", "sort": "password", "ordering": "user__password",
        "password__contains": "a", "created_by__email__icontains": "@", "fields": "password",
        "_filters": "x", "q__regex": "(a+)+$",
    }  # fmt: skip

    @pytest.mark.parametrize("address", LISTS, ids=str)
    def test_i23_other_names_reach_no_query(self, address: Any) -> None:
        client = Client()
        for name in ("mona", "adam"):
            client.force_login(person(name))
            with CaptureQueriesContext(
                connection,
            ) as queries:
                answer = client.get(address.of_nothing(), self.EVIL)
            assert answer.status_code < 500
            said = [one["sql"] for one in queries.captured_queries]
            assert not [
                one for one in said
                if re.search(r'"password"(?:::text)? (?:LIKE|~|ASC|DESC|=|IN)|argon', one)
            ]  # fmt: skip


class TestI28:
    """Nothing that somebody types keeps us busy for long."""

    def test_i28_the_database_gives_up_by_itself(self) -> None:
        with connection.cursor() as cursor:
            for name in (
                "statement_timeout",
                "lock_timeout",
                "idle_in_transaction_session_timeout",
            ):
                cursor.execute(f"SELECT current_setting('{name}')")
                assert cursor.fetchone()[0] in {"1min", "60s", "10s"}, name

    @pytest.mark.parametrize(
        "typed", ["a" * 20_000, "(a+)+$" * 500, "%" * 5_000, "\u0301" * 5_000, "x " * 8_000]
    )
    @pytest.mark.parametrize("address", ["/find", "/exceptions/", "/customers/", "/users/"])
    def test_i28_long_words_are_answered_at_once(self, address: str, typed: str) -> None:
        client = Client()
        client.force_login(person("adam" if address == "/users/" else "mona"))
        began = time.perf_counter()
        assert client.get(address, {"q": typed}).status_code < 500
        assert time.perf_counter() - began < 5
