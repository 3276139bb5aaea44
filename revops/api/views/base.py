"""What every view for services shares: its scope, its errors, its rate headers, its parameters."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from drf_spectacular.utils import OpenApiParameter
from pydantic import BaseModel, ConfigDict, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from revops.api.problems import Problem
from revops.api.schema import Described
from revops.api.throttles import Rate

Q = TypeVar("Q", bound="Query")


class MachineView(APIView):
    """``scope`` is what the token must carry; a view without one answers 403 to everybody."""

    scope: ClassVar[str] = ""
    schema = Described()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.META.get("HTTP_TRANSFER_ENCODING"):
            raise Problem(411, "", "Send the body with a Content-Length.")
        super().initial(request, *args, **kwargs)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        answer = super().finalize_response(request, response, *args, **kwargs)
        rate = getattr(request, "rate", None)
        if isinstance(rate, Rate):
            for name, value in rate.headers().items():
                answer.headers[name] = value
        return answer


class Query(BaseModel):
    """The parameters of a list. A name that it does not know is an error, not a wider list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def read(cls: type[Q], request: Request) -> Q:
        """Raises Problem 400 with the parameters that are not right."""
        values: dict[str, str] = {}
        repeated: list[tuple[str, str]] = []
        for name, several in request.query_params.lists():
            values[name] = several[-1]
            if len(several) > 1:
                repeated.append((name, "Give it once."))
        try:
            found = cls.model_validate(values)
        except ValidationError as error:
            raise _refused([*repeated, *problems_of(error)]) from error
        if repeated:
            raise _refused(repeated)
        return found

    @classmethod
    def parameters(cls) -> list[OpenApiParameter]:
        """The same parameters for the description of the API."""
        shapes = cls.model_json_schema()["properties"]
        return [
            OpenApiParameter(
                name=name, description=shape.pop("description", ""), type=_plain(shape)
            )
            for name, shape in shapes.items()
        ]


def problems_of(error: ValidationError, *, under: str = "") -> list[tuple[str, str]]:
    """(field path, sentence) of each thing that pydantic found."""
    return [
        (
            ".".join(part for part in (under, *(str(step) for step in item["loc"])) if part),
            _WORDS.get(item["type"], item["msg"]),
        )
        for item in error.errors(include_url=False)
    ]


_WORDS = {
    "missing": "This is missing.",
    "extra_forbidden": "This name is not known here.",
    "timezone_aware": "An instant needs a time zone, such as 2026-10-31T23:59:59Z.",
}


def _refused(errors: list[tuple[str, str]]) -> Problem:
    return Problem(400, "parameters", "Some parameters are not right.", errors=errors)


def _plain(shape: dict[str, Any]) -> dict[str, Any]:
    shape.pop("title", None)
    if shape.get("default", "") is None:
        shape.pop("default")
    kinds = [kind for kind in shape.pop("anyOf", []) if kind.get("type") != "null"]
    return kinds[0] | shape if kinds else shape
