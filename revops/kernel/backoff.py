"""How long to wait before asking again."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

# Retry-After is honoured between these bounds; an absurd answer must not park money for years.
SHORTEST: Final = 1
LONGEST: Final = 3600

_SECONDS = re.compile(r"-?[0-9]+", re.ASCII)


def full_jitter(*, attempt: int, random: float, base: int = 5, cap: int = 600) -> float:
    """Seconds to wait before attempt ``attempt + 1``; ``random`` is uniform in [0, 1)."""
    return max(0.2, random * min(cap, base << min(attempt, 12)))


def retry_after(header: str | None, *, at: datetime) -> int | None:
    """
    Seconds asked for by a Retry-After header (RFC 9110 §10.2.3: seconds or an HTTP date), clamped
    to 1 s … 1 h; None when the header is absent or unreadable. ``at`` is aware.
    """
    if header is None:
        return None
    text = header.strip()
    if _SECONDS.fullmatch(text):
        # Twelve digits are past any bound; the rest would only cost time to convert.
        return _clamped(int(text[:12]))
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # Upwards: a fraction of a second early is still too early for the one who asked us to wait.
    return _clamped(math.ceil((moment - at).total_seconds()))


def _clamped(seconds: int) -> int:
    return max(SHORTEST, min(LONGEST, seconds))
