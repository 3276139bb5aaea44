"""This month, as codes of periods: where the books are, not where UTC is."""

from __future__ import annotations

from revops.kernel import clock
from revops.mappings.queries import today


def running() -> list[str]:
    """That of the books farthest west, and for some hours the next one, too."""
    days = today(clock.now())
    return sorted({f"{day:%Y-%m}" for day in (days.first, days.last)})


def closes() -> str:
    """What the switch of an ERP's sandbox says that it does to it."""
    return f"closes {' and '.join(running())} from now on"
