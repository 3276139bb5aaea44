"""``GET /api/v1/find?q=``: any id of any system."""

from __future__ import annotations

from typing import Annotated

from drf_spectacular.utils import extend_schema
from pydantic import AfterValidator, Field
from rest_framework.request import Request
from rest_framework.response import Response

from revops.api.parameters import Query
from revops.api.shapes.matches import CheckedOut, FoundOut, MatchOut
from revops.api.views.base import MachineView
from revops.lineage.queries import find as lookup


def _no_person(text: str) -> str:
    # An address is kept in logs on its way: nobody's e-mail belongs into one.
    if "@" in text:
        raise ValueError("Ids are found, not e-mail addresses.")
    return text


class FindQuery(Query):
    q: Annotated[
        str,
        Field(min_length=1, max_length=lookup.LONGEST, description="An id, exactly as written."),
        AfterValidator(_no_person),
    ]


class Find(MachineView):
    scope = "read:lineage"
    entity_scoped = True

    @extend_schema(
        operation_id="find",
        summary="What has this id, in any system",
        parameters=FindQuery.parameters(),
        responses={200: FoundOut},
    )
    def get(self, request: Request) -> Response:
        q = FindQuery.read(request).q
        matches = lookup.find(q)
        answer = FoundOut(
            q=q,
            matches=[MatchOut.of(match) for match in matches],
            checked=[] if matches else [CheckedOut.of(one) for one in lookup.checked()],
        )
        return Response(answer.model_dump(mode="json"))
