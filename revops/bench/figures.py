"""Small statistics for reports."""

from __future__ import annotations

from collections.abc import Sequence


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 by nearest rank, rounded to a tenth; zeros when there is nothing."""
    ordered = sorted(values)

    def rank(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)

    if not ordered:
        return {"p50": 0.0, "p95": 0.0, "p99": 0.0}
    return {"p50": rank(0.50), "p95": rank(0.95), "p99": rank(0.99)}
