"""The ladder of a request: every step of its version, who decided it, and who could."""

from __future__ import annotations

from dataclasses import dataclass

from approvals.models import ApprovalRequest, Decision, State, Step
from approvals.queries.standing import words_of


@dataclass(frozen=True, slots=True)
class Rung:
    """``state``: approved, rejected, sent_back, waiting, not_yet, or void of an earlier version."""

    position: int
    version: int
    roles: str
    state: str
    decision: Decision | None = None

    @property
    def words(self) -> str:
        said = words_of(self.roles)
        return f"One {said}" if said else "Nobody"


def ladder(request: ApprovalRequest) -> list[Rung]:
    """The steps of the present version, after decisions that an edit made void."""
    decided = {
        (one.version, one.step): one
        for one in request.decisions.select_related("decided_by", "on_behalf")
    }
    found = []
    for step in Step.objects.filter(request=request):
        decision = decided.get((step.version, step.position))
        if step.version != request.version:
            if decision is not None:
                found.append(Rung(step.position, step.version, step.roles, "void", decision))
            continue
        found.append(
            Rung(step.position, step.version, step.roles, _state(request, step, decision), decision)
        )
    return found


def _state(request: ApprovalRequest, step: Step, decision: Decision | None) -> str:
    if decision is not None:
        return {"approve": "approved", "reject": "rejected"}.get(decision.verdict, "sent_back")
    if request.state == State.WAITING and step.position == request.position:
        return "waiting"
    return "not_yet" if request.state in (State.WAITING, State.SENT_BACK) else "not_needed"
