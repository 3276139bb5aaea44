from __future__ import annotations

from django.urls import URLPattern, path

from revops.api import hooks

app_name = "api"
urlpatterns: list[URLPattern] = [
    path("hooks/<str:public_id>/", hooks.hook, name="hook"),
]
