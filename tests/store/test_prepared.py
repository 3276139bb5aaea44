from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth import get_user_model

from accounts.models import Assignment
from accounts.roles import Role
from revops.kernel import clock
from revops.store.prepared import Prepared
from tests.cast import person

HELD = Prepared(
    lambda user, at: (
        Assignment.objects.filter(user=user, valid_from__lte=at, role=Role.FINANCE.value)
        .order_by("pk")
        .values_list("role", "valid_from")
    ),
    user=int,
    at=datetime,
)


@pytest.mark.django_db
class TestPrepared:
    def test_answers_each_value_as_the_queryset_would(self) -> None:
        ana, mona = person("ana"), person("mona")
        since = Assignment.objects.get(user=ana).valid_from
        assert HELD.rows(user=ana.pk, at=clock.now()) == [("finance", since)]
        assert HELD.rows(user=mona.pk, at=clock.now()) == []
        assert HELD.rows(user=ana.pk, at=since - timedelta(seconds=1)) == []

    def test_keeps_what_has_no_slot(self) -> None:
        person("ana")
        named = Prepared(
            lambda: get_user_model().objects.filter(email="ana@example.com").values_list("name")
        )
        assert named.rows() == [("Ana Lima",)]

    def test_says_which_value_is_missing(self) -> None:
        with pytest.raises(KeyError, match="user"):
            HELD.rows(at=clock.now())
        with pytest.raises(KeyError, match="at"):
            HELD.rows(user=1)

    def test_refuses_a_slot_that_the_statement_does_not_have(self) -> None:
        lost = Prepared(lambda user: Assignment.objects.values_list("role"), user=int)
        with pytest.raises(ValueError, match="does not ask for user"):
            lost.rows(user=1)
