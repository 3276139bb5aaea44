"""``/api/v1/cases/``: what needs a person."""

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
from revops.api.shapes.cases import CaseDetailOut, CaseOut, CasesOut
from revops.api.views.base import MachineView


class CaseQuery(PagedQuery):
    state: Annotated[
        Literal["unresolved", "open", "in_doubt", "retrying", "resolved"] | None,
        Field(description="“unresolved” is all but resolved."),
    ] = None
    kind: Annotated[str | None, Field(max_length=40)] = None
    entity: Annotated[str | None, Field(max_length=24, description="A legal entity's code.")] = None
    period: Annotated[str | None, Field(max_length=12, examples=["2026-10"])] = None
    connection: Annotated[str | None, Field(max_length=60)] = None


class Cases(MachineView):
    scope = "read:cases"
    entity_scoped = True

    @extend_schema(
        operation_id="list_cases",
        summary="Cases, newest first",
        parameters=CaseQuery.parameters(),
        responses={200: CasesOut},
    )
    def get(self, request: Request) -> Response:
        query = CaseQuery.read(request)
        filters = query.model_dump(exclude={"limit", "cursor"})
        rows, following = page(queries.cases(**filters), query, request)
        answer = CasesOut(results=[CaseOut.of(case) for case in rows], next=following)
        return Response(answer.model_dump(mode="json"))


class CaseDetail(MachineView):
    scope = "read:cases"
    entity_scoped = True

    @extend_schema(
        operation_id="read_case",
        summary="One case with its story",
        responses={200: CaseDetailOut},
    )
    def get(self, request: Request, reference: str) -> Response:
        case = queries.cases().filter(pk=number_of(reference, "EXC")).first()
        if case is None:
            raise Problem(404, "", f"There is no case {reference}.")
        story = list(case.story.select_related("by").order_by("at", "pk"))
        return Response(CaseDetailOut.told(case, story).model_dump(mode="json"))
