"""What drf-spectacular cannot see by itself: our tokens, and that every error is a problem."""

from __future__ import annotations

from typing import Any, Final, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse
from pydantic import BaseModel

from revops.api.problems import CONTENT_TYPE


class FieldProblem(BaseModel):
    """What is wrong with one field; ``path`` such as ``data.lines.0.amount``."""

    path: str
    problem: str


class ProblemOut(BaseModel):
    """Branch on ``type`` or ``status``; ``detail`` is a sentence for whoever reads the log."""

    type: str
    title: str
    status: int
    detail: str
    correlation_id: str | None = None
    errors: list[FieldProblem] | None = None


_ALWAYS: Final = {
    401: "No token, or one that is not valid.",
    403: "The token lacks the scope.",
    429: "Too many calls in this minute; see Retry-After.",
    503: "It could not be stored or read; nothing was kept. See Retry-After.",
}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # drf-spectacular gives its extensions no types
    target_class = "revops.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "`rct_…` from `manage.py token create`, with the operation's scope.",
        }


class Described(AutoSchema):
    """Adds the scope to the description and the problems to the answers."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is not None:
            scope = f"The token needs the scope `{getattr(self.view, 'scope', '')}`."
            said = operation.get("description", "")
            operation["description"] = "\n\n".join(part for part in (said, scope) if part)
        return operation

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").split("/")[0]]

    def _get_response_bodies(
        self, direction: Literal["request", "response"] = "response"
    ) -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        problems = dict(_ALWAYS)
        if "/lookups/" in self.path:
            problems |= {
                400: "A parameter is not known, or cannot be read.",
                404: "Nothing of that name exists, as far as the token may see.",
                409: "It leads to several; `matches` names them.",
                422: "The question does not hold together; the detail says what is missing.",
            }
        elif "{" in self.path:
            problems[404] = "There is no such thing."
        else:
            problems[400] = "The body or a parameter cannot be read."
        if self.method == "POST":
            problems |= {
                409: "The same id with other content.",
                413: "Too large.",
                415: "Not plain JSON.",
                422: "Fields do not hold; nothing was stored.",
            }
        for status, why in sorted(problems.items()):
            response = OpenApiResponse(ProblemOut, why)
            bodies[str(status)] = self._get_response_for_code(  # type: ignore[no-untyped-call]  # drf-spectacular gives its extensions no types
                response, str(status), media_types=[CONTENT_TYPE]
            )
        return bodies
