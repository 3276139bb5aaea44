from __future__ import annotations

from django.urls import URLPattern, path

from revops.usage import views

app_name = "usage"
urlpatterns: list[URLPattern] = [
    path("", views.accounts, name="accounts"),
    path("<int:id>/", views.account, name="account"),
    path("<int:id>/rate-now/", views.rate_now, name="rate-now"),
    path("lines/<int:id>/", views.line, name="line"),
    path("lines/<int:id>/records/", views.records, name="records"),
]
