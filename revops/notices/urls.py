from __future__ import annotations

from django.urls import URLPattern, path

from revops.notices import views

app_name = "notices"
urlpatterns: list[URLPattern] = [
    path("", views.notices, name="list"),
    path("read", views.read, name="read"),
    path("settings/", views.wishes, name="settings"),
]
