"""What a close comes to, in one sentence of at most 25 words, for pages and for the home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from revops.close import testing
from revops.close.readiness import Readiness
from revops.kernel.money import Money
from revops.web.formats import money_text

_MOST_SUMS = 2
_DECIDE = "Decide on its page where they belong."
_EARLIER = "earlier_closed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``tone`` and ``icon`` are those of the kit's verdict; ``about`` is the entity to open."""

    tone: str
    icon: str
    sentence: str
    sub: str = ""
    about: Readiness | None = None


def of_entity(found: Readiness) -> Verdict:
    """Can this legal entity close?"""
    closing = found.closing
    name = closing.name
    if closing.closed:
        who = found.names.reviewer
        by = f" by {who.by.name}" if who else ""
        said = f"{name} {closing.code} is closed{by}"
        if found.late:
            return Verdict("warn", "triangle", f"{said}; {_late([found])}.", _DECIDE, found)
        return Verdict("ok", "tick", f"{said}.", about=found)
    if not closing.ended(found.at):
        return Verdict(
            "info", "ring", f"{name} {closing.code} runs until {closing.ends}.",
            _stops(found) if found.stops else "Nothing stands against it so far.", found,
        )  # fmt: skip
    blocks = [one for one in found.stops if one.state == testing.BLOCKS]
    if blocks:
        if [one.test.slug for one in blocks] == [_EARLIER]:
            rest = len(found.stops) - 1
            return Verdict(
                "crit", "diamond", f"{name} cannot close {closing.code} yet: {blocks[0].said}.",
                f"Periods are closed in order.{_more(rest)}", found,
            )  # fmt: skip
        word = "test blocks" if len(blocks) == 1 else "tests block"
        sums = _sums(testing.amounts_of(found.blocking))
        worth = f", worth {sums}" if sums else ""
        rest = len(found.stops) - len(blocks)
        return Verdict(
            "crit", "diamond", f"{name} cannot close yet: {len(blocks)} {word}{worth}.",
            _more(rest).strip() if rest else _tasks(found), found,
        )  # fmt: skip
    if found.uncompared:
        count = found.uncompared
        word = "reconciliation was" if count == 1 else "reconciliations were"
        return Verdict(
            "wait", "bars", f"{name} cannot close yet: {count} {word} not run for {closing.code}.",
            "They run by themselves within minutes, or at once on the reconciliation page.", found,
        )  # fmt: skip
    if found.stops:
        count = len(found.stops)
        return Verdict(
            "warn", "triangle",
            f"{name} cannot close yet: {count} test{'' if count == 1 else 's'} still "
            f"{'needs' if count == 1 else 'need'} somebody.", _tasks(found), found,
        )  # fmt: skip
    if found.tasks.open:
        return Verdict("wait", "bars", f"{name} waits only for its people.", _tasks(found), found)
    if found.names.preparer:
        return Verdict(
            "wait", "bars", f"{name} waits only for the reviewer’s signature.",
            f"{found.names.preparer.by.name} has prepared it.", found,
        )  # fmt: skip
    return Verdict("ok", "tick", f"{name} can close: every test is true.", _tasks(found), found)


def of_period(found: Sequence[Readiness]) -> Verdict:
    """Can they close? The one that stands worst is named."""
    if len(found) == 1:
        return of_entity(found[0])
    if all(one.closing.closed for one in found):
        said = f"All {len(found)} legal entities are closed"
        late = [one for one in found if one.late]
        if late:
            where = f" in {late[0].closing.name}" if len(late) == 1 else ""
            return Verdict("warn", "triangle", f"{said}; {_late(late)}{where}.", _DECIDE, late[0])
        return Verdict("ok", "tick", f"{said}.")
    ready = [one for one in found if one.closing.closed or not (one.stops or one.tasks.open)]
    blocked = [one for one in found if not one.closing.closed and (one.blocking or _blocks(one))]
    if not blocked:
        left = [one for one in found if not one.closing.closed]
        worst = max(left, key=lambda one: (len(one.stops), one.tasks.open))
        inner = of_entity(worst)
        if len(ready) == len(found):
            return Verdict(
                "ok", "tick", f"All {len(found)} legal entities can close or are closed.",
                inner.sentence, worst,
            )  # fmt: skip
        return Verdict(
            "warn", "triangle", f"{len(ready)} of {len(found)} legal entities can close; "
            "none is blocked.", inner.sentence, worst,
        )  # fmt: skip
    worst = max(blocked, key=lambda one: sum(abs(minor) for minor in one.blocking.values()))
    causes = len({cause.key for cause in worst.blocking_causes})
    sums = _sums(testing.amounts_of(worst.blocking))
    by = f" by {sums}" if sums else ""
    inside = f" in {causes} cause{'' if causes == 1 else 's'}" if causes else ""
    if not causes:
        first = next(one for one in worst.stops if one.state == testing.BLOCKS)
        inside = f": {first.said}"
    others = [one for one in blocked if one is not worst]
    return Verdict(
        "crit", "diamond",
        f"{len(ready)} of {len(found)} legal entities can close; "
        f"{worst.closing.name} is blocked{by}{inside}.",
        " ".join([*(of_entity(one).sentence for one in others[:2]), _largest(worst)]).strip(),
        worst,
    )  # fmt: skip


def _more(count: int) -> str:
    return f" {count} more {'is' if count == 1 else 'are'} at risk or waiting." if count else ""


def _blocks(one: Readiness) -> bool:
    return any(answer.state == testing.BLOCKS for answer in one.stops)


def _largest(found: Readiness) -> str:
    """How much of the money that blocks is in the largest cause, where that says something."""
    held = found.blocking_causes
    if len(held) < 2:
        return ""
    first = held[0]
    for code, minor in first.money.items():
        whole = sum(abs(one.money.get(code, 0)) for one in held)
        if whole and abs(minor) * 10 > whole * 4:
            tenths = abs(minor) * 1_000 // whole
            return (
                f"One cause holds {tenths // 10}.{tenths % 10} % of the {code} that block "
                f"{found.closing.name}."
            )
    return ""


def _stops(found: Readiness) -> str:
    count = len(found.stops)
    return f"{count} test{' is' if count == 1 else 's are'} not true yet."


def _tasks(found: Readiness) -> str:
    left = found.tasks.open
    if not left:
        return ""
    return f"{left} of {len(found.tasks.rows)} tasks of people {'is' if left == 1 else 'are'} left."


def _sums(amounts: Sequence[Money]) -> str:
    return " and ".join(money_text(one) for one in amounts[:_MOST_SUMS])


def _late(found: Sequence[Readiness]) -> str:
    count = sum(one.cases for held in found for one in held.late)
    return f"{count} late event{'' if count == 1 else 's'} wait{'s' if count == 1 else ''}"
