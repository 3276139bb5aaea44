"""Tries are counted for all web processes, and go on being counted while Valkey is away."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, cast

import pytest
import redis
from django.core.cache import cache, caches
from django.test import Client

from accounts import patience
from accounts.models import User
from accounts.operations import create_token
from revops.store.shared_cache import SharedCache
from tests.accounts.test_sign_in import signed_in, try_to_sign_in
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db
ANA, FROM = "ana@example.com", "192.0.2.7"


def shared(server: str) -> dict[str, Any]:
    return {
        "BACKEND": "revops.store.shared_cache.SharedCache", "LOCATION": server,
        "KEY_PREFIX": f"test-{os.getpid()}", "OPTIONS": {"socket_connect_timeout": 0.25},
    }  # fmt: skip


@pytest.fixture
def valkey(settings: Any) -> Iterator[str]:
    settings.CACHES = {"default": shared(settings.REDIS_URL)}
    yield settings.REDIS_URL
    cache.clear()


@pytest.fixture
def away(settings: Any) -> Iterator[str]:
    """A port at which nobody listens."""
    server = "redis://127.0.0.1:9/0"
    settings.CACHES = {"default": shared(server)}
    yield server
    SharedCache.away_until.clear()
    cache.clear()


def forget_here() -> None:
    """As in another process: nothing is known but what Valkey knows."""
    cast(SharedCache, caches["default"]).here.clear()
    cache.close()


class TestTogether:
    def test_tries_count_in_every_process(self, valkey: str) -> None:
        for _ in range(patience.TRIES):
            assert patience.seconds_to_wait(email=ANA, address=FROM) == 0
            patience.failed(email=ANA, address=FROM)
            forget_here()
        assert 0 < patience.seconds_to_wait(email=ANA, address=FROM) <= patience.WAIT
        patience.succeeded(email=ANA, address=FROM)
        forget_here()
        assert patience.seconds_to_wait(email=ANA, address=FROM) == 0

    def test_tries_end_by_themselves(self, valkey: str) -> None:
        patience.failed(email=ANA, address=FROM)
        with redis.Redis.from_url(valkey) as client:
            keys = list(client.scan_iter(match=f"test-{os.getpid()}:*"))
            assert len(keys) == 4
            assert all(0 < client.ttl(key) <= patience.WAIT for key in keys)
            assert not any(b"ana" in key for key in keys)

    def test_the_sign_in_page_and_the_second_factor_count_there(
        self, valkey: str, ana: User
    ) -> None:
        for _ in range(patience.TRIES):
            try_to_sign_in(Client(), ana.email, "wrong")
            forget_here()
        assert try_to_sign_in(Client(), ana.email, PASSWORD).status_code == 429

    def test_the_api_counts_there(self, valkey: str, ana: User, settings: Any) -> None:
        _, text = create_token(name="warehouse", scopes=["read:cases"], owner=ana)
        client = Client(headers={"Authorization": f"Bearer {text}"})
        left = []
        for _ in range(3):
            left.append(int(client.get("/api/v1/cases/")["RateLimit-Remaining"]))
            forget_here()
        assert left == [left[0], left[0] - 1, left[0] - 2]

    def test_clearing_leaves_what_belongs_to_others(self, valkey: str) -> None:
        with redis.Redis.from_url(valkey) as client:
            client.set("of-the-broker", "1", ex=60)
            cache.set("mine", 1)
            cache.clear()
            assert (client.get("of-the-broker"), cache.get("mine")) == (b"1", None)


class TestWhileValkeyIsAway:
    def test_one_signs_in(self, away: str, ana: User) -> None:
        client = Client()
        try_to_sign_in(client, ana.email, PASSWORD)
        assert signed_in(client)

    def test_each_process_counts_for_itself(self, away: str, ana: User) -> None:
        for _ in range(patience.TRIES):
            assert try_to_sign_in(Client(), ana.email, "wrong").status_code == 200
        assert try_to_sign_in(Client(), ana.email, PASSWORD).status_code == 429
        forget_here()
        assert try_to_sign_in(Client(), ana.email, PASSWORD).status_code == 302

    def test_it_is_asked_again_after_a_while(self, away: str, settings: Any) -> None:
        cache.set("seen", 1)
        assert SharedCache.away_until[away] > 0
        SharedCache.away_until[away] = 0.0
        cache.set("seen", 2)
        assert (SharedCache.away_until[away] > 0, cache.get("seen")) == (True, 2)

    def test_the_servers_of_the_product_are_shared(self) -> None:
        from revops.settings import base

        assert base.CACHES["default"]["BACKEND"].endswith("SharedCache")
        assert base.CACHES["default"]["KEY_PREFIX"]
