"""``/api/v1/lineage/…``: the thread from an event to the ERP's entry."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from revops.api.problems import Problem
from revops.api.shapes.threads import ThreadOut
from revops.api.views.base import MachineView
from revops.lineage.queries import thread
from revops.lineage.queries.hops import LABELS


class Lineage(MachineView):
    scope = "read:lineage"

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
        return answer(kind, id)


def answer(kind: str, id: int) -> Response:
    """Raises Problem 404."""
    if kind not in LABELS:
        raise Problem(404, "", f"No thread starts at “{kind}”; it starts at: {', '.join(LABELS)}.")
    found = thread(kind, id)
    if found is None:
        raise Problem(404, "", f"There is no {LABELS[kind].lower()} {id}.")
    return Response(ThreadOut.of(found).model_dump(mode="json"))
