"""Asking, editing what was asked, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from accounts.authority import NotAllowed, authorize
from accounts.models import User
from approvals import subjects
from approvals.models import ApprovalRequest, Edition, Maker, State
from approvals.operations import making
from approvals.operations.finding import locked
from approvals.operations.making import ASKED_FOR_IT, EDITED_IT, Packed
from approvals.operations.refusals import ApprovalRefused, Changed
from approvals.policies import is_sampled
from approvals.queries.differences import differences
from approvals.queries.rules import Asked
from revops.audit.operations import nothing_to_record, record, recorded
from revops.kernel import clock, correlation
from revops.kernel.keys import sha256
from revops.kernel.money import Money

_LONGEST_NOTE: Final = 4_000


@recorded
def ask(
    *,
    subject: str,
    subject_id: str | int,
    content: Mapping[str, Any],
    by: User | None,
    entity: str,
    amount: Money | None = None,
    customer: int | None = None,
    reason_code: str = "",
    note: str = "",
    rule: str = "",
) -> ApprovalRequest:
    """
    Ask for something. The policy of today places it in a tier; where that asks nobody, it is
    applied before this returns, and the request is approved.

    ``content`` is what is asked for, as plain JSON values; ``entity`` a legal entity's code, or
    blank for what concerns all of them; ``customer`` the id of a Party. ``by`` is None for a rule
    of the console's, which then has a name in ``rule``. Asking for exactly the same again while it
    waits gives the request that stands, and makes a second asker one of its makers.

    Raises NotAllowed; ApprovalRefused when something else is being asked for the same thing;
    subjects.CannotApply when it is applied at once and cannot be.
    """
    known = subjects.get(subject)
    if by is not None:
        by = authorize(by, known.request_action, entities=[entity])
    elif not rule:
        raise ValueError("Somebody asks: give a person, or the name of the rule.")
    packed = Packed.of(content)
    at = clock.now()
    with transaction.atomic():
        _one_at_a_time(f"{subject}:{subject_id}", f"{subject}:customer:{customer}")
        standing = _open_request(subject, str(subject_id))
        if standing is not None:
            return _join(standing, packed, by)
        found = making.asked(
            known,
            packed,
            entity=entity,
            amount=amount,
            customer=customer,
            reason_code=reason_code,
            by=by.pk if by else None,
            at=at,
        )
        request = ApprovalRequest(
            subject=subject,
            subject_id=str(subject_id),
            title=known.title(packed.content)[:200],
            content=packed.text,
            sha256=packed.digest,
            entity=entity,
            customer_id=customer,
            amount=amount.minor if amount else None,
            currency=amount.currency if amount else "",
            reason_code=reason_code,
            note=note.replace("\x00", "").strip()[:_LONGEST_NOTE],
            requested_by=by,
            rule=rule if by is None else "",
            requested_at=at,
            correlation_id=correlation.current() or correlation.new_id(),
        )
        making.place(request, found, at)
        request.save()
        making.build(request, found)
        making.note_makers(request, known, packed.content, by, ASKED_FOR_IT)
        _set_off(request, found, packed, by, at)
        record(
            "approval.asked",
            by=making.actor(by, rule),
            kind="approval",
            reference=str(request),
            label=request.title,
            entity=entity,
            after=_facts(request),
            reason=request.note,
        )
    return request


@recorded
def amend(
    *,
    request_id: int,
    content: Mapping[str, Any],
    by: User,
    seen: str,
    amount: Money | None = None,
    note: str = "",
) -> ApprovalRequest:
    """
    Ask for something else than before, while it waits or after it was sent back. A new version:
    what was approved of the old one is void, and whoever edits may never decide it. ``seen`` is
    the ``sha256`` that the person had before them.

    Raises NotAllowed, OutOfReach, ApprovalRefused, and Changed when somebody else edited first.
    """
    packed = Packed.of(content)
    at = clock.now()
    with transaction.atomic():
        request = locked(request_id)
        known = making.subject_of(request)
        by = authorize(by, known.request_action, entities=[request.entity])
        _one_at_a_time(f"{request.subject}:customer:{request.customer_id}")
        if request.state not in (State.WAITING, State.SENT_BACK):
            raise ApprovalRefused(f"{request} is {request.get_state_display().lower()} already.")
        if request.sha256 != seen:
            raise Changed(
                "Somebody edited this since you opened it. Look at what differs first.",
                differences(known, packed.content, making.content_of(request)),
            )
        if request.sha256 == packed.digest and request.state == State.WAITING:
            nothing_to_record("it asks for the same as before")
            return request
        before = _facts(request)
        found = making.asked(
            known,
            packed,
            entity=request.entity,
            amount=amount,
            customer=request.customer_id,
            reason_code=request.reason_code,
            by=by.pk,
            at=at,
            besides=request.pk,
        )
        request.version += 1
        request.content, request.sha256 = packed.text, packed.digest
        request.title = known.title(packed.content)[:200]
        request.amount = amount.minor if amount else None
        request.currency = amount.currency if amount else ""
        request.note = note.replace("\x00", "").strip()[:_LONGEST_NOTE] or request.note
        request.state = State.WAITING
        making.place(request, found, at)
        # Before the row changes: the database refuses a version that has no steps and no policy.
        making.build(request, found)
        request.save()
        making.note_makers(request, known, packed.content, by, EDITED_IT)
        _set_off(request, found, packed, by, at)
        record(
            "approval.edited",
            by=making.actor(by),
            kind="approval",
            reference=str(request),
            label=request.title,
            entity=request.entity,
            before=before,
            after=_facts(request),
            reason=note,
        )
    return request


@recorded
def withdraw(*, request_id: int, by: User, reason: str = "") -> ApprovalRequest:
    """
    Take a request back. Only who asked or edited may.

    Raises NotAllowed, OutOfReach and ApprovalRefused.
    """
    with transaction.atomic():
        request = locked(request_id)
        mine = Maker.objects.filter(request=request, user=by, why__in=making.ASKED)
        if not mine.exists():
            raise NotAllowed("Only who asked for it can take it back.")
        if request.state not in (State.WAITING, State.SENT_BACK):
            raise ApprovalRefused(f"{request} is {request.get_state_display().lower()} already.")
        end(request, State.WITHDRAWN, reason.strip() or f"Taken back by {by.name}.", clock.now())
        making.subject_of(request).refused(request, making.content_of(request), "withdrawn")
        making.tell_deciders_of_end(request, "withdrawn")
        record(
            "approval.withdrawn",
            by=making.actor(by),
            kind="approval",
            reference=str(request),
            label=request.title,
            entity=request.entity,
            reason=reason,
        )
    return request


def end(request: ApprovalRequest, state: State, outcome: str, at: datetime) -> None:
    """The request's last state, saved."""
    request.state, request.outcome, request.ended_at = state, outcome, at
    request.due_at = None
    request.save(update_fields=["state", "outcome", "ended_at", "due_at", "sampled"])


def _set_off(
    request: ApprovalRequest, found: Asked, packed: Packed, by: User | None, at: datetime
) -> None:
    """Keep what is asked for now, and let it through or tell those who decide."""
    _edition(request, by, at)
    if found.placed.tier.automatic:
        _let_through(request, packed, at)
    else:
        making.tell_deciders(request, "asked", at)


def _let_through(request: ApprovalRequest, packed: Packed, at: datetime) -> None:
    """The policy says yes by itself; some are looked at afterwards."""
    percent = request.policy.sample_percent if request.policy else 100
    request.sampled = is_sampled(f"{request.pk}:{request.version}", percent)
    end(request, State.APPROVED, "", at)
    done = making.subject_of(request).apply(request, packed.content, by=None)
    ApprovalRequest.objects.filter(pk=request.pk).update(outcome=done)
    request.outcome = done


def _open_request(subject: str, subject_id: str) -> ApprovalRequest | None:
    return (
        ApprovalRequest.objects.select_for_update(of=("self",))
        .filter(
            subject=subject,
            subject_id=subject_id,
            state__in=[State.WAITING, State.SENT_BACK],
        )
        .first()
    )


def _join(standing: ApprovalRequest, packed: Packed, by: User | None) -> ApprovalRequest:
    """The same thing is asked for already."""
    if standing.sha256 != packed.digest or standing.state != State.WAITING:
        raise ApprovalRefused(
            f"{standing} asks for something else about the same thing. Change that one, or wait."
        )
    if by is None or Maker.objects.filter(request=standing, user=by).exists():
        nothing_to_record("the same is asked for already")
        return standing
    Maker.objects.create(request=standing, user=by, why=ASKED_FOR_IT)
    record(
        "approval.joined",
        by=making.actor(by),
        kind="approval",
        reference=str(standing),
        label=standing.title,
        entity=standing.entity,
    )
    return standing


def _one_at_a_time(*names: str) -> None:
    """Requests for one thing, and for one customer, are placed one after the other."""
    with connection.cursor() as cursor:
        for number in sorted(int(sha256(f"approvals:{name}")[:15], 16) for name in names):
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (number,))


def _edition(request: ApprovalRequest, by: User | None, at: datetime) -> None:
    Edition.objects.create(
        request=request,
        version=request.version,
        content=request.content,
        sha256=request.sha256,
        tier=request.tier,
        by=by,
        at=at,
    )


def _facts(request: ApprovalRequest) -> dict[str, Any]:
    return {
        "version": request.version,
        "sha256": request.sha256,
        "tier": request.tier,
        "amount": request.amount,
        "currency": request.currency,
        "state": request.state,
    }


__all__ = ["amend", "ask", "end", "withdraw"]
