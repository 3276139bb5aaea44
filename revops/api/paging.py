"""
Lists by cursor, newest first: a page costs the same wherever it is, and new rows do not shift it.

Unlike a screen, which shows its first page for a cursor that makes no sense, a service must hear
that it is wrong, or it would read the same rows for ever.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Final, TypeVar

from django.db.models import Model, QuerySet
from pydantic import BaseModel, Field
from rest_framework.request import Request

from revops.api.parameters import Query
from revops.api.problems import Problem

M = TypeVar("M", bound=Model)

MOST: Final = 200


class PagedQuery(Query):
    """A list's parameters."""

    limit: Annotated[int, Field(ge=1, le=MOST, description="Rows a page.")] = 50
    cursor: Annotated[str, Field(max_length=64, description="From `next` of the answer.")] = ""


class Page(BaseModel):
    """``next`` is the address of the following page, null on the last one."""

    next: str | None


def page(rows: QuerySet[M, M], query: PagedQuery, request: Request) -> tuple[list[M], str | None]:
    """The rows of the page that was asked for, and ``next``. Raises Problem 400."""
    if query.cursor:
        rows = rows.filter(pk__lt=_read(query.cursor))
    found = list(rows.order_by("-pk")[: query.limit + 1])
    if len(found) <= query.limit:
        return found, None
    found.pop()
    address = request.query_params.copy()
    address["cursor"] = _write(found[-1].pk)
    return found, f"{request.path}?{address.urlencode()}"


def _write(key: Any) -> str:
    return base64.urlsafe_b64encode(f"before:{key}".encode()).decode().rstrip("=")


def _read(cursor: str) -> int:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        word, _, key = base64.b64decode(padded, altchars=b"-_", validate=True).partition(b":")
        if word == b"before" and key.isdigit() and len(key) < 19:
            return int(key)
    except (UnicodeEncodeError, binascii.Error):
        pass
    raise Problem(400, "parameters", "Some parameters are not right.", errors=[_WRONG])


_WRONG: Final = ("cursor", "This is no cursor of ours; take it from “next” of an answer.")
