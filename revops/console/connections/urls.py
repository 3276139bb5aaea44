from __future__ import annotations

from django.urls import URLPattern, path

from revops.console.connections.setup import views as setup
from revops.console.connections.views import listing, page

app_name = "connections"
urlpatterns: list[URLPattern] = [
    path("", listing.every_connection, name="list"),
    path("connections.csv", listing.connections_csv, name="csv"),
    path("new/", setup.systems, name="new"),
    path("new/<slug:connector>/", setup.add, name="add"),
    path("<slug:slug>/", page.connection, name="connection"),
    path("<slug:slug>/pause/", page.pause, name="pause"),
    path("<slug:slug>/resume/", page.resume, name="resume"),
    path("<slug:slug>/trial/", page.try_now, name="trial"),
    path("<slug:slug>/poll/", page.poll_now, name="poll"),
    path("<slug:slug>/limits/", page.limits, name="limits"),
    path("<slug:slug>/window/", page.window, name="window"),
    path("<slug:slug>/weekly/", page.weekly_window, name="weekly"),
    path("<slug:slug>/test/", page.test, name="test"),
    path("<slug:slug>/settings/", setup.settings, name="settings"),
    path("<slug:slug>/credentials/", setup.credentials, name="credentials"),
    path("<slug:slug>/use/", setup.use, name="use"),
    path("<slug:slug>/retire/", setup.retire, name="retire"),
    path("<slug:slug>/drift/", setup.drift, name="drift"),
    path("<slug:slug>/sandbox/", page.sandbox, name="sandbox"),
]
