"""A token's end is told three times beforehand: to who answers for it, and to administrators."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from accounts.models import User
from accounts.operations import create_token
from accounts.operations.tokens import revoke_token
from revops.kernel import clock
from revops.notices.models import Notice
from revops.pipeline.token_ends import look_at_tokens

pytestmark = pytest.mark.django_db


def told(user: User) -> list[str]:
    return list(
        Notice.objects.filter(recipient=user).order_by("pk").values_list("title", flat=True)
    )


def test_at_30_7_and_1_days_once_each(ana: User, adam: User, mona: User) -> None:
    create_token(name="Warehouse", scopes=["read:cases"], owner=ana, days=90)
    began = clock.now()
    for days in (0, 59, 60.1, 61, 83.1, 84, 89.1, 89.5, 90.1):
        with time_machine.travel(began + timedelta(days=days), tick=False):
            look_at_tokens()
            look_at_tokens()
    days = ["30 days", "7 days", "1 day"]
    assert told(ana) == told(adam) == [f"Warehouse ends in {one}" for one in days]
    assert told(mona) == []
    links = set(Notice.objects.values_list("recipient__name", "link"))
    assert links == {("Ana Lima", "/me/"), ("Adam Berg", "/users/tokens/")}


def test_not_of_one_that_was_made_for_so_short(ana: User, adam: User) -> None:
    create_token(name="Import", scopes=["read:cases"], owner=ana, days=5)
    assert look_at_tokens() == 0


def test_not_of_one_that_ended(ana: User, adam: User) -> None:
    made, _ = create_token(name="Old", scopes=["read:cases"], owner=ana, days=90)
    revoke_token(made.prefix)
    with time_machine.travel(clock.now() + timedelta(days=80)):
        assert look_at_tokens() == 0


def test_to_administrators_alone_when_nobody_answers_for_it(ana: User, adam: User) -> None:
    create_token(name="Bot", scopes=["read:cases"], owner=None, days=90)
    with time_machine.travel(clock.now() + timedelta(days=70)):
        assert look_at_tokens() == 1
    assert told(adam) == ["Bot ends in 30 days"]
