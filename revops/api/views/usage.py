"""``POST /api/v1/usage/``: raw usage, in."""

from __future__ import annotations

from typing import Annotated, Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from pydantic import Field
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from connectors.models import Connection
from revops.api.bodies import BodyRefused
from revops.api.parameters import Query
from revops.api.problems import Problem
from revops.api.shapes.usage import UsageOut
from revops.api.views import usage_bodies
from revops.api.views.base import MachineView
from revops.events.models import Channel
from revops.kernel import clock, correlation
from revops.kernel.strict_json import JsonRefused
from revops.pipeline import sources
from revops.pipeline.metering import door


class UsageQuery(Query):
    connection: Annotated[str, Field(max_length=60, description="The slug of a connection.")]


class _AnyBody(BaseParser):
    """The view reads the body itself, as it arrives; this only lets its content type pass."""

    media_type = "*/*"


class Usage(MachineView):
    scope = "usage:write"
    parser_classes = (_AnyBody,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # Unlike other addresses this one takes bodies whose length is not known beforehand.
        APIView.initial(self, request, *args, **kwargs)

    @extend_schema(
        operation_id="send_usage",
        summary="Send usage records",
        description=(
            "A JSON array or a CloudEvents batch of up to 8 MiB, or NDJSON of up to 256 MiB, one "
            "record a line. A record counts once for its connection, source and id; sending again "
            "is always safe. Records that do not hold are answered one by one and kept aside, the "
            "others are stored."
        ),
        parameters=UsageQuery.parameters(),
        request=dict.fromkeys((*usage_bodies.ARRAYS, usage_bodies.LINES[0]), OpenApiTypes.ANY),
        responses={
            202: OpenApiResponse(UsageOut, "Stored."),
            200: OpenApiResponse(UsageOut, "All of it had been stored before."),
            207: OpenApiResponse(UsageOut, "Some records were refused or came differently."),
        },
    )
    def post(self, request: Request) -> Response:
        query = UsageQuery.read(request)
        try:
            source = sources.by_slug(query.connection)
        except Connection.DoesNotExist:
            problem = ("connection", f"There is no connection “{query.connection}”.")
            raise Problem(422, "connection", "Nothing was stored.", errors=[problem]) from None
        try:
            taken = door.take(
                source,
                usage_bodies.records(request._request, source=source.slug, now=clock.now()),
                channel=Channel.API,
                correlation_id=correlation.current() or correlation.new_id(),
            )
        except BodyRefused as error:
            raise Problem(error.status, "", str(error)) from error
        except JsonRefused as error:
            raise Problem(400, "json-refused", str(error)) from error
        if not taken.total:
            raise Problem(400, "form", "Send at least one record.")
        answer = UsageOut.of(taken)
        return Response(answer.model_dump(), status=answer.status)
