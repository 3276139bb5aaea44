from __future__ import annotations

from django.urls import URLPattern, path

from revops.api import health, hooks
from revops.api.views import (
    approvals,
    cases,
    contracts,
    describe,
    events,
    find,
    journals,
    lineage,
    lookups,
    metrics,
)
from revops.api.views import usage as usage_views

app_name = "api"
urlpatterns: list[URLPattern] = [
    path("hooks/<str:public_id>/", hooks.hook, name="hook"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.Metrics.as_view(), name="metrics"),
    path("api/docs/", describe.docs, name="docs"),
    path("api/v1/contracts/", contracts.contracts, name="contracts"),
    path("api/v1/contracts/<str:event>/<int:version>/", contracts.contract, name="contract"),
    path("api/v1/schema/", describe.schema, name="schema"),
    path("api/v1/events/", events.Events.as_view(), name="events"),
    # With and without a slash: a redirect would turn a POST into a GET. One is described.
    path("api/v1/events", events.Events.as_view(schema=None)),
    path("api/v1/approvals/", approvals.Approvals.as_view(), name="approvals"),
    path("api/v1/approvals/<str:reference>/", approvals.ApprovalDetail.as_view(), name="approval"),
    path(
        "api/v1/approvals/<str:reference>/decision/",
        approvals.ApprovalDecision.as_view(),
        name="approval-decision",
    ),
    path("api/v1/cases/", cases.Cases.as_view(), name="cases"),
    path("api/v1/cases/<str:reference>/", cases.CaseDetail.as_view(), name="case"),
    path("api/v1/journals/", journals.Journals.as_view(), name="journals"),
    path("api/v1/journals/<str:reference>/", journals.JournalDetail.as_view(), name="journal"),
    path("api/v1/find", find.Find.as_view(), name="find"),
    path("api/v1/find/", find.Find.as_view(schema=None)),
    path("api/v1/lookups/account/", lookups.Account.as_view(), name="lookup-account"),
    path("api/v1/lookups/price/", lookups.Price.as_view(), name="lookup-price"),
    path("api/v1/lookups/entitlement/", lookups.Entitlement.as_view(), name="lookup-entitlement"),
    path("api/v1/lookups/credit/", lookups.Credit.as_view(), name="lookup-credit"),
    path("api/v1/lookups/invoice/", lookups.Invoice.as_view(), name="lookup-invoice"),
    path("api/v1/usage/", usage_views.Usage.as_view(), name="usage"),
    path("api/v1/usage", usage_views.Usage.as_view(schema=None)),
    path("api/v1/lineage/<str:reference>/", lineage.LineageOf.as_view(), name="lineage-of"),
    path("api/v1/lineage/<str:kind>/<int:id>/", lineage.Lineage.as_view(), name="lineage"),
]
