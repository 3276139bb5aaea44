"""The API's description: OpenAPI for programs, and a page that reads it to people."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView

from accounts.policy import open_door

_WHY = "describes the API, holds no data"


class Schema(SpectacularAPIView):
    """OpenAPI 3, as YAML or, with ``?format=json`` or by Accept, as JSON."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    # 3.1 is JSON Schema as pydantic writes it, null types included.
    custom_settings = {"OAS_VERSION": "3.1.0"}


schema = open_door(_WHY)(Schema.as_view())


@open_door(_WHY)
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI from our own files; its script is a file too, as the content policy wants."""
    return render(request, "api/docs.html")
