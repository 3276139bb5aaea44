"""What every view for services shares: its scope, its errors, its rate headers, its parameters."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from revops.api.problems import Problem
from revops.api.schema import Described
from revops.api.throttles import Rate


class MachineView(APIView):
    """
    ``scope`` is what the token must carry; a view without one answers 403 to everybody.
    ``entity_scoped`` views keep to the legal entities that a token is limited to.
    """

    scope: ClassVar[str] = ""
    entity_scoped: ClassVar[bool] = False
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
