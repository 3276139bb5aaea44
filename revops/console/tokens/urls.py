from __future__ import annotations

from django.urls import URLPattern, path

from revops.console.tokens import views

app_name = "tokens"
urlpatterns: list[URLPattern] = [
    path("", views.tokens, name="list"),
    path("new/", views.create, name="new"),
    path("<slug:prefix>/revoke/", views.revoke, name="revoke"),
]
