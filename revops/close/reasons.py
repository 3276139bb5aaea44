"""Why a close cannot be signed yet, each in a sentence, the worst first."""

from __future__ import annotations

from dataclasses import dataclass

from revops.close import testing
from revops.close.certificate.queries import latest
from revops.close.models.signing import SignRole
from revops.close.readiness import Readiness
from revops.close.testing import Answer
from revops.web.formats import money_text


@dataclass(frozen=True, slots=True)
class Reason:
    """``text`` links to ``link`` when there is something to do there; ``sub`` says how much."""

    text: str
    tone: str = "crit"
    sub: str = ""
    link: str = ""


_TONES = {testing.BLOCKS: "crit", testing.RISKS: "warn", testing.WAITS: "wait"}
_ORDER = ("crit", "warn", "wait")


def against(found: Readiness, role: str) -> list[Reason]:
    """What stands against this name under it now; empty when it can be given."""
    closing, names = found.closing, found.names
    if closing.closed:
        return [Reason(f"{closing.code} is closed.", "wait")]
    if not closing.ended(found.at):
        return [Reason(f"{closing.code} has not ended yet.", "wait", f"It runs to {closing.ends}.")]
    if role == SignRole.PREPARER and names.preparer:
        return [Reason(f"{names.preparer.by.name} has prepared it.", "wait")]
    reasons = [_test(one) for one in found.stops]
    if sealed := _sealed(found):
        reasons.append(sealed)
    reasons.sort(key=lambda one: _ORDER.index(one.tone))
    if found.tasks.not_prepared:
        reasons.append(_tasks(found, found.tasks.not_prepared, "not prepared"))
    if role == SignRole.REVIEWER:
        if found.tasks.prepared:
            reasons.append(_tasks(found, found.tasks.prepared, "not reviewed"))
        if names.preparer is None:
            reasons.append(Reason("The preparer has not signed.", "wait"))
    return reasons


def _test(one: Answer) -> Reason:
    sums = ", ".join(money_text(money) for money in one.amounts)
    said = f"{one.said}, {sums}" if sums else one.said
    return Reason(f"Not true yet: {one.test.label}", _TONES[one.state], said, one.link)


def _sealed(found: Readiness) -> Reason | None:
    """A certificate that was sealed and is suspended now has to be sealed again first."""
    newest = latest(found.closing.entity_id, found.closing.code)
    if newest is None or newest.suspended_at is None:
        return None
    return Reason(
        "The certificate of completeness is suspended", "crit", str(newest.suspended_why)[:160],
        "#certificate",
    )  # fmt: skip


def _tasks(found: Readiness, count: int, what: str) -> Reason:
    due = found.tasks.next_due
    word = "task is" if count == 1 else "tasks are"
    return Reason(
        f"{count} of {len(found.tasks.rows)} {word} {what}", "wait",
        f"next due {due.isoformat()}" if due else "", "#tasks",
    )  # fmt: skip
