"""
The other system and its connector, as far as they matter for *once*: what it holds, how it answers,
and how a call can end. A call that was made is carried out even when its caller is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from connectors.contract import CallFailed, Found, Outcome, Receipt
from revops.delivery.simulation.engine import Engine, Process, Step, Task
from revops.delivery.simulation.oracle import Oracle
from revops.delivery.simulation.weather import Weather

if TYPE_CHECKING:
    from revops.delivery.simulation.store import Command, Store

CLIENT_TIMEOUT: Final = 30.0
# The longest that the target works on a call after the client has stopped listening.
SERVER_MAX: Final = 240.0

_ENDS: Final = (
    ("throttled", 0.06),
    ("unavailable", 0.04),
    ("request lost", 0.04),
    ("answer lost", 0.08),
    ("late commit", 0.05),
    ("locked", 0.02),
    ("unreachable", 0.01),
    ("credentials rejected", 0.005),
    ("answer without id", 0.01),
)


@dataclass(frozen=True, slots=True)
class Nature:
    """``unique``: refuses a second document with a key. ``drafts``: make, then post."""

    unique: bool = False
    drafts: bool = False
    search_lag: float = 0.0


@dataclass(slots=True, eq=False)
class Document:
    id: str
    key: str
    digest: str
    made_at: float
    ours: bool = True
    posted_at: float | None = None


class Target:
    def __init__(self, engine: Engine, weather: Weather, oracle: Oracle, nature: Nature) -> None:
        self._engine = engine
        self._weather = weather
        self._oracle = oracle
        self._nature = nature
        self.documents: dict[str, Document] = {}
        self.by_key: dict[str, list[Document]] = {}
        self.away_until = -1.0
        self.refused: set[str] = set()
        oracle.target = self

    def enter_by_hand(self, key: str, digest: str) -> None:
        """Somebody there makes a document under our key."""
        if not (self._nature.unique and key in self.by_key):
            self._add(Document("", key, digest, self._engine.now, False, self._engine.now))

    def send(
        self,
        process: Process,
        command: Command,
        *,
        fence: int,
        drafted: str,
        in_time: Callable[[], bool],
    ) -> Task[Receipt]:
        """As a connector's ``send`` for one command; ``in_time`` is asked before each call."""
        if self._nature.drafts and not drafted:
            if not in_time():
                return Receipt(Outcome.NOT_SENT)
            self._oracle.sending(command, fence)
            receipt: Receipt = yield from self._call(process, lambda: self._make(command))
            drafted = receipt.external_id
            if receipt.outcome is not Outcome.OK or not drafted:
                return receipt
            yield Step(0.05, "draft made")
        if not in_time():
            self._weather.counts["send deadline passed"] += 1
            return Receipt(Outcome.NOT_SENT, drafted_id=drafted)
        act = (lambda: self._post(drafted)) if drafted else (lambda: self._make(command))
        self._oracle.sending(command, fence)
        receipt = yield from self._call(process, act)
        return replace(receipt, drafted_id=drafted)

    def find(
        self, process: Process, commands: Sequence[Command], store: Store
    ) -> Task[Mapping[str, Sequence[Found]]]:
        """As a connector's ``find``. Raises CallFailed."""
        if self._engine.now < self.away_until or self._weather.strikes("read unanswered", 0.03):
            self._oracle.calling(process, CLIENT_TIMEOUT)
            yield Step(CLIENT_TIMEOUT, "asking")
            raise CallFailed(Outcome.IN_DOUBT, "The question was not answered.")
        self._oracle.calling(process, 0.2)
        if self._weather.strikes("read throttled", 0.03):
            yield Step(0.2, "asking")
            raise CallFailed(Outcome.THROTTLED, "Too many calls.", retry_after=20)
        answer: dict[str, list[Found]] = {}
        self._engine.after(0.1, lambda: answer.update(self._look(commands, store)))
        yield Step(0.2, "asking")
        return answer

    def _call(self, process: Process, act: Callable[[], Receipt]) -> Task[Receipt]:
        weather, engine = self._weather, self._engine
        end = self._end()
        seconds = CLIENT_TIMEOUT if end in ("request lost", "answer lost", "late commit") else 0.4
        self._oracle.calling(process, seconds)
        answers: list[Receipt] = []
        if end in ("answered", "answer lost", "answer without id"):
            engine.after(0.2, lambda: answers.append(act()))
        elif end == "late commit":
            engine.after(weather.rng.uniform(CLIENT_TIMEOUT + 1, SERVER_MAX), act)
        elif end == "unavailable" and weather.rng.random() < 0.3:
            engine.after(0.2, act)
        yield Step(min(0.3, seconds), "sending")
        yield Step(seconds - min(0.3, seconds), "target has it")
        match end:
            case "answered":
                return answers[0]
            case "answer without id":
                return replace(answers[0], external_id="")
            case "throttled":
                return Receipt(Outcome.THROTTLED, retry_after=weather.rng.choice((None, 2, 20, 90)))
            case "locked":
                return Receipt(Outcome.TRANSIENT)
            case "credentials rejected":
                return Receipt(Outcome.AUTH)
            case "unreachable":
                return Receipt(Outcome.NOT_SENT)
            case _:
                return Receipt(Outcome.IN_DOUBT)

    def _end(self) -> str:
        if self._engine.now < self.away_until:
            return "unreachable" if self._weather.rng.random() < 0.5 else "request lost"
        if not self._weather.rough:
            return "answered"
        point = self._weather.rng.random()
        for name, probability in _ENDS:
            point -= probability
            if point < 0:
                self._weather.counts[name] += 1
                return name
        return "answered"

    def _make(self, command: Command) -> Receipt:
        there = self.by_key.get(command.key)
        if there and self._nature.unique:
            self._weather.counts["second document refused"] += 1
            return Receipt(Outcome.ALREADY_DONE, external_id=there[0].id)
        if command.key in self.refused and not self._nature.drafts:
            return Receipt(Outcome.REFUSED, code="period_closed", reason="The period is closed.")
        document = Document("", command.key, command.digest, self._engine.now)
        if not self._nature.drafts:
            document.posted_at = self._engine.now
        self._add(document)
        self._oracle.created(self.by_key[command.key])
        return Receipt(Outcome.OK, external_id=document.id)

    def _post(self, drafted: str) -> Receipt:
        document = self.documents[drafted]
        if document.posted_at is not None:
            return Receipt(Outcome.ALREADY_DONE, external_id=drafted)
        if document.key in self.refused:
            return Receipt(Outcome.REFUSED, code="period_closed", reason="The period is closed.")
        document.posted_at = self._engine.now
        return Receipt(Outcome.OK, external_id=drafted)

    def _add(self, document: Document) -> None:
        document.id = f"D{len(self.documents) + 1}"
        self.documents[document.id] = document
        self.by_key.setdefault(document.key, []).append(document)

    def _look(self, commands: Sequence[Command], store: Store) -> dict[str, list[Found]]:
        seen = self._engine.now - self._nature.search_lag
        found: dict[str, list[Found]] = {}
        for command in commands:
            self._oracle.asked(command, store.now())
            hits = [
                Found(
                    external_id=document.id,
                    external_number=document.id,
                    posted=document.posted_at is not None and document.posted_at <= seen,
                    content_sha256=document.digest,
                )
                for document in self.by_key.get(command.key, ())
                if document.made_at <= seen
            ]
            if hits:
                found[command.key] = hits
        return found
