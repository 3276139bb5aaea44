"""Putting an ERP right, as something that somebody else agrees to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.queries import actor_of, authorize
from approvals import operations as approvals
from approvals.models import ApprovalRequest, State, Verdict
from approvals.subjects import CannotApply, Consequences, Content, Flag, Row, Subject
from exceptions.models import Case, CaseEntry, CaseState
from exceptions.operations import CaseRefused
from revops.audit.operations import Object, record_each, recorded
from revops.kernel import clock
from revops.kernel.money import Money
from revops.pipeline import wake
from revops.reconciliation.models import Break, BreakState
from revops.reconciliation.operations import mending
from revops.reconciliation.operations.mending import CannotMend, Plan

SLUG: Final = "erp_correction"
ACTION: Final = "journals.correct"


@recorded
def ask(*, case_id: int, by: User, reason: str) -> ApprovalRequest:
    """
    Ask to have the ERP put right where it differs from our books. Raises NotAllowed, CaseRefused.
    """
    with transaction.atomic():
        case = (
            Case.objects.select_for_update(of=("self",))
            .select_related("legal_entity")
            .get(pk=case_id)
        )
        entity = case.legal_entity.code if case.legal_entity else ""
        by = authorize(by, ACTION, entities=[entity])
        if case.state == CaseState.RESOLVED:
            raise CaseRefused("The break is settled.")
        waiting = ApprovalRequest.objects.filter(
            subject=SLUG, subject_id=str(case.pk), state__in=[State.WAITING, State.SENT_BACK]
        ).first()
        if waiting is not None:
            raise CaseRefused(f"It is asked for already: {waiting} waits.")
        found, agreed = _planned(case)
        content = {**_content(found, agreed), "case": case.pk, "reason": reason}
        sums = [Money(amount, currency) for currency, amount in sorted(agreed.amounts.items())]
        try:
            asked = approvals.ask(
                subject=SLUG, subject_id=case.pk, content=content, by=by, entity=entity,
                amount=sums[0] if len(sums) == 1 else None, note=reason,
            )  # fmt: skip
        except (approvals.ApprovalRefused, CannotApply) as refusal:
            raise CaseRefused(str(refusal)) from refusal
        CaseEntry.objects.create(
            case=case, at=clock.now(), tone="wait", by=by,
            text=f"Putting {agreed.system} right was asked for ({asked}).",
        )  # fmt: skip
        held = Object(str(case), case.subject_label, entity, after={"asked": str(asked)})
        record_each("breaks.mend", by=actor_of(by), kind="case", held=[held], reason=reason)
    return asked


class ErpCorrection(Subject):
    """Documents of the ERP are reversed there, or ours are posted again."""

    slug = SLUG
    label = "ERP put right"
    request_action = ACTION
    decide_action = "journals.correct.approve"
    fallback = ("manager",)

    def title(self, content: Content) -> str:
        return f"Put {content['system']} right: {content['subject']}"[:200]

    def describe(self, content: Content) -> Sequence[Row]:
        return [
            Row("Case", f"EXC-{content['case']}", link=_case(content)),
            *(
                Row(f"Reverse {one['number']}", Money(one["amount"], one["currency"]),
                    sub=f"dated {one['dated']}")
                for one in content["reverses"]
            ),
            *(
                Row(f"Post JE-{one['entry']} again", Money(one["amount"], one["currency"]),
                    sub=one["document"])
                for one in content["posts"]
            ),
            Row("Why", str(content["reason"])),
        ]  # fmt: skip

    def consequences(self, content: Content) -> Consequences:
        sentences = []
        if content["reverses"]:
            sentences.append("A new document there takes back what is wrong; nothing is edited.")
        if content["posts"]:
            sentences.append("Ours is posted again under a key of its own; our books stay.")
        return Consequences(sentences=sentences, entity=str(content["entity"]))

    def flags(self, request: ApprovalRequest, content: Content) -> Sequence[Flag]:
        return [Flag("warn", "It changes the ERP", "The next comparison shows whether both agree.")]

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        return apply(request, content)

    def refused(self, request: ApprovalRequest, content: Content, verdict: Verdict | str) -> None:
        CaseEntry.objects.create(
            case_id=content["case"], at=clock.now(), tone="warn",
            text=f"Putting {content['system']} right was not agreed to ({request}).",
        )  # fmt: skip

    def link(self, request: ApprovalRequest) -> str:
        return reverse("exceptions:case", args=[int(request.subject_id)])


def apply(request: ApprovalRequest, content: Mapping[str, Any]) -> str:
    """
    Ask the ERP for what was agreed to, in the transaction of the decision. Raises CannotApply when
    the break reads otherwise by now.
    """
    case = Case.objects.select_for_update().get(pk=content["case"])
    try:
        found, agreed = _planned(case)
    except CaseRefused as refusal:
        raise CannotApply(str(refusal)) from refusal
    now = _content(found, agreed)
    if any(content[name] != now[name] for name in now):
        raise CannotApply("The break reads otherwise by now. Ask again with what is there.")
    count = mending.carry_out(found, agreed)
    if not count:
        raise CannotApply(f"{agreed.system} has been asked for this before.")
    transaction.on_commit(partial(wake.delivery, agreed.connection_id), robust=True)
    text = (
        f"{agreed.system} is asked for {count} document{'' if count == 1 else 's'} ({request}). "
        "The next comparison settles the break."
    )
    CaseEntry.objects.create(case=case, at=clock.now(), text=text, by=request.requested_by)
    return text


def _planned(case: Case) -> tuple[Break, Plan]:
    found = mending.break_of(case)
    if found is None or found.state == BreakState.SETTLED:
        raise CaseRefused("No break stands for this case any more.")
    try:
        return found, mending.plan(found)
    except CannotMend as error:
        raise CaseRefused(str(error)) from error


def _content(found: Break, agreed: Plan) -> dict[str, Any]:
    return {
        "break": found.pk,
        "subject": str(found),
        "system": agreed.system,
        "entity": agreed.entity,
        "reverses": [
            {
                "id": one.external_id, "number": one.number, "dated": one.dated.isoformat(),
                "currency": one.currency,
                "amount": sum(amount for _, amount in one.lines if amount > 0),
                "lines": [list(line) for line in one.lines],
            }
            for one in agreed.reverses
        ],
        "posts": [
            {
                "entry": row.subject_id, "document": row.document_type,
                "currency": row.currency, "amount": row.amount,
            }
            for row in agreed.posts
        ],
    }  # fmt: skip


def _case(content: Content) -> str:
    return reverse("exceptions:case", args=[content["case"]])
