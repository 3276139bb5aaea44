"""The case of a flow that cannot go on because a check does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from exceptions.findings import Finding, fingerprint_of
from revops.pipeline.flows.base import Flow


class About(Protocol):
    """What the case is about."""

    @property
    def legal_entity_id(self) -> int | None: ...
    @property
    def record_kind(self) -> str: ...
    @property
    def record_id(self) -> int: ...
    @property
    def correlation_id(self) -> str: ...


KIND = "flow_stopped"


def stopped(
    run_id: int, flow: Flow, subject_id: str, failed: Mapping[str, str], about: About
) -> Finding:
    """One case for a run, whatever the number of checks that do not hold."""
    first = next(iter(failed))
    waits = tuple(step.title for step in flow.commands if first in step.after) or tuple(
        step.title for step in flow.commands
    )
    return Finding(
        kind=KIND,
        identity=identity(run_id),
        cause_parts=f"{flow.event}|{first}",
        cause=f"{flow.title}: a check does not hold",
        what_happened=" ".join(failed.values()),
        legal_entity_id=about.legal_entity_id,
        path=f"Console → {flow.title}",
        subject_label=subject_id,
        blocked_steps=waits,
        facts=tuple((flow.step(name).title, sentence) for name, sentence in failed.items()),
        record_kind=about.record_kind,
        record_id=about.record_id,
        correlation_id=about.correlation_id,
    )


def identity(run_id: int) -> str:
    return f"run:{run_id}"


def fingerprint(run_id: int) -> str:
    return fingerprint_of(KIND, identity(run_id))
