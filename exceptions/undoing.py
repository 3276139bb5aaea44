"""
Who knows of which parts a case's document consists, and can take back those that stand. The line
declares itself, once, from ``AppConfig.ready``; this app knows no ERP and no rule by name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exceptions.fixes import Books
from revops.kernel.money import Money

if TYPE_CHECKING:
    from accounts.models import User
    from approvals.models import ApprovalRequest
    from exceptions.models import Case

STANDS = "stands"
MISSING = "missing"
MOVES = "moves"
UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Part:
    """
    A posting of the document. ``state`` is STANDS in its target, MISSING there, UNDONE since, or
    MOVES (nobody knows yet); ``number`` is the target's own, ``reason`` why it is missing.
    """

    entry_id: int
    label: str
    amount: Money
    target: str
    state: str
    number: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """
    The entries that would take back what stands, by entity, period and currency: ``books`` what
    the ERP is asked for, too, ``books_here`` what is reversed in our own books alone. ``undoes``
    are the entries by number, ``here`` those that nobody else holds. ``problem`` says why it
    cannot be asked for; ``deciders`` who would agree; ``waiting`` is the request that stands.
    """

    undoes: Sequence[int] = ()
    here: Sequence[int] = ()
    books: Sequence[Books] = ()
    books_here: Sequence[Books] = ()
    dated: str = ""
    deciders: str = ""
    problem: str = ""
    waiting: int | None = None


class Undoer(ABC):
    @abstractmethod
    def parts(self, case: Case) -> Sequence[Part]:
        """All postings of the case's document; none when it is not one of several. One query."""

    @abstractmethod
    def propose(self, case: Case, *, user: User) -> Proposal:
        """What taking back would do. Writes nothing."""

    @abstractmethod
    def ask(self, *, case_id: int, by: User, reason: str) -> ApprovalRequest:
        """Ask for it. Raises NotAllowed, Case.DoesNotExist, CaseRefused."""


_declared: list[Undoer] = []


def declare(undoer: Undoer) -> None:
    """Declaring another one replaces the first."""
    _declared[:] = [undoer]


def undoer() -> Undoer:
    """Raises LookupError when no app declared one; a mistake in the code."""
    if not _declared:
        raise LookupError("Nobody declared who takes postings back.")
    return _declared[0]
