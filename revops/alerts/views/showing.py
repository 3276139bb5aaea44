"""Rules and trials as pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.utils import timezone

from revops.alerts.models import Rule
from revops.alerts.queries.listing import Line
from revops.alerts.queries.trial import DAYS, Firing, Trial
from revops.alerts.words import amount_of, channels_of, condition_of, quiet_of, where_of
from revops.web.charts import Point, Words
from revops.web.formats import NBSP, span_text

_FEW: Final = 10


@dataclass(frozen=True, slots=True)
class Spoken:
    """A rule's line in words; ``status`` is of the house's table."""

    line: Line
    condition: str
    channels: str
    quiet: str
    escalation: str
    status: str
    word: str


@dataclass(frozen=True, slots=True)
class Tried:
    """``condition`` in words, and what it would have done, as a list and as a drawing."""

    trial: Trial
    condition: str
    verdict: str
    known: str
    firings: list[tuple[Firing, str, str]]
    more: int
    points: list[Point]
    words: Words
    limit: Point


def spoken(line: Line) -> Spoken:
    rule = line.rule
    escalation = ""
    if rule.escalate_to is not None and rule.escalate_after is not None:
        late = span_text(timedelta(minutes=rule.escalate_after))
        escalation = f"{rule.escalate_to.name} after {late}"
    status, word = ("paused", "Off") if not rule.on else ("healthy", "Quiet")
    if line.alert is not None:
        taken = line.alert.acknowledged_at is not None
        status, word = ("running", "Taken on") if taken else ("failed", "Firing")
    elif rule.on and rule.since is not None:
        status, word = "at_risk", "Holds"
    return Spoken(
        line=line, condition=condition_of(rule.terms, where_of(rule)),
        channels=channels_of(rule), quiet=quiet_of(rule.quiet), escalation=escalation,
        status=status, word=word,
    )  # fmt: skip


def shown(found: Trial, rule: Rule, condition: str) -> Tried:
    def said(value: int) -> str:
        return amount_of(rule.measure, value, rule.currency)

    firings = [
        (one, said(one.worst), span_text(one.ended - one.at) if one.ended else "still")
        for one in reversed(found.firings)
    ]
    points = [
        Point(
            label=f"{timezone.localtime(day.starts):%d\N{NO-BREAK SPACE}%b}",
            value=day.highest or 0,
            shown="not known" if day.highest is None else said(day.highest),
            tone="crit" if day.fires else "info",
        )
        for day in found.days
    ]
    verdict = _verdict(found)
    words = Words("trial", f"{verdict} The highest value of each day.", "Day", "Highest")
    limit = Point("limit", rule.threshold, said(rule.threshold))
    limit = Point(f"limit {limit.shown}", limit.value, limit.shown)
    return Tried(
        trial=found, condition=condition, verdict=verdict, known=_known(found),
        firings=firings[:_FEW], more=max(0, len(firings) - _FEW), points=points, words=words,
        limit=limit,
    )  # fmt: skip


def _verdict(found: Trial) -> str:
    if not found.minutes:
        return "Nothing is known of the last 30 days yet, so this cannot be tried."
    times = "once" if found.times == 1 else f"{found.times:,} times"
    if not found.times:
        return f"It would not have fired in the last {DAYS} days, as far as they are known."
    quiet = sum(one.quiet for one in found.firings)
    late = f", {quiet:,} of them in quiet hours" if quiet else ""
    return f"It would have fired {times} in the last {DAYS} days{late}."


def _known(found: Trial) -> str:
    """How much of the thirty days the answer rests on; blank when on all that was sampled."""
    if not found.minutes:
        return "Workers sample every measure each five minutes. Try again in a while."
    parts = []
    if not found.whole:
        length = span_text(timedelta(minutes=found.minutes))
        parts.append(f"Known are {length} of {DAYS}{NBSP}days.")
    if found.sampled_from is not None and (found.worked_out or not found.whole):
        since = timezone.localtime(found.sampled_from)
        parts.append(f"Measured since {since:%d %b %H:%M}.")
    if found.worked_out:
        parts.append(found.says)
    elif not found.whole:
        parts.append("Nothing is known from before.")
    return " ".join(parts)
