"""``/api/v1/lineage/…``: the thread from an event to the ERP's entry."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from revops.api.problems import Problem
from revops.api.queries import thread_of_case
from revops.api.shapes.matches import MatchOut
from revops.api.shapes.threads import ThreadOut
from revops.api.views.base import MachineView
from revops.lineage.queries import thread
from revops.lineage.queries.find import find
from revops.lineage.queries.hops import LABELS
from revops.web.formats import mid_sentence


class Lineage(MachineView):
    scope = "read:lineage"
    entity_scoped = True

    @extend_schema(
        operation_id="read_lineage",
        summary="The thread that a record, event, journal entry or command belongs to",
        parameters=[
            OpenApiParameter("kind", OpenApiTypes.STR, "path", enum=sorted(LABELS)),
            OpenApiParameter("id", OpenApiTypes.INT64, "path"),
        ],
        responses={200: ThreadOut},
    )
    def get(self, request: Request, kind: str, id: int) -> Response:
        return _answer(kind, id)


class LineageOf(MachineView):
    scope = "read:lineage"
    entity_scoped = True

    @extend_schema(
        operation_id="read_lineage_of",
        summary="The thread that any id of any system belongs to",
        description="409 with `matches` when several systems use the id for different records.",
        responses={200: ThreadOut},
    )
    def get(self, request: Request, reference: str) -> Response:
        matches = find(reference)
        if not matches:
            raise Problem(404, "", "No system that we know has this id.")
        if len(matches) > 1:
            listed = [MatchOut.of(match).model_dump() for match in matches]
            raise Problem(409, "several", "Several records have this id.", matches=listed)
        (match,) = matches
        if match.kind != "case":
            return _answer(match.kind, match.id)
        about = thread_of_case(match.id)
        if about is None:
            raise Problem(404, "", f"{match.name} is about nothing that has a thread.")
        return _answer(*about)


def _answer(kind: str, id: int) -> Response:
    """Raises Problem 404."""
    if kind not in LABELS:
        raise Problem(404, "", f"No thread starts at “{kind}”; it starts at: {', '.join(LABELS)}.")
    found = thread(kind, id)
    if found is None:
        raise Problem(404, "", f"There is no {mid_sentence(LABELS[kind])} {id}.")
    return Response(ThreadOut.of(found).model_dump(mode="json"))
