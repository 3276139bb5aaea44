"""
What a customer is entitled to when a promise was broken, and what stands against a credit. Pure:
takes facts, gives amounts and sentences.

The fee of a month is what invoice lines bring for its days (R1 of accounting.md: rounded half up).
A credit gives a share of the month's fee, never more than is left of the term's share or of the
invoice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from revops.credits import life
from revops.kernel.money import Money, divide_half_up
from revops.kernel.periods import Span, month

_WHOLE: Final = 10_000
SLA: Final = "sla_period"


@dataclass(frozen=True, slots=True)
class Promised:
    """See ``models.Promise``; ``gives`` and ``most`` are hundredths of a percent."""

    label: str
    plan: str
    promise: str
    severity: str
    target: str
    gives: int
    most: int

    @property
    def share(self) -> str:
        return percent(self.gives)


@dataclass(frozen=True, slots=True)
class Billed:
    """An invoice line: net ``amount``, what is left of it to credit, the days it is for."""

    line_id: str
    sku: str
    amount: int
    rest: int
    service: Span | None


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier credit of the customer; ``ticket`` and ``invoice_id`` say what it was for."""

    number: str
    state: str
    currency: str
    amount: int
    credit_type: str
    entitled_on: date | None
    ticket: str
    asked_on: date

    @property
    def counts(self) -> bool:
        """Whether it uses up the term's share."""
        return self.state in life.STANDING and self.credit_type == SLA


@dataclass(frozen=True, slots=True)
class Situation:
    """
    What is known: the broken ``promise`` and its day (blank and None when no case says so), what
    the customer's plans promise, the invoice, the term, and earlier credits.
    """

    currency: str
    lines: Sequence[Billed]
    promises: Sequence[Promised] = ()
    promise: str = ""
    severity: str = ""
    broken_on: date | None = None
    ticket: str = ""
    term: Span | None = None
    past: Sequence[Past] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """
    ``entitled`` by what the plan promises; ``sentence`` says the rule either way. ``proposed`` is
    the amount by policy, ``maximum`` what may be asked without an exception, ``ceiling`` what may
    be asked at all. ``left`` of the term's share is None where nothing limits it.
    """

    entitled: bool
    sentence: str
    basis: Promised | None
    month: Span | None
    fee: int
    proposed: int
    maximum: int
    ceiling: int
    used: int
    limit: int | None
    duplicates: Sequence[Past]

    @property
    def left(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.used)


def assess(on: Situation, credit_type: str) -> Assessment:
    """What policy says of a credit of this type in this situation."""
    ceiling = sum(line.rest for line in on.lines if line.rest > 0)
    basis = _basis(on)
    served = month(on.broken_on.year, on.broken_on.month) if on.broken_on else None
    fee = _fee(on, basis, served) if served else 0
    used, limit = _term(on, basis, fee)
    earned = divide_half_up(fee * basis.gives, _WHOLE) if basis else 0
    left = earned if limit is None else max(0, min(earned, limit - used))
    by_right = min(left, ceiling)
    entitled, sentence = _right(on, basis, served, by_right, earned)
    of_sla = credit_type == SLA
    return Assessment(
        entitled=entitled,
        sentence=sentence,
        basis=basis,
        month=served,
        fee=fee,
        proposed=by_right if of_sla else 0,
        maximum=by_right if of_sla else ceiling,
        ceiling=ceiling,
        used=used,
        limit=limit,
        duplicates=_duplicates(on, served),
    )


def exception(found: Assessment, credit_type: str, amount: int, currency: str) -> str:
    """Why a credit of ``amount`` needs somebody higher; blank when policy allows it."""
    if credit_type != SLA:
        return ""
    if not found.entitled:
        return found.sentence
    if amount > found.maximum:
        return f"Policy gives at most {Money(found.maximum, currency)}."
    return ""


def _basis(on: Situation) -> Promised | None:
    """The promise that was broken: of this severity before any; the one that gives most."""
    fitting = [
        one
        for one in on.promises
        if one.promise == on.promise and one.severity in ("", on.severity)
    ]
    return max(fitting, key=lambda one: (one.severity != "", one.gives), default=None)


def _fee(on: Situation, basis: Promised | None, served: Span) -> int:
    """What the month costs by its days: lines that served on the day, the plan's own if billed."""
    serving = [
        (line, line.service)
        for line in on.lines
        if line.service is not None and line.amount > 0 and on.broken_on in line.service
    ]
    own = [pair for pair in serving if basis is not None and pair[0].sku == basis.plan]
    return sum(
        divide_half_up(line.amount * service.overlap(served), service.days)
        for line, service in own or serving
    )


def _term(on: Situation, basis: Promised | None, fee: int) -> tuple[int, int | None]:
    """(used, limit) of the term's share, in the invoice's currency."""
    used = sum(
        one.amount
        for one in on.past
        if one.counts
        and one.currency == on.currency
        and (on.term is None or one.entitled_on is None or one.entitled_on in on.term)
    )
    if basis is None or not basis.most:
        return used, None
    return used, divide_half_up(fee * 12 * basis.most, _WHOLE)


def _right(
    on: Situation, basis: Promised | None, served: Span | None, by_right: int, earned: int
) -> tuple[bool, str]:
    if served is None:
        return False, "No broken promise is known. An SLA credit needs a case that missed its SLA."
    if not on.promises:
        return False, "The customer’s plan promises no service level, so it gives no SLA credit."
    if basis is None:
        kept = ", ".join(sorted({one.promise.replace("_", " ") for one in on.promises}))
        return False, f"The plan promises {kept}; what was missed is not among it."
    if not earned:
        return False, "The invoice bills nothing for the day on which it happened."
    if not by_right:
        return False, f"{basis.label}: nothing is left of this term’s credits or of the invoice."
    target = basis.target
    return (
        True,
        f"{basis.label}: {target} was promised. A breach gives {basis.share} of the month.",
    )


def _duplicates(on: Situation, served: Span | None) -> Sequence[Past]:
    """Earlier ones from the same case, or standing ones for the same month."""
    return [
        one
        for one in on.past
        if (on.ticket and one.ticket == on.ticket and one.state != life.WITHDRAWN)
        or (
            served is not None
            and one.counts
            and one.entitled_on is not None
            and one.entitled_on in served
        )
    ]


def percent(hundredths: int) -> str:
    """Hundredths of a percent for people: ``12.5 %``."""
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + " %"
