"""
How often a password may be guessed.

Counted for each pair of email and address, so that nobody can lock somebody else out by guessing
for them: the owner signs in from elsewhere. Counted for each address too, so that nobody tries one
password on everybody. Counts live in Django's cache, which all web processes share; while Valkey
is away, each counts for itself (``revops.store.shared_cache``).
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Final

from django.core.cache import cache

from revops.kernel.keys import sha256

TRIES: Final = 5
# Of one address, whomever they are for: an office has many people behind one.
TRIES_OF_ADDRESS: Final = 40
WAIT: Final = 300


def seconds_to_wait(*, email: str, address: str) -> int:
    """0 while there are tries left; then until the wait is over, whatever is typed."""
    return max(_wait(_pair(email, address), TRIES), _wait(_from(address), TRIES_OF_ADDRESS))


def failed(*, email: str, address: str) -> None:
    """One more wrong password; the wait starts again with each until it is reached."""
    for key in (_pair(email, address), _from(address)):
        # One step each, so that two tries at once, in two processes, count as two.
        cache.add(key, 0, timeout=WAIT)
        with suppress(ValueError):
            cache.incr(key)
        cache.touch(key, timeout=WAIT)
        cache.set(_until(key), int(time.time()) + WAIT, timeout=WAIT)


def succeeded(*, email: str, address: str) -> None:
    """The right one: forget the wrong ones for this person, not those for others."""
    cache.delete(_pair(email, address))


def _wait(key: str, tries: int) -> int:
    failures, until = _read(key)
    return max(0, until - int(time.time())) if failures >= tries else 0


def _read(key: str) -> tuple[int, int]:
    """How many failed, and until which second of the clock one waits then."""
    found = cache.get_many([key, _until(key)])
    return int(found.get(key, 0)), int(found.get(_until(key), 0))


def _until(key: str) -> str:
    return f"{key}:until"


def _pair(email: str, address: str) -> str:
    # The key may be listed by whoever runs the cache; the email need not be in it.
    return f"accounts:tries:{sha256(f'{email}|{address}')}"


def _from(address: str) -> str:
    return f"accounts:tries-from:{sha256(address)}"
