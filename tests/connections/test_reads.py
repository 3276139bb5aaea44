"""What is read of a system, how far, and until when it is signed in to."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from accounts.models import User
from connectors import registry
from connectors.models import AccessToken, Connection
from revops.console.connections.queries.reads import reads, sign_ins
from revops.console.connections.queries.rows import one
from revops.kernel import clock
from revops.reconciliation.models import Load
from tests.conftest import SignIn
from tests.connections.kit import a_source, text_of
from tests.factories import a_connection

pytestmark = pytest.mark.django_db


def a_load(connection: Connection, kind: str, state: str, **more: Any) -> Load:
    now = clock.now()
    values = {
        "starts": now.date(), "ends": now.date(), "began_at": now, "by": "schedule",
        "ended_at": now, "rows": 5,
    }  # fmt: skip
    return Load.objects.create(connection=connection, kind=kind, state=state, **(values | more))


class TestLists:
    @pytest.mark.parametrize(
        ("starts", "said"),
        [(date(2026, 11, 22), "22 Nov 2026"), (date(2026, 11, 1), "1 Nov 2026 to 22 Nov 2026")],
    )
    def test_that_people_bring_say_which_days_they_are_of(self, starts: date, said: str) -> None:
        bank = a_connection("bank", "statement")
        a_load(bank, "bank", "done", starts=starts, ends=date(2026, 11, 22))
        assert one("bank").story == f"The newest list is of {said}."


class TestReads:
    def test_tells_polls_and_each_list_with_its_latest_good_one(self) -> None:
        billing = a_source()
        good = a_load(billing, "invoice", "done")
        a_load(billing, "invoice", "failed", error="Somebody’s name")
        found = reads(billing, registry.manifest("stripe"), billing.cursor)
        told = {each.label: each for each in found}
        assert [found[0].label, found[0].found] == ["Events", 12]
        invoices = told["Invoices"]
        assert (invoices.at, invoices.found) == (good.ended_at, None)
        assert invoices.problem == "The latest listing failed."
        assert told["Payouts"].at is None

    def test_shows_no_words_of_the_system_on_the_page(self, sign_in: SignIn, ana: User) -> None:
        a_load(a_source(), "invoice", "failed", error="Somebody’s name")
        words = text_of(sign_in(ana).get("/connections/billing/"))
        assert "The latest listing failed." in words
        assert "Somebody’s name" not in words


class TestSigningIn:
    def test_tells_until_when_and_why_not(self, sign_in: SignIn, ana: User) -> None:
        billing, now = a_source(), clock.now()
        AccessToken.objects.create(
            connection=billing, place="p", ciphertext=b"sealed", ends_at=now + timedelta(hours=1),
            rest_until=now + timedelta(minutes=5), failure={"reason": "The secret has expired."},
        )  # fmt: skip
        (one,) = sign_ins(billing)
        assert one.holds
        assert one.ends_at == now + timedelta(hours=1)
        words = text_of(sign_in(ana).get("/connections/billing/"))
        assert "Refused: The secret has expired." in words

    def test_holds_when_the_system_names_no_end_and_not_when_it_is_over(self) -> None:
        lasting, over = a_source(), a_source("other")
        AccessToken.objects.create(connection=lasting, place="p", ciphertext=b"sealed")
        AccessToken.objects.create(
            connection=over, place="p", ciphertext=b"sealed",
            ends_at=clock.now() - timedelta(minutes=1),
        )  # fmt: skip
        assert [(one.holds, one.ends_at) for one in sign_ins(lasting)] == [(True, None)]
        assert [(one.holds, one.ends_at) for one in sign_ins(over)] == [(False, None)]

    def test_says_nothing_where_there_are_no_tokens(self) -> None:
        assert sign_ins(a_source()) == []
