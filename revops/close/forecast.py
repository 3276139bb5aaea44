"""
When a close will be clean, from how long causes took in earlier ones. Pure and without chance.

A cause that is open for ``a`` hours is cleared within ``t`` more hours as often as causes of the
last closes that took longer than ``a`` were cleared within ``a + t``. Causes are worked on side by
side, so all are clear by ``t`` with the product of these shares. Drawing a cause's time again and
again would come to the same in the end; the product is exact and the same for everybody.

What nobody knows yet is in no forecast: causes that are still to come. Where no earlier cause took
as long as this one has, its remaining time is taken from all of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from revops.close import workdays

# Fewer causes than this are no experience; then nobody pretends to know.
ENOUGH: Final = 5
_HALF: Final = 50
_NINE_TENTHS: Final = 90
# Remaining times beyond this are as good as never.
_LONGEST_HOURS: Final = 24 * 120


@dataclass(frozen=True, slots=True)
class Forecast:
    """
    Days by which everything is clear, with chances of 50 and 90 %; None when there is too little
    experience (``sample`` causes). ``percent`` is the chance to be clear on the target day; 100
    when nothing is open and that day is not over, 0 once it is.
    """

    p50: date | None
    p90: date | None
    percent: int | None
    sample: int
    clean: bool = False

    def misses(self, target: date) -> bool:
        return self.p90 is not None and self.p90 > target


def foresee(
    *, ages: Sequence[int], took: Sequence[int], at: datetime, zone: str, target: date,
    holidays: Collection[date] = (),
) -> Forecast:  # fmt: skip
    """
    ``ages`` are the hours for which each open cause has been open, ``took`` the hours that each
    settled one took; ``at`` is now. Days are those of ``zone``, moved to the next working day.
    """
    if not ages:
        today = at.astimezone(ZoneInfo(zone)).date()
        return Forecast(today, today, 100 if today <= target else 0, len(took), clean=True)
    if len(took) < ENOUGH:
        return Forecast(None, None, None, len(took))
    ranked = sorted(took)
    shares = [_share_of(age, ranked) for age in ages]
    left = int((_end_of(target, zone) - at).total_seconds() // 3_600)
    chance = _percent(shares, left)
    return Forecast(
        _day(at, _hours(shares, _HALF), zone, holidays),
        _day(at, _hours(shares, _NINE_TENTHS), zone, holidays),
        chance,
        len(took),
    )


# Of how many remaining times how many are over after some hours.
_Share = Callable[[int], tuple[int, int]]


def _share_of(age: int, ranked: Sequence[int]) -> _Share:
    longer = [hours - age for hours in ranked if hours > age]
    remaining = longer or ranked

    def share(hours: int) -> tuple[int, int]:
        return bisect_right(remaining, hours), len(remaining)

    return share


def _percent(shares: Sequence[_Share], hours: int) -> int:
    above, below = 1, 1
    for share in shares:
        over, of = share(hours)
        if over == 0:
            return 0
        above, below = above * over, below * of
    return above * 100 // below


def _hours(shares: Sequence[_Share], percent: int) -> int:
    """The fewest hours after which the chance is at least ``percent``."""
    low, high = 0, _LONGEST_HOURS
    while low < high:
        middle = (low + high) // 2
        if _percent(shares, middle) >= percent:
            high = middle
        else:
            low = middle + 1
    return low


def _day(at: datetime, hours: int, zone: str, holidays: Collection[date]) -> date:
    day = (at + timedelta(hours=hours)).astimezone(ZoneInfo(zone)).date()
    return workdays.on_or_after(day, holidays)


def _end_of(day: date, zone: str) -> datetime:
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=ZoneInfo(zone))
