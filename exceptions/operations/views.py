"""Saving a queue under a name. A preference of one's own: it changes no case."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.utils.text import slugify

from accounts.models import User
from accounts.queries import actor_of, authorize
from exceptions.models import SavedView
from exceptions.operations.acts import CaseRefused
from revops.audit.operations import record, recorded
from revops.kernel import clock

_MOST: Final = 50
_LONGEST: Final = 80


@recorded
def save_view(
    *, by: User, query: str, name: str = "", slug: str = "", shared: bool = False
) -> SavedView:
    """
    Keep ``query`` under a new name, or, with ``slug``, in a view of one's own that is there.

    Raises NotAllowed, and CaseRefused without a name, for somebody else's view, or for too many.
    """
    by = authorize(by, "cases.view")
    words = " ".join(name.replace("\x00", "").split())[:_LONGEST]
    with transaction.atomic():
        view = SavedView.objects.select_for_update().filter(slug=slug, owner=by).first()
        if slug and view is None:
            raise CaseRefused("This view is somebody else’s. Save it under a name of your own.")
        if view is None:
            if not words:
                raise CaseRefused("Give the view a name.")
            if SavedView.objects.filter(owner=by).count() >= _MOST:
                raise CaseRefused(f"You have {_MOST} views. Delete one first.")
            view = SavedView(slug=_free(words), name=words, owner=by, shared=shared)
        view.query, view.changed_at = query[:2_000], clock.now()
        view.save()
        record(
            "cases.save_view", by=actor_of(by), kind="view", reference=view.slug, label=view.name,
            after={"query": view.query, "shared": view.shared},
        )  # fmt: skip
    return view


@recorded
def delete_view(*, by: User, slug: str) -> None:
    """Forget a view of one's own. Raises NotAllowed, SavedView.DoesNotExist."""
    by = authorize(by, "cases.view")
    with transaction.atomic():
        view = SavedView.objects.select_for_update().get(slug=slug, owner=by)
        record(
            "cases.delete_view", by=actor_of(by), kind="view", reference=slug, label=view.name,
            before={"query": view.query, "shared": view.shared},
        )  # fmt: skip
        view.delete()


def _free(name: str) -> str:
    """An address of its own: the name's words, and a number when they are taken."""
    base = slugify(name)[:50] or "view"
    taken = set(SavedView.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number, slug = 2, base
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug
