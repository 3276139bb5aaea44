from __future__ import annotations

from django.urls import URLPattern, path

from revops.console.mappings import changing, importing, matrix, views

app_name = "mappings"
urlpatterns: list[URLPattern] = [
    path("mappings/", views.home, name="home"),
    path("mappings/changes/", changing.every, name="sets"),
    path("mappings/changes/MC-<int:number>/", changing.one, name="set"),
    path("mappings/changes/MC-<int:number>/preview", changing.preview, name="set-preview"),
    path("mappings/changes/MC-<int:number>/send", changing.send, name="set-send"),
    path("mappings/changes/MC-<int:number>/discard", changing.discard, name="set-discard"),
    path(
        "mappings/changes/MC-<int:number>/rows/<int:position>/take-out",
        changing.take_out,
        name="set-take-out",
    ),
    path("mappings/<slug:kind>/", views.grid, name="grid"),
    path("mappings/<slug:kind>/rows", views.put, name="put"),
    path("mappings/<slug:kind>/file", views.download, name="download"),
    path("mappings/<slug:kind>/import", importing.upload, name="import"),
    path("mappings/<slug:kind>/import/errors", importing.errors, name="import-errors"),
    path("ownership/", matrix.ownership, name="ownership"),
]
