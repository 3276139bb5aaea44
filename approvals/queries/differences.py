"""What differs between two versions of a request, in the words of its subject."""

from __future__ import annotations

from dataclasses import dataclass

from approvals.subjects import Content, Subject
from revops.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Difference:
    """A fact that is not the same. Blank where a version does not have it."""

    label: str
    was: str
    now: str
    moved: Money | None = None


def differences(subject: Subject, before: Content, after: Content) -> list[Difference]:
    """Facts by their label; amounts of one currency with how far they moved."""
    old = {row.label: row.value for row in subject.describe(before)}
    new = {row.label: row.value for row in subject.describe(after)}
    found = []
    for label in [*old, *(label for label in new if label not in old)]:
        was, now = old.get(label), new.get(label)
        if was == now:
            continue
        moved = None
        if isinstance(was, Money) and isinstance(now, Money) and was.currency == now.currency:
            moved = now - was
        found.append(
            Difference(
                label, "" if was is None else str(was), "" if now is None else str(now), moved
            )
        )
    return found
