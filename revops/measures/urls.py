from __future__ import annotations

from django.urls import URLPattern, path

from revops.measures.views import page

app_name = "measures"
urlpatterns: list[URLPattern] = [
    path("", page.page, name="page"),
    path("measures.csv", page.as_csv, name="csv"),
    path("objectives/<slug:slug>", page.objective, name="objective"),
    path("assumptions/<slug:slug>", page.assumption, name="assumption"),
]
