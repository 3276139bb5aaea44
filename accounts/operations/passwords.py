"""Passwords: set by their person, and links by which somebody sets their first one."""

from __future__ import annotations

from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.queries import actor_of
from revops.audit.operations import record
from revops.kernel.actor import system


@transaction.atomic
def set_password(*, user: User, password: str) -> User:
    """``password`` has been validated. Sessions that knew the one before end by themselves."""
    found = User.objects.select_for_update().get(pk=user.pk)
    found.set_password(password)
    found.save(update_fields=["password"])
    record(
        "person.password_set", by=actor_of(found), kind="person", reference=f"user:{found.pk}",
        label=found.name,
    )  # fmt: skip
    return found


@transaction.atomic
def password_link(*, user: User) -> str:
    """The path of a page on which ``user`` sets a password: once, within three days."""
    record(
        "person.password_link", by=system("manage.py password_link", "Operator"), kind="person",
        reference=f"user:{user.pk}", label=user.name,
    )  # fmt: skip
    token = default_token_generator.make_token(user)
    return reverse("accounts:set-password", args=[user.pk, token])
