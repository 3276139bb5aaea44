"""What a flow may say: steps of three kinds, what each waits for, and how it is undone."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Final


class Kind(enum.StrEnum):
    """Who does a step."""

    CHECK = "check"
    LINE = "line"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Undo:
    """
    How a step is taken back: by asking ``capability``, or not at all, because ``why``. ``decided``
    says where it is asked for, when it takes somebody else's yes: then nobody does it from the run.
    """

    capability: str = ""
    why: str = ""
    decided: str = ""

    def __post_init__(self) -> None:
        if bool(self.capability) == bool(self.why):
            raise ValueError("A step is undone by a capability, or it says why it is not.")


@dataclass(frozen=True, slots=True)
class Step:
    """
    ``name`` is unique in its flow; ``after`` names the steps that it waits for. ``capability`` of a
    command and of no other kind.
    """

    name: str
    kind: Kind
    title: str
    after: tuple[str, ...] = ()
    capability: str = ""
    undo: Undo | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """
    What follows from one event (``invoice.issued``). Steps stand in an order in which each comes
    after those that it waits for. Raises ValueError for one that does not.
    """

    event: str
    title: str
    about: str
    steps: tuple[Step, ...] = field(default=())

    def __post_init__(self) -> None:
        known: set[str] = set()
        for step in self.steps:
            if step.name in known:
                raise ValueError(f"{self.event}: two steps are called {step.name}.")
            missing = set(step.after) - known
            if missing:
                raise ValueError(f"{self.event}: {step.name} waits for {sorted(missing)}.")
            if (step.kind is Kind.COMMAND) != bool(step.capability and step.undo):
                raise ValueError(f"{self.event}: {step.name} is a command without its undo.")
            known.add(step.name)

    @property
    def commands(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.kind is Kind.COMMAND)

    @property
    def checks(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.kind is Kind.CHECK)

    @property
    def posts(self) -> bool:
        """Whether the event has journals that an ERP has to hold."""
        return any(step.name == POST for step in self.steps)

    @property
    def kept(self) -> bool:
        """Whether its runs are stored. Where nothing is to be followed, the event says it all."""
        return self.posts or bool(self.commands) or bool(self.checks)

    def step(self, name: str) -> Step:
        """Raises KeyError."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)


APPLY: Final = "apply"
JOURNALIZE: Final = "journalize"
POST: Final = "post"
PUBLISH: Final = "portal.event"


def apply(title: str = "Keep the record") -> Step:
    """The line makes or changes our record, if the event is newer and its teller owns it."""
    return Step(APPLY, Kind.LINE, title)


def books(*after: str) -> tuple[Step, Step]:
    """The line makes the journal once ``after`` holds (or the record is kept); an ERP posts it."""
    return (
        Step(JOURNALIZE, Kind.LINE, "Make the journal", after or (APPLY,)),
        Step(POST, Kind.LINE, "Post it in the ERP", (JOURNALIZE,)),
    )


def check(name: str, title: str, *, after: tuple[str, ...] = (APPLY,)) -> Step:
    """``name`` is one of ``checks.CHECKS``."""
    return Step(name, Kind.CHECK, title, after)


def tell(capability: str, title: str, *, after: tuple[str, ...] = (APPLY,)) -> Step:
    """Tell a system how things are now. Not undone: the next state replaces it."""
    undo = Undo(why="It tells how things are; the next state replaces it.")
    return Step(capability, Kind.COMMAND, title, after, capability, undo)


def publish() -> Step:
    """Tell those who subscribed the event itself. Not undone: what was told is known."""
    undo = Undo(why="It was told; what follows from it is the subscriber's to undo.")
    title = "Tell those who subscribed"
    return Step(PUBLISH, Kind.COMMAND, title, (APPLY,), PUBLISH, undo)


def record_tax() -> Step:
    """The tax engine records what was charged, once it is in the books."""
    undo = Undo("tax.void")
    return ask("tax.commit", "Record the tax in the tax engine", after=(POST,), undo=undo)


def void_tax() -> Step:
    """The tax engine voids what it recorded, once the mirror is in the books."""
    undo = Undo(why="What the tax engine voided is recorded anew by a document of its own.")
    return ask("tax.void", "Void the tax in the tax engine", after=(POST,), undo=undo)


def ask(capability: str, title: str, *, after: tuple[str, ...], undo: Undo) -> Step:
    """Ask a system to make something that was not there before."""
    return Step(capability, Kind.COMMAND, title, after, capability, undo)
