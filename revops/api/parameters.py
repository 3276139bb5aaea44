"""The parameters of a list: read strictly, described for the API, refused in words."""

from __future__ import annotations

from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiParameter
from pydantic import BaseModel, ConfigDict, ValidationError
from rest_framework.request import Request

from revops.api.problems import Problem

Q = TypeVar("Q", bound="Query")


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
