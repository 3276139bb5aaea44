"""How many events came when: a bar for some minutes, each a way to just those events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Count, DateTimeField, Func, Q, QuerySet, Value
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from revops.events.models import InboundEvent
from revops.pipeline.replay.chosen import DEAD

BARS: Final = 20
_STEPS: Final = tuple(
    timedelta(minutes=minutes) for minutes in (5, 10, 15, 30, 60, 180, 360, 720, 1440, 2880, 10080)
)
_HEIGHT: Final = 96
_TOP, _FOOT = 16, 18


@dataclass(frozen=True, slots=True)
class Bar:
    """Events that came from ``since`` until before ``until``; ``dead`` of them were put aside."""

    since: datetime
    until: datetime
    count: int
    dead: int

    @property
    def span(self) -> str:
        zone = timezone.get_current_timezone()
        first, last = self.since.astimezone(zone), self.until.astimezone(zone)
        whole_days = self.until - self.since >= timedelta(days=1)
        shape = "%-d %b" if whole_days else "%-d %b %H:%M"
        return f"{first:{shape}} to {last:{shape if whole_days else '%H:%M'}}"

    @property
    def said(self) -> str:
        put = f", {self.dead:,} put aside" if self.dead else ""
        return f"{self.span}: {self.count:,} event{'' if self.count == 1 else 's'}{put}"


def bars_of(
    rows: QuerySet[InboundEvent, InboundEvent],
    *,
    since: datetime | None,
    until: datetime | None,
    at: datetime,
) -> list[Bar]:
    """
    The bars over the chosen time: five minutes each where that is enough, else longer ones. Without
    a choice they end with the newest of ``rows``, which come without a filter on time. Two queries.
    """
    if since is None and until is None:
        newest = rows.order_by("-id").values_list("received_at", flat=True).first()
        end = newest + timedelta(microseconds=1) if newest else at
    else:
        end = until or at
    step = _STEPS[0]
    if since is not None:
        step = next((one for one in _STEPS if since + one * BARS >= end), _STEPS[-1])
        # A bar that was chosen is shown among its neighbours.
        room = step * BARS - (end - since)
        end = min(end + room // 2, max(at, end)) if room > timedelta() else end
    last = _floor(end - timedelta(microseconds=1), step) + step
    first = last - step * BARS
    found = {
        row["bucket"]: row
        for row in rows.filter(received_at__gte=first, received_at__lt=last)
        .order_by()
        .annotate(bucket=Func(
            Value(step), "received_at", Value(first), function="date_bin",
            output_field=DateTimeField(),
        ))
        .values("bucket")
        .annotate(count=Count("pk"), dead=Count("pk", filter=Q(state__in=DEAD)))
    }  # fmt: skip
    made = []
    for place in range(BARS):
        start = first + step * place
        row = found.get(start, {"count": 0, "dead": 0})
        made.append(Bar(start, start + step, row["count"], row["dead"]))
    return made


def drawing(bars: Sequence[Bar], addresses: Sequence[str]) -> SafeString:
    """The bars, each a link to its events; those put aside stand at the foot, in their colour."""
    top = max((bar.count for bar in bars), default=0) or 1
    floor, room = _HEIGHT - _FOOT, _HEIGHT - _TOP - _FOOT
    wide = 100 / max(1, len(bars))
    parts = []
    for place, (bar, address) in enumerate(zip(bars, addresses, strict=True)):
        if bar.count:
            left, tall = f"{place * wide + wide * 0.1:.2f}%", max(2, bar.count * room // top)
            aside = min(tall, max(2, bar.dead * room // top)) if bar.dead else 0
            parts.append(format_html(
                '<a id="bar-{}" href="{}" aria-label="{}"><title>{}</title>'
                '<rect x="{}" y="0" width="{}" height="{}" fill="none" pointer-events="all"/>'
                '<rect class="info" x="{}" y="{}" width="{}" height="{}"/>'
                '<rect class="crit" x="{}" y="{}" width="{}" height="{}"/></a>',
                place, address, bar.said, bar.said,
                f"{place * wide:.2f}%", f"{wide:.2f}%", floor,
                left, floor - tall, f"{wide * 0.8:.2f}%", tall - aside,
                left, floor - aside, f"{wide * 0.8:.2f}%", aside,
            ))  # fmt: skip
    labels = [
        (f"{at * 100 / len(bars):.2f}%", _HEIGHT - 4, anchor, words)
        for at, anchor, words in _labels(bars)
    ]
    return format_html(
        '<svg class="draw" height="{}" role="group" aria-label="{}">'
        '<line class="axis" x1="0" x2="100%" y1="{}" y2="{}"/>{}{}</svg>',
        _HEIGHT, _sentence(bars), floor, floor, SafeString("".join(parts)),
        format_html_join("", '<text x="{}" y="{}" text-anchor="{}">{}</text>', labels),
    )  # fmt: skip


def _sentence(bars: Sequence[Bar]) -> str:
    total, dead = sum(bar.count for bar in bars), sum(bar.dead for bar in bars)
    put = f", {dead:,} of them put aside" if dead else ""
    return f"{total:,} event{'' if total == 1 else 's'} came in this time{put}"


def _labels(bars: Sequence[Bar]) -> list[tuple[int, str, str]]:
    zone = timezone.get_current_timezone()
    shape = "%-d %b" if bars[0].until - bars[0].since >= timedelta(days=1) else "%-d %b %H:%M"
    half = len(bars) // 2
    return [
        (0, "start", f"{bars[0].since.astimezone(zone):{shape}}"),
        (half, "middle", f"{bars[half].since.astimezone(zone):{shape}}"),
        (len(bars), "end", f"{bars[-1].until.astimezone(zone):{shape}}"),
    ]


def _floor(moment: datetime, step: timedelta) -> datetime:
    start = datetime(2000, 1, 3, tzinfo=UTC)
    return start + (moment - start) // step * step
