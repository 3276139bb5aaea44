"""
Django's cache in Valkey, so that every process counts the same tries and calls; while Valkey is
away, in the memory of each process.

What counts here has to answer also then: a sign-in goes on, and is throttled by each web process
for itself. Nothing that must not be lost is kept here; PostgreSQL is for that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar, Final

import structlog
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

# Asked in vain, Valkey is left alone for so many seconds: a page must not wait for it each time.
PAUSE: Final = 5.0


def _either(name: str) -> Callable[..., Any]:
    there, here = getattr(RedisCache, name), getattr(LocMemCache, name)

    def call(self: SharedCache, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= self.away_until.get(self.server, 0.0):
            try:
                return there(self, *args, **kwargs)
            except RedisError as error:
                self.away_until[self.server] = time.monotonic() + PAUSE
                log.warning("cache.away", problem=type(error).__name__)
        return here(self.here, *args, **kwargs)

    return call


class SharedCache(RedisCache):
    """``LOCATION`` is a Redis URL; a ``KEY_PREFIX`` is needed, as others use that server too."""

    # By server, for all threads of this process.
    away_until: ClassVar[dict[str, float]] = {}

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        if not params.get("KEY_PREFIX"):
            raise ValueError("Give the shared cache a KEY_PREFIX.")
        super().__init__(server, params)
        self.server = server
        self.here = LocMemCache(
            f"instead of {server}", {name: params[name] for name in params if name != "OPTIONS"}
        )

    add = _either("add")
    get = _either("get")
    set = _either("set")
    touch = _either("touch")
    delete = _either("delete")
    get_many = _either("get_many")
    has_key = _either("has_key")
    incr = _either("incr")
    set_many = _either("set_many")
    delete_many = _either("delete_many")

    def clear(self) -> None:
        """What is ours and nothing else: the broker's queues are on the same server."""
        self.here.clear()
        with suppress(RedisError):
            client = self._cache.get_client(None, write=True)
            for key in client.scan_iter(match=f"{self.key_prefix}:*", count=500):
                client.delete(key)
