"""A page that is one list: its rows out of the address, and what all of them are rendered with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from revops.web.filters import State
from revops.web.htmx import render_page
from revops.web.pagination import Page, capped_count, keyset_page, page_size

M = TypeVar("M", bound=Model)


def page_at(rows: QuerySet[M, M], state: State, *, order: Sequence[str]) -> Page[M]:
    """
    The page of ``rows`` that the address asks for (its keys ``after``, ``before`` and ``rows``),
    counted up to a cap. Two queries. ``order`` as for ``keyset_page``.
    """
    return keyset_page(
        rows, order=order, after=state.one("after"), before=state.one("before"),
        size=page_size(state.one("rows")), count=capped_count(rows),
    )  # fmt: skip


def render_list(
    request: HttpRequest,
    template: str,
    state: State,
    page: Page[Any],
    *,
    noun: str,
    form: Sequence[str],
    more: Mapping[str, Any],
) -> HttpResponse:
    """
    The page, or its partial ``list``. ``form`` are the filters that it shows, ``noun`` what a row
    is called, ``more`` what the template takes beside ``state``, ``path``, ``page``.
    """
    context = {
        "state": state, "path": request.path, "page": page, "noun": noun,
        "form": state.form(*form), **more,
    }  # fmt: skip
    return render_page(
        request, template, context, fragments={"list": "list"}, address=state.address(request.path)
    )
