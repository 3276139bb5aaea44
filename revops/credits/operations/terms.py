"""What plans promise and which rules raise credits: rows for ranges of days, never edited."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Max, QuerySet

from accounts.models import User
from accounts.queries import authorize
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from approvals.subjects import CannotApply
from revops.audit.operations import record, recorded
from revops.credits import life
from revops.credits.models import On, Promise, Rule
from revops.credits.terms import PROMISE, RULE, identity, problems
from revops.kernel import clock
from revops.kernel.actor import Actor
from revops.mappings.models import LegalEntity
from revops.mappings.queries import today

TERMS: Final = "credit_terms"
ACTION: Final = "credits.terms"


class TermsWrong(Exception):
    """``problems`` by field, in sentences."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


def earliest(entity: str) -> date:
    """
    The first day from which terms may count: today where the legal entity is, and for all of them
    where the day began first.
    """
    return today(clock.now(), entity=entity).last


@recorded
def propose(*, by: User, content: Mapping[str, Any]) -> ApprovalRequest:
    """
    Ask that a promise or rule counts from a day on, or ends with it; somebody else decides.
    ``content`` is what ``terms.problems`` checks.

    Raises NotAllowed, TermsWrong, and approvals.ApprovalRefused when a change of the same waits.
    """
    entity = content["entity"]
    authorize(by, ACTION, entities=[entity])
    wrong = problems(content, today=earliest(entity))
    if not wrong:
        later = _later(content)
        wrong = {"starts": later} if later else {}
    if wrong:
        raise TermsWrong(wrong)
    return approvals.ask(
        subject=TERMS, subject_id=identity(content)[:200], content=content, by=by, entity=entity,
        note=content["note"],
    )  # fmt: skip


def _later(content: Mapping[str, Any]) -> str:
    """Why a version cannot begin (or the last one end) on the day; blank when it can."""
    starts = date.fromisoformat(content["starts"])
    same = same_as(content)
    if same.filter(valid__startswith__gte=starts).exists():
        return f"Another version begins on {starts} or later."
    if content["end"] and not same.filter(valid__contains=starts).exists():
        return f"Nothing of it is valid on {starts}."
    return ""


def same_as(content: Mapping[str, Any]) -> QuerySet[Promise] | QuerySet[Rule]:
    """All versions of the same promise or rule."""
    terms = content["terms"]
    if content["what"] == RULE:
        return Rule.objects.filter(name=terms["name"])
    rows = Promise.objects.filter(
        plan=terms["plan"], promise=terms["promise"], severity=terms["severity"]
    )
    code = content["entity"]
    return rows.filter(legal_entity__code=code) if code else rows.filter(legal_entity=None)


@recorded
def agree(request: ApprovalRequest, content: Mapping[str, Any], *, by: Actor) -> str:
    """Agreed: the version that stands ends with the day, and the new one begins. CannotApply."""
    starts = max(date.fromisoformat(content["starts"]), earliest(content["entity"]))
    content = {**content, "starts": starts.isoformat()}
    later = _later(content)
    if later:
        raise CannotApply(later)
    same = same_as(content)
    standing = same.select_for_update().filter(valid__contains=starts).first()
    if standing is not None:
        end(standing, by=by, on=starts)
    if content["end"]:
        return f"It counts no more from {starts} on."
    number = (same.aggregate(newest=Max("number"))["newest"] or 0) + 1
    asker = request.requested_by.name if request.requested_by else request.rule
    code = content["entity"]
    entity = LegalEntity.objects.get(code=code) if code else None
    common: dict[str, Any] = {
        "by": by, "since": starts, "entity": entity, "number": number,
        "note": content["note"][:300], "made_by": asker[:120], "request_id": request.pk,
    }  # fmt: skip
    make = promise if content["what"] == PROMISE else rule
    make(**content["terms"], **common)
    return f"It counts from {starts} on, as version {number}."


@recorded
@transaction.atomic
def promise(
    *,
    by: Actor,
    label: str,
    plan: str,
    promise: str,
    target: str,
    gives: int,
    most: int,
    since: date,
    until: date | None = None,
    severity: str = "",
    entity: LegalEntity | None = None,
    number: int = 1,
    note: str = "",
    made_by: str = "",
    request_id: int | None = None,
) -> Promise:
    """
    What a plan promises from a day on; arguments are ``models.Promise``'s.

    Raises IntegrityError where another one is valid on one of the days.
    """
    made = Promise.objects.create(
        legal_entity=entity, label=label, plan=plan, promise=promise, severity=severity,
        target=target, gives=gives, most=most, valid=DateRange(since, until), number=number,
        note=note, made_by=made_by, request_id=request_id,
    )  # fmt: skip
    record(
        "credits.promise.made", by=by, kind="promise", reference=f"PRM-{made.pk}", label=label,
        entity=entity.code if entity else "",
        after={"plan": plan, "promise": promise, "gives": gives, "since": since.isoformat(),
               "version": number},
    )  # fmt: skip
    return made


@recorded
@transaction.atomic
def rule(
    *,
    by: Actor,
    name: str,
    reason_code: str,
    since: date,
    until: date | None = None,
    on: str = On.BREACHED,
    severities: Collection[str] = (),
    promise: str = "",
    sends: bool = False,
    keeps_days: int = 30,
    entity: LegalEntity | None = None,
    number: int = 1,
    note: str = "",
    made_by: str = "",
    request_id: int | None = None,
) -> Rule:
    """A rule from a day on; as ``promise``. Raises KeyError for a reason that nobody knows."""
    life.TYPE_OF[reason_code]
    made = Rule.objects.create(
        name=name, legal_entity=entity, on=on, severities=sorted(severities), promise=promise,
        reason_code=reason_code, sends=sends, keeps_days=keeps_days, valid=DateRange(since, until),
        number=number, note=note, made_by=made_by, request_id=request_id,
    )  # fmt: skip
    record(
        "credits.rule.made", by=by, kind="rule", reference=f"RUL-{made.pk}", label=name,
        entity=entity.code if entity else "",
        after={"severities": sorted(severities), "promise": promise, "sends": sends,
               "version": number},
    )  # fmt: skip
    return made


@recorded
@transaction.atomic
def end(made: Promise | Rule, *, by: Actor, on: date) -> None:
    """The last day of a promise or rule is the one before ``on``."""
    made.valid = DateRange(made.valid.lower, on)
    made.save(update_fields=["valid"])
    record(
        "credits.terms.ended", by=by, kind=made._meta.model_name or "", reference=str(made.pk),
        label=str(made), after={"until": on.isoformat()},
    )  # fmt: skip
