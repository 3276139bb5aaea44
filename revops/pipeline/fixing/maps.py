"""A missing mapping as something that is mended on its cause's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.urls import reverse

from accounts.models import User
from exceptions.fixes import Done, Earlier, Panel, Seen
from revops.mappings.changing import Change
from revops.mappings.operations.checking import Checked
from revops.pipeline.fixing import applying, looking
from revops.pipeline.fixing import earlier as before
from revops.pipeline.fixing.lacking import (
    FIXABLE,
    Lack,
    change_of,
    checked_of,
    controls,
    gap_of,
    lack_of,
    suggestions,
)

_AFTER: Final = "What waits goes on when it is mapped there."


class MissingMap:
    """Implements ``exceptions.fixes.Fixer`` for cases of the kind ``mapping_missing``."""

    action = "mappings.propose"
    single = ""

    def panel(
        self, cause_key: str, typed: Mapping[str, str], *, user: User, at: datetime
    ) -> Panel | None:
        lack = lack_of(cause_key, at=at)
        if lack is None:
            return None
        title = f"Map the {lack.kind.noun}"
        grid = reverse("mappings:grid", args=[lack.kind.slug])
        if lack.kind.slug not in FIXABLE:
            words = f"{lack.kind.label} are kept on a page of their own"
            return Panel(title, (), elsewhere=(words, grid), after=_AFTER)
        waiting = applying.set_that_waits(lack)
        if waiting is not None:
            asked = reverse("mappings:set", args=[waiting.pk])
            words = f"{waiting} of {waiting.made_by.name} maps it, and waits to be agreed to"
            return Panel(title, (), waiting=(words, asked))
        running = applying.job_under_way(cause_key)
        if running is not None:
            words = f"The mapping is in force, and {running} takes what waited"
            return Panel(title, (), waiting=(words, reverse("jobs:job", args=[running.pk])))
        problems: dict[str, str] = {}
        if typed:
            problems = _checked(lack, typed)[2]
        fields = controls(lack, typed, problems)
        shown = {one.name for one in fields if one.problem}
        return Panel(
            title, fields, suggestions(lack), reason=_reason(lack), typed=bool(typed),
            problems=[text for name, text in problems.items() if name not in shown
                      and not (name == "until" and "since" in shown)],
        )  # fmt: skip

    def look(
        self, cause_key: str, typed: Mapping[str, str], *, user: User, at: datetime
    ) -> Seen | None:
        lack = lack_of(cause_key, at=at)
        if lack is None or lack.kind.slug not in FIXABLE:
            return None
        change, checked, problems = _checked(lack, typed)
        if problems or checked is None:
            return None
        return looking.look(lack, change, checked, user=user, at=at)

    def apply(
        self, cause_key: str, typed: Mapping[str, str], *, reason: str, user: User, at: datetime
    ) -> Done:
        return applying.apply(cause_key=cause_key, typed=typed, reason=reason, by=user, at=at)

    def earlier(self, cause_key: str, *, at: datetime) -> Sequence[Earlier]:
        gap = gap_of(cause_key, at=at)
        return before.earlier(cause_key, kind=gap.kind.slug if gap else "")


def _checked(lack: Lack, typed: Mapping[str, str]) -> tuple[Change, Checked | None, dict[str, str]]:
    change, problems = change_of(lack, typed)
    if problems:
        return change, None, problems
    checked = checked_of(lack, change)
    return change, checked, dict(checked.problems[0])


def _reason(lack: Lack) -> str:
    count = lack.gap.held.cases
    cases = "case waits" if count == 1 else "cases wait"
    return f"{lack.kind.noun[0].upper()}{lack.kind.noun[1:]} {lack.gap.key}: {count:,} {cases}."
