"""``/api/v1/journals/``: entries, their lines, and how their posting went."""

from __future__ import annotations

from typing import Annotated, Literal

from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from revops.api import queries
from revops.api.paging import PagedQuery, page
from revops.api.problems import Problem
from revops.api.references import number_of
from revops.api.shapes.journals import JournalDetailOut, JournalOut, JournalsOut
from revops.api.views.base import MachineView

PostingState = Literal[
    "waiting", "sending", "retrying", "in_doubt", "posted", "held", "cancelled", "not_routed"
]


class JournalQuery(PagedQuery):
    entity: Annotated[str | None, Field(max_length=24, description="A legal entity's code.")] = None
    period: Annotated[str | None, Field(max_length=12, examples=["2026-10"])] = None
    account: Annotated[str | None, Field(max_length=24, description="On any of its lines.")] = None
    state: Annotated[
        PostingState | None, Field(description="How its posting stands, in any ERP.")
    ] = None
    business_key: Annotated[str | None, Field(max_length=240)] = None


class Journals(MachineView):
    scope = "read:journals"
    entity_scoped = True

    @extend_schema(
        operation_id="list_journals",
        summary="Journal entries, newest first",
        parameters=JournalQuery.parameters(),
        responses={200: JournalsOut},
    )
    def get(self, request: Request) -> Response:
        query = JournalQuery.read(request)
        filters = query.model_dump(exclude={"limit", "cursor"})
        rows, following = page(queries.journals(**filters), query, request)
        postings = queries.postings_of(rows)
        results = [JournalOut.of(entry, postings.get(entry.pk, [])) for entry in rows]
        return Response(JournalsOut(results=results, next=following).model_dump(mode="json"))


class JournalDetail(MachineView):
    scope = "read:journals"
    entity_scoped = True

    @extend_schema(
        operation_id="read_journal",
        summary="One entry with its lines",
        responses={200: JournalDetailOut},
    )
    def get(self, request: Request, reference: str) -> Response:
        entry = queries.journals().filter(pk=number_of(reference, "JE")).first()
        if entry is None:
            raise Problem(404, "", f"There is no journal entry {reference}.")
        postings = queries.postings_of([entry]).get(entry.pk, [])
        lines = entry.lines.order_by("position")
        return Response(
            JournalDetailOut.whole(entry, postings, list(lines)).model_dump(mode="json")
        )
