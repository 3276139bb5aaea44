"""What a system sends otherwise than known: shown with what matters first, accepted by admins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.authority import NotAllowed
from accounts.models import User
from connectors.models import Connection, DriftKind, SchemaDrift
from revops.audit.models import Event
from revops.console.connections.operations import ActRefused
from revops.console.connections.queries.drifts import drifts
from revops.console.connections.setup.drifts import accept
from revops.kernel import clock
from tests.conftest import SignIn
from tests.connections.kit import a_source, text_of

pytestmark = pytest.mark.django_db


def a_drift(connection: Connection, path: str, change: DriftKind, **more: Any) -> SchemaDrift:
    now = clock.now()
    values = {
        "object_kind": "invoice", "known": "text", "seen": "number", "example": "xx-99",
        "first_seen_at": now - timedelta(days=1), "last_seen_at": now,
    }  # fmt: skip
    return SchemaDrift.objects.create(
        connection=connection, path=path, change=change, **(values | more)
    )


@pytest.fixture
def billing(db: None) -> Connection:
    made = a_source()
    a_drift(made, "data.object.new_one", DriftKind.APPEARED, known="", count=7)
    a_drift(made, "data.object.total", DriftKind.RETYPED)
    return made


class TestThePage:
    def test_tells_what_differs_and_faults_first(
        self, sign_in: SignIn, billing: Connection, ana: User
    ) -> None:
        assert [one.path for one in drifts(billing.pk).rows] == [
            "data.object.total", "data.object.new_one"
        ]  # fmt: skip
        words = text_of(sign_in(ana).get("/connections/billing/"))
        assert "2 differences" in words
        assert "text, now number, as xx-99" in words
        assert "Another type" in words
        assert "Accept all" not in words

    def test_says_that_nothing_differs(self, sign_in: SignIn, ana: User) -> None:
        a_source()
        assert "Shape of its data as known" in text_of(sign_in(ana).get("/connections/billing/"))


class TestAccepting:
    def test_settles_one_with_a_record(
        self, sign_in: SignIn, billing: Connection, adam: User
    ) -> None:
        one = SchemaDrift.objects.get(path="data.object.total")
        answer = sign_in(adam).post(
            "/connections/billing/drift/", {"number": one.pk}, follow=True
        )  # fmt: skip
        words = text_of(answer)
        assert "Accepted: data.object.total of invoice." in words
        assert "1 difference " in words
        one.refresh_from_db()
        assert one.accepted_by == adam.name
        told = Event.objects.get(action="connections.drift")
        assert "invoice data.object.total" in str(told.detail)
        with pytest.raises(ActRefused, match="already"):
            accept(slug="billing", number=one.pk, by=adam)

    def test_of_all_leaves_none_and_none_of_others(self, billing: Connection, adam: User) -> None:
        other = a_source("other")
        a_drift(other, "data.id", DriftKind.MISSING)
        assert accept(slug="billing", number=None, by=adam).startswith("Accepted: 2 differences")
        assert (drifts(billing.pk).open, drifts(other.pk).open) == (0, 1)

    def test_is_for_administrators(self, billing: Connection, rob: User, ana: User) -> None:
        for person in (rob, ana):
            with pytest.raises(NotAllowed):
                accept(slug="billing", number=None, by=person)
        assert drifts(billing.pk).open == 2
