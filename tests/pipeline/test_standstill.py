"""While no worker runs, or Valkey is away, every page says so in words and goes on working."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.core.cache import cache

from accounts.models import User
from revops.kernel import clock
from revops.pipeline.models import Heartbeat
from revops.store.shared_cache import SharedCache
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unknown() -> None:
    cache.delete("line:swept")


def page_of(who: User, sign_in: SignIn) -> str:
    answer = sign_in(who).get("/exceptions/")
    assert answer.status_code == 200
    return str(answer.content.decode())


class TestStandstill:
    @pytest.mark.parametrize(("minutes", "said"), [(None, False), (0, False), (7, True)])
    def test_without_a_worker_is_said_on_every_page(
        self, ana: User, sign_in: SignIn, minutes: int | None, said: bool
    ) -> None:
        if minutes is not None:
            at = clock.now() - timedelta(minutes=minutes)
            Heartbeat.objects.create(name="sweeper", at=at)
        page = page_of(ana, sign_in)
        assert ("No worker is running" in page) == said
        assert ("Nothing has been booked or sent for 7\N{NO-BREAK SPACE}min" in page) == said

    def test_without_valkey_is_said_while_it_is_away(
        self, ana: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        away = {"redis://somewhere": time.monotonic() + 60}
        monkeypatch.setattr(SharedCache, "away_until", away)
        assert "Valkey does not answer" in page_of(ana, sign_in)
        away.clear()
        assert "Valkey does not answer" not in page_of(ana, sign_in)
