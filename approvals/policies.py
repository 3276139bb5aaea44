"""
Which tier a request is in, who may decide a step, and when it is due. Pure: no database, no clock.

Source: the approval policy of docs/approvals.md. Limits are whole units of the entity's functional
currency, compared with what this request and the others for its customer come to together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from approvals.subjects import NO_LIFT, Lift
from revops.kernel.keys import sha256


@dataclass(frozen=True, slots=True)
class TierTerms:
    """A tier: to ``up_to`` whole units (None: any amount); a step is roles parted by ``|``."""

    number: int
    up_to: int | None
    steps: tuple[str, ...]
    due_days: int = 1
    escalate_to: str = ""
    reauthenticate: bool = False

    @property
    def automatic(self) -> bool:
        """The policy itself says yes."""
        return not self.steps


@dataclass(frozen=True, slots=True)
class PolicyTerms:
    """A policy as it is valid on a day; ``id`` is None for what counts where nobody made one."""

    id: int | None
    subject: str
    entity: str
    reason: str
    number: int
    tiers: tuple[TierTerms, ...]
    expires_days: int = 5
    sample_percent: int = 10

    @property
    def nobody(self) -> bool:
        """Whether nobody is ever asked."""
        return all(tier.automatic for tier in self.tiers)


def strictest(subject: str, steps: tuple[str, ...]) -> PolicyTerms:
    """
    What counts where nobody made a policy: nothing is let through. ``steps`` are the subject's, and
    each is decided by somebody who proves to be at their keyboard.
    """
    tier = TierTerms(number=4, up_to=None, steps=steps, due_days=1, reauthenticate=True)
    return PolicyTerms(None, subject, "", "", 0, (tier,))


def narrowest(policies: Iterable[PolicyTerms], *, entity: str, reason: str) -> PolicyTerms | None:
    """
    The one that fits and says most: of this entity and reason, of this entity, of this reason, of
    all. None when none fits.
    """
    fitting = [one for one in policies if one.entity in ("", entity) and one.reason in ("", reason)]
    return max(fitting, key=lambda one: (one.entity != "", one.reason != ""), default=None)


@dataclass(frozen=True, slots=True)
class Measured:
    """
    What a request comes to, in whole units of the functional currency: its own amount and the
    others for the same customer. ``own`` is None for a request without amount; ``rated`` is false
    when a rate is missing, so that neither can be trusted.
    """

    own: Decimal | None
    others: Decimal = Decimal(0)
    rated: bool = True

    @property
    def whole(self) -> Decimal:
        return abs(self.own or Decimal(0)) + self.others


@dataclass(frozen=True, slots=True)
class Placed:
    """The tier of a request and, where it is not its amount alone, why."""

    tier: TierTerms
    why: str = ""


def place(tiers: Sequence[TierTerms], measured: Measured, lift: Lift = NO_LIFT) -> Placed:
    """
    The tier. Without an amount, or where a rate is missing, it is the highest one, unless what is
    asked for never has an amount; nothing is ever placed lower because of a lift.
    """
    ordered = sorted(tiers, key=lambda one: one.number)
    highest = ordered[-1]
    if not measured.rated:
        return Placed(highest, "An exchange rate is missing, so the highest tier counts.")
    if measured.own is None and lift.unpriced:
        lifted = max(lift.plus, _at_least(ordered, lift.least))
        return Placed(ordered[min(lifted, len(ordered) - 1)], lift.why)
    if measured.own is None:
        return Placed(highest, lift.why)
    place = _tier_of(ordered, measured.whole)
    why = ""
    if _tier_of(ordered, abs(measured.own)) < place:
        why = "Together with the customer’s other requests of 30 days."
    lifted = max(place + lift.plus, _at_least(ordered, lift.least))
    if lifted > place:
        why = lift.why
    return Placed(ordered[min(lifted, len(ordered) - 1)], why)


def _tier_of(ordered: Sequence[TierTerms], amount: Decimal) -> int:
    for index, tier in enumerate(ordered):
        if tier.up_to is None or amount <= tier.up_to:
            return index
    return len(ordered) - 1


def _at_least(ordered: Sequence[TierTerms], number: int) -> int:
    for index, tier in enumerate(ordered):
        if tier.number >= number:
            return index
    return len(ordered) - 1


def roles_of_step(step: str) -> frozenset[str]:
    """``finance|manager`` → both."""
    return frozenset(part for part in step.split("|") if part)


@dataclass(frozen=True, slots=True)
class Handed:
    """``giver`` lets ``taker`` decide in their place."""

    giver: int
    taker: int


def conflicted(makers: Collection[int], handed: Iterable[Handed]) -> dict[int, int]:
    """
    Everybody who may not decide, with the maker who is the reason: the makers, whoever they hand
    on to, and whoever handed on to them, through any number of hands.
    """
    up: dict[int, list[int]] = defaultdict(list)
    down: dict[int, list[int]] = defaultdict(list)
    for one in handed:
        up[one.taker].append(one.giver)
        down[one.giver].append(one.taker)
    found: dict[int, int] = {maker: maker for maker in makers}
    for graph in (up, down):
        for maker in makers:
            seen, front = {maker}, [maker]
            while front:
                front = [other for one in front for other in graph[one] if other not in seen]
                seen.update(front)
                for other in front:
                    found.setdefault(other, maker)
    return found


@dataclass(frozen=True, slots=True)
class Decider:
    """Somebody who may decide, by their own right or in ``on_behalf``'s place."""

    user: int
    on_behalf: int | None = None


def deciders(
    *,
    wanted: Collection[str],
    holders: Mapping[int, Collection[str]],
    handed: Iterable[Handed],
    makers: Collection[int],
    spent: Collection[int] = (),
) -> list[Decider]:
    """
    Who may decide a step that needs one of the ``wanted`` roles. ``holders`` are the roles in force
    where the request belongs; ``spent`` have decided another step of it, or had it decided for
    them: nobody counts twice. A right goes from hand to hand once: who acts for somebody passes
    nothing on.
    """
    hands = list(handed)
    barred = conflicted(makers, hands).keys() | set(spent)
    able = [user for user, roles in holders.items() if not set(roles).isdisjoint(wanted)]
    found = [Decider(user) for user in able if user not in barred]
    own = {one.user for one in found}
    for one in hands:
        if one.giver in able and one.giver not in barred and one.taker not in barred | own:
            found.append(Decider(one.taker, one.giver))
    return found


def after_working_days(start: datetime, days: int, zone: str) -> datetime:
    """The same time of day, ``days`` working days (Monday to Friday) later in that zone."""
    local = start.astimezone(ZoneInfo(zone))
    left = days
    while left > 0:
        local += timedelta(days=1)
        left -= local.weekday() < 5
    return local.astimezone(start.tzinfo)


def is_sampled(key: str, percent: int) -> bool:
    """Whether one that nobody decided is to be looked at afterwards; the same for the same key."""
    return int(sha256(f"sample:{key}")[:8], 16) % 100 < percent


def problems(tiers: Sequence[TierTerms], known_roles: Collection[str]) -> list[str]:
    """What is wrong with a set of tiers, in sentences; none when they can be used."""
    found = []
    ordered = sorted(tiers, key=lambda one: one.number)
    if not ordered:
        return ["A policy needs at least one tier."]
    if len({one.number for one in ordered}) < len(ordered):
        found.append("Two tiers have the same number.")
    limits = [one.up_to for one in ordered]
    if limits[-1] is not None:
        found.append("The last tier must take any amount.")
    bounds = [limit for limit in limits[:-1] if limit is not None]
    if len(bounds) < len(limits) - 1:
        found.append("Only the last tier takes any amount.")
    if any(low >= high for low, high in zip(bounds, bounds[1:], strict=False)):
        found.append("Each tier’s limit must be higher than the one before.")
    if any(bound < 0 for bound in bounds):
        found.append("A limit cannot be below zero.")
    for one in ordered:
        unknown = {
            role
            for step in (*one.steps, one.escalate_to)
            for role in roles_of_step(step)
            if role not in known_roles
        }
        if unknown or any(not roles_of_step(step) for step in one.steps):
            found.append(f"Tier {one.number} names a role that nobody can hold.")
        if not 0 <= one.due_days <= 30:
            found.append(f"Tier {one.number} is due in 0 to 30 working days.")
        if len(one.steps) > 5:
            found.append(f"Tier {one.number} has more than five steps.")
    weak = [one.automatic for one in ordered]
    if any(not before and after for before, after in zip(weak, weak[1:], strict=False)):
        found.append("A higher tier asks at least somebody where a lower one does.")
    return found
