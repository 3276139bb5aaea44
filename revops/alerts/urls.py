from __future__ import annotations

from django.urls import URLPattern, path

from revops.alerts.views import alerts, rules

app_name = "alerts"
urlpatterns: list[URLPattern] = [
    path("", rules.every, name="list"),
    path("new/", rules.new, name="new"),
    path("rules/<int:number>/", rules.one, name="rule"),
    path("rules/<int:number>/edit/", rules.edit, name="edit"),
    path("rules/<int:number>/switch", rules.switch, name="switch"),
    path("ALT-<int:number>/", alerts.one, name="alert"),
    path("ALT-<int:number>/acknowledge", alerts.acknowledge, name="acknowledge"),
]
