"""A request as it lies before somebody: facts, what it does, the ladder, and what they may do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from approvals import subjects
from approvals.models import ApprovalRequest, Comment, State
from approvals.queries.differences import Difference, differences
from approvals.queries.inbox import label_of
from approvals.queries.ladder import Rung, ladder
from approvals.queries.standing import Standing, standing_of
from approvals.subjects import Consequences, Content, Flag, Moment, Row, Subject
from revops.kernel import strict_json
from revops.kernel.money import Money
from revops.web.formats import money_text


@dataclass(frozen=True, slots=True)
class Paper:
    """Everything that a page shows of one request, for one person."""

    request: ApprovalRequest
    label: str
    amount: Money | None
    functional: Money | None
    cumulative: Money | None
    rows: Sequence[Row]
    effect: Consequences
    total: Money | None
    rungs: Sequence[Rung]
    standing: Standing
    flags: Sequence[Flag]
    road: Sequence[Moment]
    verb: str
    link: str
    asker: str

    @property
    def note(self) -> str:
        """What the asker wrote, unless the facts say it already."""
        said = {str(row.value) for row in self.rows}
        return "" if self.request.note in said else self.request.note

    @property
    def raised(self) -> int:
        return sum(1 for flag in self.flags if flag.tone in ("warn", "crit"))

    @property
    def clear(self) -> int:
        return sum(1 for flag in self.flags if flag.tone == "ok")

    @property
    def last(self) -> bool:
        """Whether the step that waits is the last one."""
        now = [rung.position for rung in self.rungs if rung.state == "waiting"]
        return bool(now) and now[0] == max(
            rung.position for rung in self.rungs if rung.version == self.request.version
        )

    @property
    def others(self) -> int:
        """How many others may decide it."""
        return len({one.user for one in self.standing.able}) - (1 if self.standing.may else 0)


def paper(user: User, request: ApprovalRequest, *, at: datetime) -> Paper:
    """The request as the person sees it now."""
    subject = subjects.find(request.subject)
    content: Content = strict_json.loads(request.content)
    amount = Money(request.amount, request.currency) if request.amount is not None else None
    effect = subject.consequences(content) if subject else Consequences()
    own = request.functional_currency
    return Paper(
        request=request,
        label=label_of(request.subject),
        amount=amount,
        functional=Money(request.functional, own) if request.functional is not None else None,
        cumulative=Money(request.cumulative, own) if own and request.cumulative else None,
        rows=subject.describe(content) if subject else [],
        effect=effect,
        total=_total(effect),
        rungs=ladder(request),
        standing=standing_of(user, request, at=at),
        flags=_flags(subject, request, content),
        road=_road(subject, request),
        verb=f"Approve {money_text(amount)}" if amount is not None else "Approve",
        link=subject.link(request) if subject else "",
        asker=request.requested_by.name if request.requested_by else request.rule,
    )


def since_last_yes(request: ApprovalRequest) -> tuple[int, list[Difference]]:
    """The version that was approved last or stood before, and what differs; (0, []) if none."""
    if request.version == 1:
        return 0, []
    subject = subjects.find(request.subject)
    approved = (
        request.decisions.filter(version__lt=request.version, verdict="approve")
        .order_by("-version")
        .first()
    )
    version = approved.version if approved else request.version - 1
    before = request.editions.filter(version=version).first()
    if before is None or subject is None:
        return 0, []
    return version, differences(
        subject, strict_json.loads(before.content), strict_json.loads(request.content)
    )


def comments_of(request: ApprovalRequest) -> Sequence[Comment]:
    """Oldest first."""
    return list(request.comments.select_related("by"))


def _total(effect: Consequences) -> Money | None:
    debits = [line.debit for line in effect.lines if line.debit is not None]
    credits = [line.credit for line in effect.lines if line.credit is not None]
    if not debits or len({one.currency for one in [*debits, *credits]}) != 1:
        return None
    both = sum(one.minor for one in debits), sum(one.minor for one in credits)
    return Money(both[0], debits[0].currency) if both[0] == both[1] else None


def _flags(subject: Subject | None, request: ApprovalRequest, content: Content) -> Sequence[Flag]:
    found = list(subject.flags(request, content)) if subject else []
    if not request.rated:
        found.insert(0, Flag("warn", "No exchange rate", "The highest tier counts for that."))
    if request.escalated_at is not None and request.state == State.WAITING:
        found.insert(0, Flag("warn", "Late", "It waits longer than the policy allows."))
    if request.sampled and request.reviewed_at is None:
        found.insert(0, Flag("info", "Chosen for review", "No person decided it. Look at it once."))
    return found


def _road(subject: Subject | None, request: ApprovalRequest) -> Sequence[Moment]:
    """From the first version to the ERP's journal, in order; what is still to come at the end."""
    found = []
    for edition in request.editions.select_related("by"):
        who = edition.by.name if edition.by else request.rule
        verb = "asks for it" if edition.version == 1 else f"sends version {edition.version}"
        found.append(Moment(f"{who} {verb}", edition.at, f"Tier {edition.tier}"))
    for decision in request.decisions.select_related("decided_by", "on_behalf"):
        tone = {"approve": "ok", "reject": "crit"}.get(decision.verdict, "warn")
        void = "" if decision.version == request.version else "Void since the edit. "
        place = f" for {decision.on_behalf.name}" if decision.on_behalf else ""
        word = decision.get_verdict_display().lower()
        text = f"{decision.decided_by.name}{place} {word} step {decision.step}"
        found.append(Moment(text, decision.decided_at, f"{void}{decision.reason}".strip(), tone))
    if request.escalated_at is not None:
        found.append(Moment("It became late and was escalated", request.escalated_at, tone="warn"))
    if request.ended_at is not None and request.state in (
        State.WITHDRAWN, State.EXPIRED, State.APPROVED,
    ):  # fmt: skip
        text = {"approved": "Done"}.get(request.state, request.get_state_display())
        found.append(
            Moment(text, request.ended_at, request.outcome, tone="ok" if text == "Done" else "none")
        )
    if request.state == State.WAITING:
        found.append(Moment(f"Step {request.position} waits", None, tone="wait"))
    own = list(subject.timeline(request)) if subject else []
    past = sorted((one for one in [*found, *own] if one.at is not None), key=_when)
    return [*past, *(one for one in [*found, *own] if one.at is None)]


def _when(moment: Moment) -> datetime:
    assert moment.at is not None
    return moment.at
