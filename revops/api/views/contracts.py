"""The event contracts as JSON Schema, for whoever sends events or builds on ours."""

from __future__ import annotations

from django.http import Http404, HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.policy import open_door
from revops.contracts.export import schema
from revops.contracts.registry import CONTRACTS
from revops.pipeline.flows.catalogue import event_type, flow_of
from revops.pipeline.flows.document import producers

_WHY = "describes the API, holds no data"


@open_door(_WHY)
@require_safe
def contracts(request: HttpRequest) -> JsonResponse:
    """
    Every contract that the console knows: the address of its schema, which systems can tell of it,
    and the event whose flow it begins.
    """
    return JsonResponse(
        {
            "contracts": [
                {
                    "contract": name,
                    "about": " ".join((model.__doc__ or "").split()),
                    "schema": request.build_absolute_uri(
                        reverse("api:contract", args=name.split("/"))
                    ),
                    "told_by": list(producers(event_type(name))) or ["the API"],
                    "flow": event_type(name) if flow_of(name) else None,
                }
                for name, model in CONTRACTS.items()
            ]
        }
    )


@open_door(_WHY)
@require_safe
def contract(request: HttpRequest, event: str, version: int) -> JsonResponse:
    """One version's JSON Schema (2020-12)."""
    model = CONTRACTS.get(f"{event}/{version}")
    if model is None:
        raise Http404(f"There is no contract {event}/{version}.")
    return JsonResponse(schema(model), content_type="application/schema+json")
