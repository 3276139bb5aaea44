from __future__ import annotations

from django.urls import URLPattern, path

from revops.console.events import views

app_name = "events"
urlpatterns: list[URLPattern] = [
    path("", views.events, name="list"),
    path("events.csv", views.events_csv, name="csv"),
    path("EVT-<int:number>/", views.event, name="event"),
    path("EVT-<int:number>/reveal", views.reveal, name="reveal"),
]
