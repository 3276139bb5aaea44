from __future__ import annotations

from django.urls import URLPattern, path

from revops.sandbox.rehearsals import views

app_name = "rehearsals"
urlpatterns: list[URLPattern] = [
    path("", views.rehearsals, name="list"),
    path("start", views.start, name="start"),
    path("RHS-<int:number>/", views.rehearsal, name="one"),
    path("RHS-<int:number>/<slug:what>/", views.steer, name="steer"),
]
