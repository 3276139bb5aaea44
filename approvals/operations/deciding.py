"""Deciding a step. What an approval sets off happens in the transaction of the last decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import identities
from accounts.authority import NotAllowed, authorize
from accounts.models import Assignment, User
from accounts.queries import roles_of
from accounts.roles import Role
from approvals.models import ApprovalRequest, Comment, Decision, Delegation, State, Step, Verdict
from approvals.operations import making
from approvals.operations.asking import end
from approvals.operations.finding import locked
from approvals.operations.refusals import ApprovalRefused, Changed, Decided, NeedsProof, NotYours
from approvals.policies import Decider, after_working_days
from approvals.proof import Proof
from approvals.queries.differences import differences
from approvals.queries.money import books_of
from approvals.queries.standing import standing_of
from approvals.subjects import CannotApply
from revops.audit.operations import nothing_to_record, record, recorded
from revops.kernel import clock, strict_json

ACTION: Final = "approvals.decide"
_LONGEST: Final = 4_000


@recorded
def decide(
    *,
    request_id: int,
    verdict: str,
    by: User,
    seen: str,
    reason: str = "",
    proof: Proof | None = None,
    through: str = "",
) -> ApprovalRequest:
    """
    Decide the step that waits: ``approve``, ``send_back`` or ``reject``. ``seen`` is the
    ``sha256`` of what the person had before them; ``proof`` is needed from tier 3 on. ``through``
    names the token by which a service decides for the person.

    Raises NotAllowed or NotYours when the person may not; OutOfReach; Decided when somebody was
    first; Changed when it was edited since; NeedsProof; ApprovalRefused for a missing reason or
    when the consequence cannot be had now, in which case nothing was decided.
    """
    chosen = _verdict(verdict)
    said = reason.replace("\x00", "").strip()[:_LONGEST]
    if chosen != Verdict.APPROVE and len(said) < 5:
        raise ApprovalRefused("Say why, in a few words: whoever asked reads it.")
    try:
        with transaction.atomic():
            return _decide(request_id, chosen, by, seen, said, proof, through)
    except CannotApply as error:
        raise ApprovalRefused(f"Nothing was decided. {error}") from error
    except IntegrityError as error:
        # The database's own guards: what code lets through by mistake ends here.
        _refused(request_id, chosen, by, through, why := "The database refused this decision.")
        raise NotYours(why) from error
    except NotAllowed as refusal:
        _refused(request_id, chosen, by, through, str(refusal))
        raise


def _refused(request_id: int, verdict: Verdict, by: User, through: str, why: str) -> None:
    """No button leads here: who tries to decide what they may not is in the trail."""
    request = ApprovalRequest.objects.get(pk=request_id)
    with transaction.atomic():
        record(
            "approval.refused", by=making.actor(by), kind="approval", reference=str(request),
            label=request.title, entity=request.entity, reason=why,
            after={"wanted": verdict.value, "through": through},
        )  # fmt: skip


def _decide(
    request_id: int,
    verdict: Verdict,
    by: User,
    seen: str,
    reason: str,
    proof: Proof | None,
    through: str,
) -> ApprovalRequest:
    request = locked(request_id)
    _hold_rights(by)
    by = authorize(
        by, making.subject_of(request).decide_action, entities=[request.entity], fresh=True
    )
    at = clock.now()
    if request.state != State.WAITING:
        raise Decided(_who_was_first(request))
    if request.sha256 != seen:
        raise _changed(request, seen)
    if request.expires_at <= at:
        raise ApprovalRefused(f"{request} has expired. Whoever asked can ask again.")
    standing = standing_of(by, request, at=at)
    if standing.decider is None:
        raise NotYours(standing.reason)
    if request.reauthenticate and (proof is None or not proof.holds(by, at)):
        raise NeedsProof("Type your password: a decision of this tier needs it again.")
    _write(request, verdict, standing.decider, reason, at)
    _follow(request, verdict, by, reason, at)
    record(
        f"approval.{verdict.value}",
        by=making.actor(by),
        kind="approval",
        reference=str(request),
        label=request.title,
        entity=request.entity,
        after={
            "step": request.position,
            "version": request.version,
            "sha256": request.sha256,
            "state": request.state,
            "through": through,
        },
        reason=reason,
        on_behalf=f"user:{standing.decider.on_behalf}" if standing.decider.on_behalf else "",
    )
    return request


def _hold_rights(by: User) -> None:
    """Nobody takes a role or a delegation away between the check and the commit."""
    list(User.objects.select_for_update().filter(pk=by.pk).values_list("pk"))
    list(Assignment.objects.select_for_update().filter(user=by).values_list("pk"))
    givers = Delegation.objects.select_for_update(of=("self",)).filter(taker=by)
    people = [one.giver_id for one in givers]
    if people:
        list(Assignment.objects.select_for_update().filter(user__in=people).values_list("pk"))


def _write(
    request: ApprovalRequest, verdict: Verdict, decider: Decider, reason: str, at: datetime
) -> None:
    Decision.objects.create(
        request=request,
        step=request.position,
        version=request.version,
        verdict=verdict,
        decided_by_id=decider.user,
        on_behalf_id=decider.on_behalf,
        sha256=request.sha256,
        reason=reason,
        decided_at=at,
    )


def _follow(
    request: ApprovalRequest, verdict: Verdict, by: User, reason: str, at: datetime
) -> None:
    subject, content = making.subject_of(request), making.content_of(request)
    if verdict == Verdict.APPROVE:
        following = Step.objects.filter(
            request=request, version=request.version, position=request.position + 1
        ).first()
        if following is not None:
            books = books_of(request.entity)
            request.position = following.position
            request.escalated_at = None
            zone = books.zone if books else "UTC"
            request.due_at = after_working_days(at, following.due_days, zone)
            request.save(update_fields=["position", "escalated_at", "due_at"])
            making.tell_deciders(request, "asked", at)
            return
        end(request, State.APPROVED, "", at)
        request.outcome = subject.apply(request, content, by=by)
        request.save(update_fields=["outcome"])
    elif verdict == Verdict.REJECT:
        end(request, State.REJECTED, reason, at)
        subject.refused(request, content, verdict)
    else:
        request.state, request.due_at, request.outcome = State.SENT_BACK, None, reason
        request.save(update_fields=["state", "due_at", "outcome"])
        subject.refused(request, content, verdict)
    word = Verdict(verdict).label.lower()
    kind = "sent_back" if verdict == Verdict.SEND_BACK else "decided"
    text = f"{by.name} {word} it{f': {reason}' if reason else '.'}"
    making.tell_asker(request, kind, text)


def _verdict(text: str) -> Verdict:
    try:
        return Verdict(text)
    except ValueError:
        raise ApprovalRefused("Choose to approve, send back or reject.") from None


def _who_was_first(request: ApprovalRequest) -> str:
    latest = request.decisions.select_related("decided_by").order_by("-pk").first()
    if latest is None or request.state in (State.WITHDRAWN, State.EXPIRED):
        return f"{request} is {request.get_state_display().lower()} already."
    when = f"{timezone.localtime(latest.decided_at):%H:%M}"
    word = Verdict(latest.verdict).label.lower()
    return f"Already decided: {latest.decided_by.name} {word} this at {when}."


def _changed(request: ApprovalRequest, seen: str) -> Changed:
    known = request.editions.filter(sha256=seen).order_by("-version").first()
    subject = making.subject_of(request)
    found = (
        differences(subject, strict_json.loads(known.content), making.content_of(request))
        if known
        else []
    )
    return Changed("This was edited since you opened it. Look at what differs.", found)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of several: ``refused`` is a sentence, blank when it was decided."""

    request_id: int
    title: str
    refused: str = ""


MOST_AT_ONCE: Final = 50


@recorded
def decide_each(
    *, verdict: str, by: User, seen: Mapping[int, str], reason: str = ""
) -> Sequence[Outcome]:
    """
    Decide several of one subject that one person each may approve, to tier 1. Each is a decision
    of its own: some may be refused while others are not. ``seen`` is the digest by request id.

    Raises NotAllowed, and ApprovalRefused when they are not of one kind or too high for this.
    """
    authorize(by, ACTION)
    found = list(ApprovalRequest.objects.filter(pk__in=seen))
    if not found or len(seen) > MOST_AT_ONCE:
        raise ApprovalRefused(f"Choose 1 to {MOST_AT_ONCE} requests.")
    if len({one.subject for one in found}) > 1:
        raise ApprovalRefused("Only requests of one type are decided together.")
    if any(one.tier > 1 or one.reauthenticate for one in found):
        raise ApprovalRefused("Above tier 1 each request is decided on its own page.")
    done = []
    titles = {one.pk: one.title for one in found}
    for number in sorted(seen):
        try:
            decide(request_id=number, verdict=verdict, by=by, seen=seen[number], reason=reason)
            done.append(Outcome(number, titles.get(number, f"APR-{number}")))
        except (ApprovalRefused, NotAllowed, LookupError) as refusal:
            done.append(Outcome(number, titles.get(number, f"APR-{number}"), str(refusal)))
    if all(one.refused for one in done):
        nothing_to_record("every one was refused")
    return done


def may_comment(user: User) -> bool:
    """Whether somebody may say something: everybody who does not only read."""
    return bool(roles_of(user) - {Role.AUDITOR})


@recorded
def comment(*, request_id: int, by: User, text: str) -> Comment:
    """
    Say something beside a request. Raises NotAllowed, OutOfReach, and ApprovalRefused for an empty
    or endless text.
    """
    by = authorize(by, "approvals.view")
    if not may_comment(by):
        raise NotAllowed("Auditors read; they add nothing to what they audit.")
    words = text.replace("\x00", "").strip()
    if not words or len(words) > _LONGEST:
        raise ApprovalRefused(f"A comment has 1 to {_LONGEST:,} characters.")
    with transaction.atomic():
        request = locked(request_id)
        authorize(by, "approvals.view", entities=[request.entity])
        made = Comment.objects.create(request=request, by=by, text=words, at=clock.now())
        record(
            "approval.commented",
            by=making.actor(by),
            kind="approval",
            reference=str(request),
            label=request.title,
            entity=request.entity,
        )
    return made


@recorded
def review(*, request_id: int, by: User) -> ApprovalRequest:
    """
    Say that one of the samples, which no person decided, was looked at.

    Raises NotAllowed, NotYours for who asked, OutOfReach and ApprovalRefused.
    """
    by = authorize(by, ACTION)
    with transaction.atomic():
        request = locked(request_id)
        authorize(by, ACTION, entities=[request.entity], fresh=True)
        if not request.sampled or request.reviewed_at is not None:
            raise ApprovalRefused(f"{request} does not wait for a review.")
        one_person = identities.accounts_of(by.pk, since=request.requested_at)
        if request.makers.filter(user__in=one_person).exists():
            raise NotYours("You asked for this. Somebody else looks at it.")
        request.reviewed_by, request.reviewed_at = by, clock.now()
        request.save(update_fields=["reviewed_by", "reviewed_at"])
        record(
            "approval.reviewed",
            by=making.actor(by),
            kind="approval",
            reference=str(request),
            label=request.title,
            entity=request.entity,
        )
    return request
