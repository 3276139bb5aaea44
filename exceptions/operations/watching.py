"""“Tell me at 14:32”: a person is told when a case is settled, or when it should have been."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.queries import authorize
from exceptions.models import Case, CaseState, Watch
from exceptions.operations.acts import CaseRefused
from revops.audit.operations import nothing_to_record, recorded
from revops.kernel import clock
from revops.notices.operations import tell

_MOST: Final = 500


@recorded
def watch(*, case_id: int, by: User) -> Watch:
    """
    Tell the person when the case is settled, or when its check is due. Pressed twice, it is one.

    Raises NotAllowed, Case.DoesNotExist, and CaseRefused for a case that nothing is due for.
    """
    by = authorize(by, "cases.view")
    nothing_to_record("what somebody wants to be told is their own matter")
    with transaction.atomic():
        case = Case.objects.select_for_update(of=("self",)).get(pk=case_id)
        if case.state == CaseState.RESOLVED:
            raise CaseRefused("It is settled already.")
        if case.checks_at is None:
            raise CaseRefused("Nothing is due for this case that could be waited for.")
        held, _ = Watch.objects.get_or_create(
            case=case, person=by, told_at=None,
            defaults={"at": clock.now(), "due_at": case.checks_at},
        )  # fmt: skip
    return held


def tell_of_settled(case_ids: Sequence[int], *, at: datetime) -> None:
    """In the transaction that settles the cases; next to nothing where nobody watches."""
    _tell(list(Watch.objects.filter(case__in=list(case_ids), told_at=None)[:_MOST]), at)


def tell_of_due(*, at: datetime) -> int:
    """Those whose time has come although their case is not settled; a regular look calls it."""
    with transaction.atomic():
        due = Watch.objects.select_for_update(skip_locked=True, of=("self",))
        found = list(due.filter(told_at=None, due_at__lte=at).order_by("due_at")[:_MOST])
        _tell(found, at)
    return len(found)


def _tell(watches: Sequence[Watch], at: datetime) -> None:
    if not watches:
        return
    held = Case.objects.select_related("legal_entity").in_bulk({one.case_id for one in watches})
    for one in watches:
        case = held[one.case_id]
        settled = case.state == CaseState.RESOLVED
        text = case.resolution if settled else "It is asked about now; its page shows the answer."
        tell(
            recipients=[one.person_id], kind="case_watched",
            title=f"{case} is {'settled' if settled else 'due'}: {case.subject_label}"[:200],
            text=text, link=reverse("exceptions:case", args=[case.pk]), key=f"watch:{one.pk}",
            entity=case.legal_entity.code if case.legal_entity else "",
        )  # fmt: skip
    Watch.objects.filter(pk__in=[one.pk for one in watches]).update(told_at=at)
