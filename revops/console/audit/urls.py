from __future__ import annotations

from django.urls import URLPattern, path

from revops.console.audit import views

app_name = "audit"
urlpatterns: list[URLPattern] = [
    path("", views.trail, name="trail"),
    path("verify", views.verify, name="verify"),
    path("evidence.csv", views.evidence, name="evidence"),
    path("evidence.jsonl", views.proof, name="proof"),
    path("<int:seq>/", views.act, name="act"),
]
