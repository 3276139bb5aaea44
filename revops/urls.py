"""Every address. Each screen declares its policy beside its view (revops/web/policy.py)."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("revops.console.urls")),
    path("", include("accounts.urls")),
    path("exceptions/", include("exceptions.urls")),
    path("connections/", include("connectors.urls")),
    path("", include("revops.api.urls")),
]
