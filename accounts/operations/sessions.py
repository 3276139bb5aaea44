"""Who came in, who left, and who could not come in: acts of their own in the audit trail."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of
from revops.audit.operations import record, recorded
from revops.kernel import strict_json
from revops.kernel.actor import Actor
from revops.kernel.keys import sha256


@recorded
def signed_in(*, by: User, how: str = "password") -> None:
    """``how`` they proved who they are."""
    _record("accounts.sign_in", actor_of(by), f"user:{by.pk}", how=how)


@recorded
def signed_out(*, by: User) -> None:
    _record("accounts.sign_out", actor_of(by), f"user:{by.pk}")


def sign_in_failed(*, email: str, wait: int = 0) -> None:
    """
    Somebody typed a wrong password; ``wait`` in seconds when nothing was checked. Known people are
    named by their number; what else was typed may be anything, even a password, so it is not kept.
    """
    if wait:
        return
    typed = strict_json.storable(email)[0].strip().lower()
    known = User.objects.filter(email=typed).values_list("pk", flat=True).first()
    stranger = Actor("system", "system:sign-in", "Somebody who was not let in")
    name = f"user:{known}" if known else f"unknown:{sha256(typed)[:12]}"
    _record("accounts.sign_in_failed", stranger, name)


def _record(action: str, by: Actor, reference: str, **after: str) -> None:
    with transaction.atomic():
        record(action, by=by, kind="person", reference=reference, after=after)
