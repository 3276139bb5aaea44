"""How fast a target was sent to: counted by two minutes, with what was turned away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import User
from connectors.models import Connection
from revops.console.connections.queries.pace import pace
from revops.delivery import gates
from revops.kernel import clock
from tests.conftest import SignIn
from tests.connections.kit import a_call, an_erp, stopped, text_of, waiting

pytestmark = pytest.mark.django_db


def sent(erp: Connection) -> None:
    now = clock.now()
    for outcome in ("ok", "throttled", "in_doubt"):
        a_call(waiting(erp), outcome)
    a_call(waiting(erp), "ok", intent_at=now - timedelta(minutes=20))
    a_call(waiting(erp), "ok", intent_at=now - timedelta(hours=2))
    a_call(waiting(erp), "ok", kind="read")


class TestPace:
    def test_counts_the_sends_of_the_last_hour(self) -> None:
        erp, other = an_erp(rate=2), an_erp("other")
        sent(erp)
        found = pace(erp.pk, gates.read(erp.pk)[0])
        assert (found.sent, found.slowed, found.failed) == (4, 1, 1)
        assert len(found.steps) == 30
        assert sum(one.sent for one in found.steps) == 4
        assert (found.limit, found.limit_y, found.shut_x) == (240, None, None)
        assert pace(other.pk, gates.read(other.pk)[0]).sent == 0

    def test_shades_where_sending_is_stopped(self) -> None:
        erp = an_erp(**stopped())
        found = pace(erp.pk, gates.read(erp.pk)[0])
        assert found.shut_x is not None
        assert 580 < found.shut_x + found.shut_width <= 620
        assert found.shut_width < 40

    def test_is_drawn_and_told_in_words(self, sign_in: SignIn, ana: User) -> None:
        sent(an_erp(rate=2))
        words = text_of(sign_in(ana).get("/connections/erp/"))
        assert "4 postings sent in the last hour" in words
        assert "1 turned away as too many, 1 failed or unanswered" in words
        assert "Our limit: 240 in 2 minutes, far above what was sent." in words
        assert "Rate budget as a table" in words
