from __future__ import annotations

from django.urls import URLPattern, path

from revops.jobs import views

app_name = "jobs"
urlpatterns: list[URLPattern] = [
    path("", views.jobs, name="list"),
    path("BLK-<int:number>/", views.job, name="job"),
    path("BLK-<int:number>/job.csv", views.job_csv, name="csv"),
    path("BLK-<int:number>/start", views.start, name="start"),
    path("BLK-<int:number>/<slug:what>/", views.steer, name="steer"),
]
