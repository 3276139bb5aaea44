"""
``/metrics``: what monitoring reads, in Prometheus' text format.

With a token (``read:metrics``), or from a network of ``REVOPS_METRICS_NETWORKS`` without one. It
tells counts and times: no amount, no name, no document.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import ServiceToken
from accounts.tokens import entities_of
from revops.api.authentication import HasScope
from revops.api.health import queues
from revops.api.views.base import MachineView
from revops.kernel import clock
from revops.measures.exposition import CONTENT_TYPE, Family, Histogram, text
from revops.measures.queries.exported import families
from revops.store import rows


class _Text(BaseContentNegotiation):
    """Scrapers ask for formats of their own; this address has one."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


def is_near(request: Request) -> bool:
    """Whether it comes without a token from a network that monitoring stands in."""
    if request.auth is not None:
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in ip_network(one) for one in settings.REVOPS_METRICS_NETWORKS)


class _NearOrScope(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        if is_near(request):
            return True
        scope = HasScope()
        allowed = scope.has_permission(request, view)
        self.message = scope.message
        return allowed


class Metrics(MachineView):
    scope = "read:metrics"
    entity_scoped = True
    content_negotiation_class = _Text

    def get_permissions(self) -> Sequence[BasePermission]:
        return [_NearOrScope()]

    @extend_schema(
        operation_id="read_metrics",
        summary="Measures in Prometheus’ text format",
        responses={(200, "text/plain"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponse:
        at = clock.now()
        if is_near(request):
            with rows.behind_the_door():
                return _answer([*families(at), *_queues()])
        token = request.auth
        whole = isinstance(token, ServiceToken) and entities_of(token.scopes) is None
        return _answer([*families(at), *(_queues() if whole else ())])


def _answer(told: list[Family | Histogram]) -> HttpResponse:
    return HttpResponse(text(told), content_type=CONTENT_TYPE)


def _queues() -> list[Family]:
    """What is due at each connection; belongs to no legal entity, so not for narrow tokens."""
    waiting = queues()
    return [
        Family(
            "revops_due", "gauge", "Events and commands that are due now.",
            [(_of(one), str(one["due"])) for one in waiting],
        ),
        Family(
            "revops_due_oldest_seconds", "gauge", "How long the oldest of them has been due.",
            [(_of(one), str(one["oldest_seconds"])) for one in waiting],
        ),
    ]  # fmt: skip


def _of(one: dict[str, Any]) -> dict[str, str]:
    return {"connection": one["connection"], "direction": one["direction"]}
