"""
Prometheus' text format, version 0.0.4: families of samples with labels, and histograms.

Pure. Numbers are integers, or decimals that the caller has written; names and labels are ours, and
label values are escaped as the format says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from revops.measures.bounds import BOUNDS, BUCKETS

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Family:
    """``kind`` is counter or gauge. ``rows``: labels, and the number as text."""

    name: str
    kind: str
    help: str
    rows: Sequence[tuple[Mapping[str, str], str]] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Histogram:
    """``rows``: labels, counts by bucket of ``bounds``, and the sum of all times in seconds."""

    name: str
    help: str
    rows: Sequence[tuple[Mapping[str, str], Sequence[int], int]] = field(default_factory=tuple)


def text(families: Iterable[Family | Histogram]) -> str:
    """The whole answer; a family without rows is left out."""
    return "".join(
        f"{line}\n"
        for family in families
        if family.rows
        for line in (_histogram(family) if isinstance(family, Histogram) else _family(family))
    )


def decimal(part: int, whole: int) -> str:
    """``part / whole`` with four digits, cut; ``whole`` is not zero."""
    sign, scaled = "-" if part < 0 else "", abs(part) * 10_000 // whole
    return f"{sign}{scaled // 10_000}.{scaled % 10_000:04}"


def _family(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {_helped(family.help)}"
    yield f"# TYPE {family.name} {family.kind}"
    for labels, number in family.rows:
        yield f"{family.name}{_labels(labels)} {number}"


def _histogram(family: Histogram) -> Iterator[str]:
    yield f"# HELP {family.name} {_helped(family.help)}"
    yield f"# TYPE {family.name} histogram"
    for labels, spread, total in family.rows:
        seen = 0
        for bound, count in zip(BOUNDS, spread, strict=False):
            seen += count
            yield f"{family.name}_bucket{_labels({**labels, 'le': str(bound)})} {seen}"
        seen += sum(spread[BUCKETS - 1 :])
        yield f"{family.name}_bucket{_labels({**labels, 'le': '+Inf'})} {seen}"
        yield f"{family.name}_sum{_labels(labels)} {total}"
        yield f"{family.name}_count{_labels(labels)} {seen}"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _helped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")
