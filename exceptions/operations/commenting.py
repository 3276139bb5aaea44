"""What people say about a case, whom they name in it, and changing one's words for five minutes."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.queries import actor_of, authorize
from exceptions.models import Case, CaseEntry
from exceptions.operations.acts import CaseRefused
from exceptions.queries.people import named_in, seers
from revops.audit.operations import Object, nothing_to_record, record_each, recorded
from revops.kernel import cards, clock
from revops.notices.operations import tell

EDITABLE: Final = timedelta(minutes=5)
_ACTION: Final = "cases.comment"
_LONGEST: Final = 4_000
_TOLD: Final = 300


@recorded
def comment(*, case_id: int, by: User, text: str) -> None:
    """
    Add what somebody has to say. Resolved cases take comments too. Whoever is named with an @ and
    sees the case is told.

    Raises NotAllowed, Case.DoesNotExist, and CaseRefused for an empty or endless text.
    """
    by = authorize(by, _ACTION)
    words = _clean(text)
    with transaction.atomic():
        case = Case.objects.select_related("legal_entity").get(pk=case_id)
        made = CaseEntry.objects.create(case=case, at=clock.now(), text=words, by=by, comment=True)
        _tell_named(case, made, by)
        _record(case, by, "cases.comment", None, words)


@recorded
def edit_comment(*, case_id: int, entry_id: int, by: User, text: str) -> None:
    """
    Put other words into one's own comment, within five minutes of it; it is shown as edited, and
    the trail keeps both. Whoever is named only now is told.

    Raises NotAllowed, CaseEntry.DoesNotExist, and CaseRefused for somebody else's comment, one that
    is too old, and an empty or endless text.
    """
    by = authorize(by, _ACTION)
    with transaction.atomic():
        made = (
            CaseEntry.objects.select_for_update(of=("self",))
            .select_related("case__legal_entity")
            .get(pk=entry_id, case=case_id, comment=True)
        )
        words, now = _clean(text), clock.now()
        if made.by_id != by.pk:
            raise CaseRefused("Only who wrote a comment can change it.")
        if now > made.at + EDITABLE:
            raise CaseRefused("A comment can be changed for five minutes. Add another one.")
        if made.text == words:
            nothing_to_record("the words are the same")
            return
        before = made.text
        CaseEntry.objects.filter(pk=made.pk).update(text=words, edited_at=now)
        made.text = words
        _tell_named(made.case, made, by)
        _record(made.case, by, "cases.comment_edit", before, words)


def _clean(text: str) -> str:
    words = cards.redact(text.replace("\x00", "").strip().encode("utf-8", "replace"))[0].decode()
    if not words:
        raise CaseRefused("Write something first.")
    if len(words) > _LONGEST:
        raise CaseRefused(f"A comment has at most {_LONGEST:,} characters.")
    return words


def _tell_named(case: Case, made: CaseEntry, by: User) -> None:
    """The same comment tells nobody twice, however often it is changed."""
    if "@" not in made.text:
        return
    entity = _entity(case)
    named = named_in(made.text, seers(entity)) - {by.pk}
    if named:
        tell(
            recipients=named, kind="mention", entity=entity,
            title=f"{by.name} named you on {case}",
            text=made.text if len(made.text) <= _TOLD else f"{made.text[:_TOLD]}…",
            link=f"{reverse('exceptions:case', args=[case.pk])}#comments",
            key=f"case:{case.pk}:comment:{made.pk}",
        )  # fmt: skip


def _record(case: Case, by: User, action: str, before: str | None, after: str) -> None:
    held = Object(
        str(case), case.subject_label, _entity(case),
        before={"comment": before} if before is not None else {},
        after={"comment": after},
    )  # fmt: skip
    record_each(action, by=actor_of(by), kind="case", held=[held])


def _entity(case: Case) -> str:
    return case.legal_entity.code if case.legal_entity else ""
