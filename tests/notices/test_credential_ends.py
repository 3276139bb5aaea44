"""A credential's end is told beforehand to administrators, and to alerts as a number."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from accounts.models import User
from connectors.models import Connection, Secret
from connectors.operations import set_secret
from revops.alerts import measures
from revops.alerts.queries.reading import read
from revops.kernel import clock
from revops.notices.models import Notice
from revops.pipeline.credential_ends import look_at_credentials
from tests.factories import a_connection

pytestmark = pytest.mark.django_db


def ending(connection: Connection, days: int) -> Secret:
    made = set_secret(connection, "api_key", "a_key_that_ends_some_day")
    made.ends_on = clock.now().date() + timedelta(days=days)
    made.save(update_fields=["ends_on"])
    return made


def test_at_14_7_and_1_days_and_when_it_is_over_once_each(adam: User, rob: User) -> None:
    ending(a_connection("erp", "tryton", label="Books"), 60)
    began = clock.now()
    for days in (0, 45, 46, 50, 53, 55, 59, 60, 62):
        with time_machine.travel(began + timedelta(days=days), tick=False):
            look_at_credentials()
            look_at_credentials()
    told = Notice.objects.order_by("pk").values_list("recipient__name", "title")
    assert list(told) == [
        ("Adam Berg", "API key of Books ends in 14 days"),
        ("Adam Berg", "API key of Books ends in 7 days"),
        ("Adam Berg", "API key of Books ends in 1 day"),
        ("Adam Berg", "API key of Books has ended"),
    ]
    assert set(Notice.objects.values_list("link", flat=True)) == {"/connections/erp/credentials/"}


def test_not_of_one_that_was_replaced_or_is_not_in_use(adam: User) -> None:
    used, draft = a_connection("erp", "tryton"), a_connection("next", "tryton")
    ending(used, 3)
    ending(draft, 3)
    Connection.objects.filter(pk=draft.pk).update(state="draft")
    measure = measures.get("credentials_ending")
    assert [one.value for one in read([measure])["credentials_ending"]] == [1]
    set_secret(used, "api_key", "the_one_that_comes_after")
    assert look_at_credentials() == 0
    assert read([measure])["credentials_ending"] == []
