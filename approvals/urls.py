from __future__ import annotations

from django.urls import URLPattern, path

from approvals.views import delegations, detail, inbox, policies

app_name = "approvals"
urlpatterns: list[URLPattern] = [
    path("", inbox.approvals, name="inbox"),
    path("approvals.csv", inbox.approvals_csv, name="csv"),
    path("together/", inbox.bulk, name="bulk"),
    path("together/decide", inbox.bulk_decide, name="bulk-decide"),
    path("policies/", policies.policies, name="policies"),
    path("policies/edit/", policies.editor, name="policy-editor"),
    path("policies/<int:number>/", policies.policy, name="policy"),
    path("delegations/", delegations.delegations, name="delegations"),
    path("delegations/<int:number>/end", delegations.take_back, name="delegation-end"),
    path("APR-<int:number>/", detail.approval, name="approval"),
    path("APR-<int:number>/decide", detail.decide, name="decide"),
    path("APR-<int:number>/comments", detail.comment, name="comment"),
    path("APR-<int:number>/withdraw", detail.withdraw, name="withdraw"),
    path("APR-<int:number>/review", detail.review, name="review"),
]
