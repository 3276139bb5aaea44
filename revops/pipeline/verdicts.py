"""What became of the events of a batch, as their inbox is told it."""

from __future__ import annotations

from exceptions.findings import Finding
from revops.events.models import InboxState
from revops.events.operations import Claimed, Verdict
from revops.pipeline import fetch, problems
from revops.pipeline.normalize import Understood
from revops.pipeline.sources import Source


class Verdicts:
    """``every`` verdict so far; what waits too long is among the ``findings``."""

    def __init__(self, source: Source, findings: list[Finding]) -> None:
        self.every: list[Verdict] = []
        self._source = source
        self._findings = findings

    def conclude(
        self, event: Claimed, state: InboxState, reason: str, story: str = "", shares: str = ""
    ) -> None:
        self.every.append(
            Verdict(event.id, event.fence, state, reason, waits_for=shares, correlation_id=story)
        )

    def park(self, item: Understood, waits: tuple[str, str]) -> None:
        event = item.inbound
        kind, source_id = waits
        if event.deadline_at is not None and event.was_parked:
            self._findings.append(problems.overdue(self._source, item, kind, source_id))
        reason = f"Waits for {kind} {source_id}."
        self.every.append(
            Verdict(
                event.id,
                event.fence,
                InboxState.PARKED,
                reason,
                waits_for=f"{self._source.id}:{kind}:{source_id}",
            )
        )

    def ask(self, event: Claimed, what: tuple[str, str], story: str = "") -> None:
        """The event waits until the object has been fetched (fetch.py)."""
        kind, object_id = what
        self.every.append(
            Verdict(
                event.id,
                event.fence,
                InboxState.PARKED,
                f"Waits until {kind} {object_id} has been fetched from {self._source.label}.",
                waits_for=fetch.fetch_name(self._source.id, kind, object_id),
                correlation_id=story,
            )
        )
