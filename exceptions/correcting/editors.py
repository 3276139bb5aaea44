"""
Who can read what a case's event says, and take a corrected one through the line. The line declares
itself, once, from ``AppConfig.ready``; this app knows no event by name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from exceptions.models import Case


class NotEditable(Exception):
    """The case's event cannot be corrected here; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One thing that the event says: ``data`` as JSON holds it. Some go along untouched."""

    contract: str
    data: Mapping[str, Any]
    editable: bool = True


@dataclass(frozen=True, slots=True)
class Leg:
    """A side of what would be booked, in minor units, debit positive."""

    entity: str
    period: str
    account: str
    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class Trial:
    """What the corrected event would come to: ``legs`` that it would book, or what is wrong."""

    legs: Sequence[Leg] = ()
    problem: str = ""


class Editor(ABC):
    @abstractmethod
    def why_not(self, case: Case) -> str:
        """Why the case takes no correction, or nothing. Called for a page: it does not query."""

    @abstractmethod
    def read(self, case: Case) -> Sequence[Meaning]:
        """What the event says as it stands. Raises NotEditable."""

    @abstractmethod
    def rehearse(self, case: Case, meanings: Sequence[Meaning]) -> Trial:
        """What would become of these instead. Writes nothing. Raises NotEditable."""

    @abstractmethod
    def send(self, case: Case, meanings: Sequence[Meaning]) -> int:
        """
        Store these as an event of its own in the place of the case's, in the caller's transaction;
        its id. The first one is kept as it came. Raises NotEditable.
        """


_declared: Final[list[Editor]] = []


def declare(editor: Editor) -> None:
    """Declaring another one replaces it."""
    _declared[:] = [editor]


def editor() -> Editor:
    """Raises NotEditable when nobody declared one."""
    if not _declared:
        raise NotEditable("Nothing here can read events.")
    return _declared[0]


def why_not(case: Case) -> str:
    """Why the case takes no correction, or nothing. Asks the database nothing."""
    return _declared[0].why_not(case) if _declared else "Nothing here can read events."
