"""
What can be asked for. Whoever owns a thing declares how it is described, what it will do, who made
it and how it is applied, once, from ``AppConfig.ready``:

    subjects.register(ServiceCredit())

The engine knows none of them by name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from accounts.roles import rule_of
from revops.kernel.money import Money

if TYPE_CHECKING:
    from accounts.models import User
    from approvals.models import ApprovalRequest, Verdict

Content = Mapping[str, Any]


class SubjectUnknown(LookupError):
    """No app declared this subject; a mistake in the code."""


class CannotApply(Exception):
    """What was asked for cannot be done now; the message is a sentence for who decides."""


@dataclass(frozen=True, slots=True)
class Row:
    """A fact of the request: plain words, with ``sub`` under them and ``link`` to what it names."""

    label: str
    value: str | Money
    sub: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that will post; exactly one of ``debit`` and ``credit``."""

    account: str
    name: str
    debit: Money | None = None
    credit: Money | None = None
    sub: str = ""

    @classmethod
    def of(cls, account: str, name: str, amount: int, currency: str) -> Line:
        """Of a signed amount in minor units: above zero a debit, below it a credit."""
        money = Money(abs(amount), currency)
        return cls(account, name, money if amount > 0 else None, money if amount < 0 else None)


@dataclass(frozen=True, slots=True)
class Consequences:
    """
    What an approval does: the journal that will post, if any, in its entity and period, and
    ``sentences`` for all that is no journal. ``note`` stands under the journal.
    """

    sentences: Sequence[str] = ()
    lines: Sequence[Line] = ()
    entity: str = ""
    currency: str = ""
    day: date | None = None
    period: str = ""
    period_open: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Flag:
    """A risk that was looked for. ``tone``: warn or crit when raised, ok when clear."""

    tone: str
    title: str
    text: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """A step on the way to the journal. ``at`` is None for what is still to come."""

    text: str
    at: datetime | None = None
    sub: str = ""
    tone: str = "info"
    link: str = ""


@dataclass(frozen=True, slots=True)
class Lift:
    """
    Why a tier is higher than the amount's: at ``least`` this one, or ``plus`` some. What has no
    amount by nature is ``unpriced``: it begins at the lowest tier instead of the highest.
    """

    least: int = 0
    plus: int = 0
    why: str = ""
    unpriced: bool = False


NO_LIFT: Final = Lift()


@dataclass(frozen=True, slots=True)
class Stand:
    """
    On whose work a request stands: ``requests`` by number, whose makers may not decide it either,
    and ``people`` by id with the reason.
    """

    requests: Collection[int] = ()
    people: Mapping[int, str] = field(default_factory=dict)


class Subject(ABC):
    """
    A kind of request. ``slug`` names it for ever, ``label`` on pages (“Service credit”);
    ``request_action`` is what a person must be allowed to do to ask (``accounts.roles.RULES``),
    ``decide_action`` what they must be allowed to do to decide: no policy can ask anybody else.
    ``fallback`` are the steps where nobody made a policy.

    Every method gets the content as it was asked for, parsed from its canonical JSON; none may
    write but ``apply`` and ``refused``, which run inside the deciding transaction.
    """

    slug: str = ""
    label: str = ""
    request_action: str = ""
    decide_action: str = "approvals.decide"
    fallback: tuple[str, ...] = ("manager", "manager")

    @abstractmethod
    def title(self, content: Content) -> str:
        """“Service credit USD 1,200.00 for Northwind Robotics”; at most 200 characters."""

    @abstractmethod
    def describe(self, content: Content) -> Sequence[Row]:
        """The request as submitted. Rows of the same label are compared between versions."""

    @abstractmethod
    def consequences(self, content: Content) -> Consequences:
        """What will post or change, as it stands now."""

    def makers(self, content: Content) -> Mapping[int, str] | Stand:
        """
        Who may not decide beside those who asked and edited: user id → why, in words that follow
        “because” (“made the mapping”). A Stand also names requests that this one rests on.
        """
        return {}

    def lift(self, content: Content) -> Lift:
        """Whether more than the amount speaks for a higher tier."""
        return NO_LIFT

    def flags(self, request: ApprovalRequest, content: Content) -> Sequence[Flag]:
        """Risks, raised and clear. Asked for on the page of one request."""
        return ()

    def raised(self, requests: Sequence[ApprovalRequest]) -> Mapping[int, Sequence[str]]:
        """The short words of raised risks, by request id, for a whole list at once."""
        return {}

    def timeline(self, request: ApprovalRequest) -> Sequence[Moment]:
        """What the subject itself did or will do, up to the ERP's journal, in order."""
        return ()

    def link(self, request: ApprovalRequest) -> str:
        """The page of the thing itself, or nothing."""
        return ""

    @abstractmethod
    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        """
        Do what was asked for, in the transaction of the last decision; a sentence of what was done.
        ``by`` decided last, None when the policy itself says yes. Raises CannotApply.
        """

    def refused(  # noqa: B027  most have nothing to do then
        self, request: ApprovalRequest, content: Content, verdict: Verdict | str
    ) -> None:
        """
        It will not happen: ``reject``, ``send_back``, ``withdrawn`` or ``expired``; in the same
        transaction. What was sent back may still come again.
        """


_subjects: dict[str, Subject] = {}


def register(*declared: Subject) -> None:
    """Make subjects known. Registering a slug again replaces it."""
    for one in declared:
        if not (one.slug and one.label and one.request_action):
            raise ValueError(f"{one!r} needs slug, label and request_action.")
        _subjects[one.slug] = one


def get(slug: str) -> Subject:
    """Raises SubjectUnknown."""
    try:
        return _subjects[slug]
    except KeyError:
        raise SubjectUnknown(f"No app declared the approval subject “{slug}”.") from None


def checkers(slug: str) -> frozenset[str]:
    """The roles that may decide about a subject, whatever a policy says."""
    known = _subjects.get(slug)
    action = known.decide_action if known is not None else "approvals.decide"
    return frozenset(role.value for role in rule_of(action).roles)


def find(slug: str) -> Subject | None:
    """For pages: old requests outlive their subject."""
    return _subjects.get(slug)


def all() -> Sequence[Subject]:
    """Every subject, by its label."""
    return sorted(_subjects.values(), key=lambda one: one.label)


def stand_of(subject: Subject, content: Content) -> Stand:
    """Whatever ``makers`` gave, as a Stand."""
    found = subject.makers(content)
    return found if isinstance(found, Stand) else Stand(people=dict(found))
