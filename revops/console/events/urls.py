from __future__ import annotations

from django.urls import URLPattern, path

from revops.console.events import rehearsing, replaying, views

app_name = "events"
urlpatterns: list[URLPattern] = [
    path("", views.events, name="list"),
    path("events.csv", views.events_csv, name="csv"),
    path("rehearsal/", rehearsing.rehearsal, name="rehearsal"),
    path("replay/", replaying.replay, name="replay"),
    path("replay/draft", replaying.draft, name="replay-draft"),
    path("EVT-<int:number>/", views.event, name="event"),
    path("EVT-<int:number>/reveal", views.reveal, name="reveal"),
]
