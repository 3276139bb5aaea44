"""
What the people of the demo company do by themselves. They act as on a page, so this runs where the
database lets people act: a worker may not lock who holds which role, and hence cannot decide.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog
from django.db import connection

from revops.sandbox import bank, desk, fortunes, twins
from revops.store import rows

log = structlog.get_logger(__name__)

_PAUSE_S: Final = 7.0


async def work() -> None:
    """The next step of support and finance, again and again, until cancelled."""
    while True:
        await asyncio.sleep(_PAUSE_S)
        await asyncio.to_thread(_step)


def _step() -> None:
    try:
        with rows.within(None):
            desk.play()
            fortunes.play()
            twins.propose()
            bank.play()
    except Exception:
        # The company may not be there yet, or the database be away: the next turn looks again.
        log.exception("people.failed")
    finally:
        connection.close()
