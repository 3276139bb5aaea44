from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.models import Assignment, BreakGlass, User
from accounts.operations import review_emergency
from accounts.roles import Role
from exceptions.queries.readiness import unreviewed_emergencies
from revops.kernel import clock
from tests.factories import a_period

pytestmark = pytest.mark.django_db

FRIDAY = datetime(2026, 10, 30, 15, 0, tzinfo=UTC)


def a_use(by: User, granted_by: User, *, ended: datetime) -> BreakGlass:
    return BreakGlass.objects.create(
        asked_by=by, actions=["cases.retry"], reason="Nobody is there", minutes=30,
        asked_at=ended - timedelta(hours=1), granted_by=granted_by,
        granted_at=ended - timedelta(minutes=30), ends_at=ended,
    )  # fmt: skip


class TestBreakGlassThatNobodyLookedAt:
    def test_stands_against_the_close_until_somebody_else_has_looked(
        self, rob: User, mona: User, adam: User
    ) -> None:
        glass = a_use(rob, mona, ended=clock.now() - timedelta(hours=2))
        asked = {"entity": "US-INC", "zone": "UTC"}
        (one,) = unreviewed_emergencies(**asked, at=clock.now())
        assert one.sentence == f"{glass} of Rob Novak ended and waits to be looked at."
        review_emergency(glass_id=glass.pk, by=adam, review="Two cases were sent again")
        assert unreviewed_emergencies(**asked, at=clock.now()) == []

    def test_is_due_on_the_next_working_day(self, rob: User, mona: User) -> None:
        a_use(rob, mona, ended=FRIDAY)
        (one,) = unreviewed_emergencies(at=FRIDAY + timedelta(days=2))
        assert one.due == FRIDAY + timedelta(days=3)
        assert not one.late
        (one,) = unreviewed_emergencies(at=FRIDAY + timedelta(days=3, minutes=1))
        assert one.late

    def test_does_not_count_while_it_is_in_force_or_when_it_was_refused(
        self, rob: User, mona: User
    ) -> None:
        a_use(rob, mona, ended=clock.now() + timedelta(minutes=5))
        BreakGlass.objects.create(asked_by=rob, actions=["cases.retry"], reason="x", minutes=5,
                                  refused_at=clock.now())  # fmt: skip
        assert unreviewed_emergencies(at=clock.now()) == []

    def test_counts_for_the_entities_of_who_had_it(self, otis: User, mona: User) -> None:
        Assignment.objects.create(user=otis, role=Role.REVOPS.value, legal_entity="US-INC")
        a_use(otis, mona, ended=FRIDAY)
        found = {
            code: len(unreviewed_emergencies(at=FRIDAY + timedelta(hours=1), entity=code))
            for code in ("US-INC", "DE-GMBH", "")
        }
        assert found == {"US-INC": 1, "DE-GMBH": 0, "": 1}

    def test_of_who_holds_no_role_any_more_counts_everywhere(self, otis: User, mona: User) -> None:
        a_use(otis, mona, ended=FRIDAY)
        assert unreviewed_emergencies(at=FRIDAY + timedelta(hours=1), entity="DE-GMBH")

    def test_is_on_the_managers_home_and_on_the_periods_page(self, rob: User, mona: User) -> None:
        glass = a_use(rob, mona, ended=clock.now() - timedelta(hours=2))
        period = a_period()
        client = Client()
        client.force_login(mona)
        for path in ("/", f"/books/periods/{period.pk}/"):
            assert f'id="unreviewed-{glass.pk}"' in client.get(path).content.decode(), path
        client.force_login(rob)
        assert f'id="unreviewed-{glass.pk}"' not in client.get("/").content.decode()
