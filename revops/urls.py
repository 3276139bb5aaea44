"""Every address. Each screen declares its policy beside its view (revops/web/policy.py)."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("revops.console.urls")),
    path("", include("revops.web.urls")),
    path("", include("accounts.urls")),
    path("me/", include("revops.console.me.urls")),
    path("users/tokens/", include("revops.console.tokens.urls")),
    path("approvals/", include("approvals.urls")),
    path("exceptions/", include("exceptions.urls")),
    path("audit/", include("revops.console.audit.urls")),
    path("events/", include("revops.console.events.urls")),
    path("connections/", include("revops.console.connections.urls")),
    path("", include("revops.console.mappings.urls")),
    path("usage/", include("revops.usage.urls")),
    path("notices/", include("revops.notices.urls")),
    path("bulk/", include("revops.jobs.urls")),
    path("credits/", include("revops.credits.urls")),
    path("rehearsals/", include("revops.sandbox.rehearsals.urls")),
    path("alerts/", include("revops.alerts.urls")),
    path("close/", include("revops.close.urls")),
    path("reconciliation/", include("revops.reconciliation.urls")),
    path("close/", include("revops.close.certificate.urls")),
    path("measures/", include("revops.measures.urls")),
    path("", include("revops.api.urls")),
]

handler400 = "revops.web.errors.bad_request"
handler403 = "revops.web.errors.permission_denied"
handler404 = "revops.web.errors.page_not_found"
handler500 = "revops.web.errors.server_error"
