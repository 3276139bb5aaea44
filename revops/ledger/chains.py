"""
Schedules form chains, because contracts change. Pure arithmetic on what a batch holds in memory.

A change on a day stops the standing schedules on that day: what they earned before stays as it is.
What was left, with what the change brings or takes, goes on as one successor over the rest of the
term (ASC 606-10-25-13(a), prospective: nothing is caught up). The month_even trap of accounting.md:
6,000.00 left, −6,049.32 and +9,073.97 billed, so 9,024.65 goes on; nothing is lost in between.

What is undone as if it had never been (a void, a billing error) is worked out anew from its start,
with everything that followed from it (``undone``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from revops.kernel.money import divide_half_up
from revops.kernel.periods import Span
from revops.ledger.schedules import Period, portions

CHANGE: Final = "change"
CREDIT: Final = "credit"
PAUSE: Final = "pause"
ENDED: Final = "ended"
VOID: Final = "void"


@dataclass(frozen=True, slots=True)
class Amount:
    """Minor units of the document's currency, and the books' own at the historical rate."""

    amount: int = 0
    functional: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.amount + other.amount, self.functional + other.functional)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.amount - other.amount, self.functional - other.functional)

    def part(self, amount: int) -> Amount:
        """``amount`` of it, with its part of the functional amount; all of it is exactly it."""
        if amount == self.amount:
            return self
        return Amount(amount, divide_half_up(self.functional * amount, abs(self.amount)) * self.way)

    @property
    def way(self) -> int:
        return -1 if self.amount < 0 else 1


NOTHING: Final = Amount()


@dataclass(frozen=True, slots=True)
class Terms:
    """How an amount becomes revenue, and where."""

    sku: str
    convention: str
    deferral_account: str
    revenue_account: str
    mapping_version: int = 0


@dataclass(slots=True, eq=False)
class Held:
    """
    A schedule as a batch holds it. ``key`` is its document's business key; ``id`` and ``entry_id``
    are known for what is stored, ``entry_key`` (document type, business key) for what is new.
    ``given_up`` is what was left when a change took all of it.
    ``due_from`` is the first day that recognition has not looked at, None when it has seen all.
    """

    legal_entity: str
    key: str
    line_id: str
    part: int
    chain: str
    terms: Terms
    currency: str
    functional_currency: str
    total: Amount
    carried: Amount
    service: Span
    customer_id: str = ""
    correlation_id: str = ""
    stopped_on: date | None = None
    stop_reason: str = ""
    successor: Held | None = None
    due_from: date | None = None
    given_up: Amount = NOTHING
    entry_key: tuple[str, str] = ("", "")
    entry_id: int | None = None
    id: int | None = None
    changed: bool = False

    def earned(self, day: date, calendar: Sequence[Period]) -> Amount:
        """What it makes of the days before ``day``, and before it was stopped."""
        if self.stopped_on is not None:
            day = min(day, self.stopped_on)
        if day > self.service.end:
            return self.total
        found = portions(
            total=self.total.amount, functional_total=self.total.functional,
            service=self.service, convention=self.terms.convention, periods=calendar, until=day,
        )  # fmt: skip
        return Amount(sum([one.amount for one in found]), sum([one.functional for one in found]))

    def rest(self, day: date, calendar: Sequence[Period]) -> Amount:
        """What is still to be earned from ``day``."""
        return self.total - self.earned(day, calendar)

    def stop(self, day: date, reason: str, successor: Held | None = None) -> None:
        self.stopped_on = day if self.stopped_on is None else min(day, self.stopped_on)
        self.stop_reason, self.successor, self.changed = reason, successor, True

    @property
    def stands(self) -> bool:
        """Nothing has come after it: it runs, or is paused."""
        return self.successor is None and (self.stopped_on is None or self.paused)

    @property
    def paused(self) -> bool:
        return self.stop_reason == PAUSE and self.successor is None


def standing(chain: Iterable[Held], day: date) -> list[Held]:
    """What a change on ``day`` can touch: what is not over by then."""
    return [one for one in chain if one.stands and (one.service.end >= day or one.paused)]


def rest(found: Iterable[Held], day: date, calendar: Sequence[Period]) -> Amount:
    return sum([one.rest(day, calendar) for one in found], NOTHING)


def heirs(one: Held) -> Held:
    """The schedule that stands at the end of a line's changes."""
    while one.successor is not None:
        one = one.successor
    return one


def lineage(chain: Sequence[Held], line: Held) -> list[Held]:
    """Everything that led to the schedule that stands for a line, without what was voided."""
    found = [heirs(line)]
    for one in found:
        found.extend(each for each in chain if each.successor is one and each.stop_reason != VOID)
    return found


@dataclass(frozen=True, slots=True)
class Document:
    """What makes a successor: its business key and line, its entry, and the story it is part of."""

    key: str
    line_id: str
    entry_key: tuple[str, str]
    entry_id: int | None = None
    correlation_id: str = ""


def go_on(
    found: Sequence[Held], day: date, delta: Amount, calendar: Sequence[Period], *,
    document: Document, reason: str, terms: Terms | None = None, end: date | None = None,
) -> Held | None:  # fmt: skip
    """
    Stop the schedules on ``day``; what is left and ``delta`` goes on until ``end``, or to the end
    of the longest of them. None when nothing is left. What is paused stays paused.

    ``terms`` are those of the change; without any, of the schedule with the most left. The caller
    has seen to it that ``delta`` takes no more than there is.
    """
    left = rest(found, day, calendar)
    carried = left + delta
    model = max(found, key=lambda one: (abs(one.rest(day, calendar).amount), one.service.end))
    first = max(day, min(one.service.start for one in found))
    last = max([end] if end else [one.service.end for one in found])
    paused = any(one.paused for one in found) and reason != ENDED
    made: Held | None = None
    if carried.amount:
        made = Held(
            model.legal_entity, document.key, document.line_id, 1, model.chain,
            terms or model.terms, model.currency, model.functional_currency, carried, left,
            Span(first, max(first, last)), model.customer_id,
            document.correlation_id or model.correlation_id, due_from=first,
            entry_key=document.entry_key, entry_id=document.entry_id,
        )  # fmt: skip
        if paused:
            made.stopped_on, made.stop_reason = first, PAUSE
    for one in found:
        if made is None:
            one.given_up = one.rest(day, calendar)
        one.stop(day, reason, made)
    return made


def resumed(one: Held, day: date, calendar: Sequence[Period], document: Document) -> Held | None:
    """What was paused goes on from ``day`` for as many days as were left."""
    assert one.stopped_on is not None
    since = max(one.stopped_on, one.service.start)
    end = day + (one.service.end - since)
    made = go_on([one], one.stopped_on, NOTHING, calendar, document=document, reason=ENDED, end=end)
    one.stop_reason = PAUSE
    if made is not None:
        made.service, made.due_from = Span(day, end), day
    return made


def undone(
    chain: Sequence[Held],
    removed: Mapping[Held, Amount],
    calendar: Sequence[Period],
    *,
    regained: Collection[Held] = (),
) -> tuple[list[Held], Amount]:
    """
    The chain as if ``removed`` of its schedules had never been billed: the schedules that take the
    place of those that differ, and how much more was credited than there then was (0 or less). What
    ``regained`` schedules had given up is undone too.

    ``chain`` is in the order in which its schedules were made.
    """
    before = [(one, one.successor, one.stopped_on, one.stop_reason) for one in chain]
    leads_to = {
        one: [each for each, next_one, _, why in before if next_one is one and why != VOID]
        for one in chain
    }
    now: dict[Held, Held | None] = {one: one for one in chain}
    made: list[Held] = []
    short = NOTHING
    for one, _, stopped_on, why in before:
        if why == VOID:
            continue
        leads = [now[lead] for lead in leads_to[one]]
        real = [lead for lead in leads if lead is not None]
        carried = sum([_handed(lead, calendar) for lead in real], NOTHING)
        if not leads_to[one]:
            carried = one.carried
        brought = one.total - one.carried - removed.get(one, NOTHING)
        total = carried + brought
        if total == one.total and one not in removed:
            for lead in real:
                lead.successor = one
            continue
        if total.amount < 0:
            short, total = short + total, NOTHING
        anew: Held | None = None
        if total.amount:
            terms = real[0].terms if real and not brought.amount else one.terms
            anew = Held(
                one.legal_entity, one.key, one.line_id, one.part + 1, one.chain, terms,
                one.currency, one.functional_currency, total, carried, one.service,
                one.customer_id, one.correlation_id, stopped_on, why,
                due_from=one.service.start, entry_key=one.entry_key, entry_id=one.entry_id,
            )  # fmt: skip
            made.append(anew)
        for lead in real:
            lead.successor, lead.changed = anew, True
        now[one] = anew
        one.stopped_on, one.stop_reason = one.service.start, VOID
        one.successor, one.changed = anew, True
    for one, next_one, _, _ in before:
        anew = now[one]
        if anew is not None and anew is not one and next_one is not None:
            anew.successor = now[next_one]
    for one, _, _, why in before:
        wanted = one.given_up
        if not wanted.amount or why == VOID:
            continue
        heir, rest_now = now[one], NOTHING
        if heir is not None:
            rest_now = _handed(heir, calendar)
        if one in regained:
            wanted = NOTHING
        if wanted.amount > rest_now.amount:
            short, wanted = short + (rest_now - wanted), rest_now
        if heir is not None and (heir is not one or wanted != one.given_up or one in regained):
            heir.given_up, heir.changed = wanted, True
            made += _left_over(heir, rest_now - wanted)
    return made, short


def _left_over(heir: Held, left: Amount) -> list[Held]:
    """What a change no longer takes goes on until the end of the service."""
    if not left.amount:
        return []
    assert heir.stopped_on is not None
    first = max(heir.stopped_on, heir.service.start)
    heir.given_up = NOTHING
    heir.successor = replace(
        heir, total=left, carried=left, service=Span(first, heir.service.end), stopped_on=None,
        stop_reason="", successor=None, due_from=first, id=None, part=heir.part + 1,
    )  # fmt: skip
    return [heir.successor]


def _handed(lead: Held, calendar: Sequence[Period]) -> Amount:
    """What a stopped schedule left to its successor."""
    assert lead.stopped_on is not None
    return lead.rest(lead.stopped_on, calendar)


def copied(chain: Sequence[Held]) -> dict[Held, Held]:
    """Each schedule with a copy of it, linked like them, to try something on."""
    copies = {one: replace(one) for one in chain}
    for copy in copies.values():
        if copy.successor is not None:
            copy.successor = copies.get(copy.successor, copy.successor)
    return copies
