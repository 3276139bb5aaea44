from __future__ import annotations

from django.urls import URLPattern, path

from revops.console.me import views

app_name = "me"
urlpatterns: list[URLPattern] = [
    path("", views.settings, name="settings"),
    path("save/", views.save, name="save"),
    path("sessions/<int:id>/end/", views.end, name="session-end"),
]
