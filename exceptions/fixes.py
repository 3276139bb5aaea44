"""
Fixes beside the failure: what a person fills in on a cause's page, what it would do, and doing it.
Whoever can mend a kind of cause declares how, once, from ``AppConfig.ready``:

    fixes.declare("mapping_missing", MissingMap())

This app only shows it. What a fix books, whom it asks and how it goes on is its owner's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from revops.kernel.money import Money

if TYPE_CHECKING:
    from accounts.models import User

PREFIX = "fix-"
"""Before the name of every field of a fix, in addresses and forms."""

FIX_AND_RETRY = "retry"


class FixRefused(ValueError):
    """Nothing was changed; the message says why."""


@dataclass(frozen=True, slots=True)
class Control:
    """
    A field. ``sort`` is ``text``, ``day``, ``choice`` (``choices`` only) or ``suggest`` (any text,
    ``choices`` offered); ``fixed`` is shown and not edited.
    """

    name: str
    label: str
    value: str
    sort: str = "text"
    choices: Sequence[tuple[str, str]] = ()
    help: str = ""
    problem: str = ""
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Values that would fit, and the evidence in words."""

    words: str
    why: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Panel:
    """
    The form. ``typed`` is set when somebody filled it in; ``waiting`` says that a fix is decided on
    already, with its address; ``elsewhere`` is where it can be mended too, or else, and ``after``
    what happens then. ``preview`` are the words of the button that looks.
    """

    title: str
    controls: Sequence[Control]
    suggestions: Sequence[Suggestion] = ()
    reason: str = ""
    typed: bool = False
    problems: Sequence[str] = ()
    waiting: tuple[str, str] | None = None
    elsewhere: tuple[str, str] | None = None
    after: str = ""
    preview: str = ""


@dataclass(frozen=True, slots=True)
class Books:
    """What would post to an entity's period: (account, its name, debit, credit), and both sums."""

    entity: str
    period: str
    rows: Sequence[tuple[str, str, Money | None, Money | None]]
    debit: Money
    credit: Money


@dataclass(frozen=True, slots=True)
class Difference:
    """A field as our entry has it and as a document elsewhere does, both in words."""

    label: str
    ours: str
    theirs: str
    same: bool


@dataclass(frozen=True, slots=True)
class Beside:
    """Our entry beside a document that was asked for; ``problem`` says why there is none."""

    title: str
    lines: Sequence[Difference]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What the fix would do, looked at and not done. ``fails`` are (kind, cause, how many), ``calls``
    (system, how many). ``deciders`` says who agrees and who does not; ``asks`` whether anybody.
    ``does`` are the words of the button, with {clears} in them; none when it cannot be done as it
    is. ``undo``, ``note`` and ``periods`` take the place of what holds for a new mapping.
    """

    cases: int
    looked: int
    clears: int
    money: Sequence[Money]
    fails: Sequence[tuple[str, str, int]]
    books: Sequence[Books]
    calls: Sequence[tuple[str, int]]
    minutes: int
    posted: int
    closed: Sequence[str]
    asks: bool
    deciders: str
    does: str = FIX_AND_RETRY
    undo: str = ""
    note: str = ""
    periods: str = ""
    beside: Sequence[Beside] = ()

    @property
    def postings(self) -> int:
        return sum(count for _, count in self.calls)

    @property
    def button(self) -> str:
        """The words of the button; “” when the fix cannot be done as it is."""
        if self.does != FIX_AND_RETRY:
            return self.does.format(clears=f"{self.clears:,}")
        lead = "Send for approval, then" if self.asks else "Apply and"
        return f"{lead} retry {self.clears:,}"


@dataclass(frozen=True, slots=True)
class Done:
    """What became of it: a sentence, and the page that shows how it goes on."""

    sentence: str
    address: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """
    A fix that was put into force. ``cleared`` and ``money`` are what really is settled, beside what
    was previewed; ``confirmed`` how many of them the ERP has. ``back`` counts cases of the same
    cause that came after it.
    """

    at: datetime
    what: str
    by: str
    here: bool
    address: str
    job: str
    job_address: str
    running: bool
    previewed: int
    previewed_money: Sequence[Money]
    cases: int
    cleared: int
    confirmed: int
    money: Sequence[Money]
    back: int
    rest: Sequence[tuple[str, int]] = field(default_factory=tuple)

    @property
    def as_previewed(self) -> bool:
        return self.cleared == self.previewed and list(self.money) == list(self.previewed_money)


class Fixer(Protocol):
    """
    How causes of one kind are mended. Each call is for what the person may see and do; ``action``
    is what they must be allowed to, to be shown it. ``single`` are the words that lead from one
    case to its own fix (field ``case``, its id); “” where only the whole cause is mended.
    """

    action: str
    single: str

    def panel(
        self, cause_key: str, typed: Mapping[str, str], *, user: User, at: datetime
    ) -> Panel | None:
        """The form, prefilled; None where nothing can be filled in for this cause."""

    def look(
        self, cause_key: str, typed: Mapping[str, str], *, user: User, at: datetime
    ) -> Seen | None:
        """What it would do; None when what was typed makes no sense (the panel says why)."""

    def apply(
        self, cause_key: str, typed: Mapping[str, str], *, reason: str, user: User, at: datetime
    ) -> Done:
        """Do it, or ask for it. Raises FixRefused and NotAllowed; pressing twice does it once."""

    def earlier(self, cause_key: str, *, at: datetime) -> Sequence[Earlier]:
        """Fixes of this cause, then of its like, the newest first."""


_fixers: dict[str, Fixer] = {}


def declare(kind: str, fixer: Fixer) -> None:
    """Make it known. Declaring a kind again replaces it."""
    _fixers[kind] = fixer


def of(kind: str) -> Fixer | None:
    return _fixers.get(kind)
