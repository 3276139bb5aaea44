"""What pages say while no worker takes the line on, or while Valkey is away."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Final

from django.core.cache import cache

from revops.kernel import clock
from revops.pipeline.models import Heartbeat
from revops.store.shared_cache import SharedCache
from revops.web import outages
from revops.web.formats import span_text
from revops.web.outages import Outage

# A worker looks around every quarter of a minute; one that restarts is back before that.
SILENT: Final = timedelta(seconds=60)
# Read once in so many seconds by all pages together.
_KNOWN_FOR: Final = 10
_KEY: Final = "line:swept"


def declare() -> None:
    outages.declare("line", no_worker)
    outages.declare("cache", no_cache)


def no_worker() -> Outage | None:
    """None also where no worker has ever been: nothing can have stopped."""
    swept: datetime | str | None = cache.get(_KEY)
    if swept is None:
        swept = Heartbeat.objects.filter(name="sweeper").values_list("at", flat=True).first() or ""
        cache.set(_KEY, swept, timeout=_KNOWN_FOR)
    if not isinstance(swept, datetime):
        return None
    silent = clock.now() - swept
    if silent <= SILENT:
        return None
    return Outage(
        "outage-line", "No worker is running",
        f"Nothing has been booked or sent for {span_text(silent)}. What arrives is kept, and goes "
        "on when a worker is back. You can read, decide and comment meanwhile.",
    )  # fmt: skip


def no_cache() -> Outage | None:
    """Known from the last call that went in vain."""
    if not any(until > time.monotonic() for until in SharedCache.away_until.values()):
        return None
    return Outage(
        "outage-cache", "Valkey does not answer",
        "Everything works. What arrives is taken up a little later than usual.",
    )  # fmt: skip
