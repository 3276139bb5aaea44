"""How an entity closes: its target and holidays, what people do, where late events belong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from django.db import transaction
from django.utils.text import slugify

from accounts.models import User
from accounts.queries import actor_of, authorize
from revops.audit.operations import record, recorded
from revops.close.areas import BY_SLUG
from revops.close.models import CloseCalendar, LatePolicy, TaskTemplate
from revops.close.models.late import LateWay
from revops.kernel import clock
from revops.mappings.models import LegalEntity

_ACTION: Final = "periods.close"
_MOST_DAYS: Final = 30
_LONGEST_TITLE: Final = 160


class SettingRefused(Exception):
    """It makes no sense; the message says why."""


@recorded
@transaction.atomic
def set_calendar(
    *, entity: LegalEntity, target_days: int, holidays: Sequence[date], by: User
) -> CloseCalendar:
    """
    The target, in working days after a period's end, and the days on which nobody works.

    Raises NotAllowed, OutOfScope, SettingRefused.
    """
    by = authorize(by, "periods.close", entities=[entity.code])
    if not 1 <= target_days <= _MOST_DAYS:
        raise SettingRefused("The target is 1 to 30 working days after the period’s end.")
    days = sorted({one.isoformat() for one in holidays})
    if len(days) > 366:
        raise SettingRefused("At most 366 holidays.")
    known = CloseCalendar.objects.select_for_update().filter(legal_entity=entity).first()
    before = {"target": known.target_days, "holidays": known.holidays} if known else None
    made, _ = CloseCalendar.objects.update_or_create(
        legal_entity=entity,
        defaults={
            "target_days": target_days, "holidays": days, "changed_by": by,
            "changed_at": clock.now(),
        },
    )  # fmt: skip
    record(
        "close.calendar", by=actor_of(by), kind="close_calendar", reference=entity.code,
        label=str(made), entity=entity.code, before=before,
        after={"target": target_days, "holidays": days},
    )  # fmt: skip
    return made


@recorded
@transaction.atomic
def set_template(
    *, title: str, area: str, due_day: int, by: User, entity: LegalEntity | None = None,
    preparer: User | None = None, reviewer: User | None = None, slug: str = "",
) -> TaskTemplate:  # fmt: skip
    """
    A task for every close from now on; with ``slug``, the next version of one that is there.
    Tasks that exist stay as they are.

    Raises NotAllowed, OutOfScope, SettingRefused.
    """
    code = entity.code if entity else ""
    by = authorize(by, "periods.close", entities=[code])
    title = title.replace("\x00", "").strip()
    if not title or len(title) > _LONGEST_TITLE:
        raise SettingRefused("Say in at most 160 characters what has to be done.")
    if area not in BY_SLUG:
        raise SettingRefused("Choose the area that it belongs to.")
    if not 0 <= due_day <= _MOST_DAYS:
        raise SettingRefused("It is due 0 to 30 working days after the period’s end.")
    if preparer is not None and preparer == reviewer:
        raise SettingRefused("Whoever prepares it does not review it.")
    now = clock.now()
    version = 1
    if slug:
        old = TaskTemplate.objects.select_for_update().filter(slug=slug, retired_at__isnull=True)
        known = old.first()
        if known is None:
            raise SettingRefused("There is no such task any more.")
        if known.legal_entity_id != (entity.pk if entity else None):
            # Whoever moves it may change it where it was, too.
            was = known.legal_entity.code if known.legal_entity else ""
            authorize(by, "periods.close", entities=[was])
        version = known.version + 1
        old.update(retired_at=now)
    else:
        slug = _new_slug(title)
    made = TaskTemplate.objects.create(
        slug=slug, version=version, legal_entity=entity, title=title, area=area, due_day=due_day,
        preparer=preparer, reviewer=reviewer, made_by=by, made_at=now,
    )  # fmt: skip
    record(
        "close.template", by=actor_of(by), kind="close_template", reference=slug, label=title,
        entity=code, after={"version": version, "due_day": due_day, "area": area},
    )  # fmt: skip
    return made


@recorded
@transaction.atomic
def retire_template(*, slug: str, by: User) -> TaskTemplate:
    """
    Make no more tasks of it; those that exist stay.

    Raises NotAllowed, OutOfScope, TaskTemplate.DoesNotExist.
    """
    rows = TaskTemplate.objects.select_for_update(of=("self",)).select_related("legal_entity")
    held = rows.get(slug=slug, retired_at__isnull=True)
    code = held.legal_entity.code if held.legal_entity else ""
    by = authorize(by, "periods.close", entities=[code])
    held.retired_at = clock.now()
    held.save(update_fields=["retired_at"])
    record(
        "close.template_retired", by=actor_of(by), kind="close_template", reference=slug,
        label=held.title, entity=code,
    )  # fmt: skip
    return held


@recorded
@transaction.atomic
def set_late_policy(
    *, entity: LegalEntity, rows: Sequence[tuple[int | None, str]], by: User
) -> list[LatePolicy]:
    """
    What is proposed for late events: (up to so many whole units, a LateWay), None for any amount.

    Raises NotAllowed, OutOfScope, SettingRefused.
    """
    by = authorize(by, "periods.close", entities=[entity.code])
    limits = [limit for limit, _ in rows]
    if len(set(limits)) < len(limits):
        raise SettingRefused("Each limit stands once.")
    if any(way not in LateWay.values for _, way in rows):
        raise SettingRefused("Choose what is proposed.")
    old = LatePolicy.objects.select_for_update().filter(legal_entity=entity)
    before = {str(one.up_to): one.way for one in old}
    old.delete()
    now = clock.now()
    made = LatePolicy.objects.bulk_create(
        LatePolicy(legal_entity=entity, up_to=limit, way=way, changed_by=by, changed_at=now)
        for limit, way in rows
    )
    record(
        "close.late_policy", by=actor_of(by), kind="close_late_policy", reference=entity.code,
        label=entity.name, entity=entity.code, before=before,
        after={str(limit): way for limit, way in rows},
    )  # fmt: skip
    return made


def _new_slug(title: str) -> str:
    base = slugify(title)[:32] or "task"
    number = TaskTemplate.objects.filter(slug__startswith=base).values("slug").distinct().count()
    return f"{base}-{number + 1}" if number else base
