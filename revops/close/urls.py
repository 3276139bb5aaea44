from __future__ import annotations

from django.urls import URLPattern, path

from revops.close.views import acting, entity, period, settings, trends

app_name = "close"
urlpatterns: list[URLPattern] = [
    path("", period.period, name="period"),
    path("close.csv", period.period_csv, name="csv"),
    path("trends/", trends.trends, name="trends"),
    path("trends/trends.csv", trends.trends_csv, name="trends-csv"),
    path("settings/", settings.settings, name="settings"),
    path("settings/<slug:what>", settings.change, name="change"),
    path("<slug:period>/<slug:entity>/", entity.one, name="entity"),
    path("<slug:period>/<slug:entity>/sign", acting.sign, name="sign"),
    path("<slug:period>/<slug:entity>/tasks", acting.begin, name="begin"),
    path("<slug:period>/<slug:entity>/tasks/<int:number>", acting.move, name="move"),
    path("<slug:period>/<slug:entity>/waive", acting.waive, name="waive"),
    path("<slug:period>/<slug:entity>/late", acting.late, name="late"),
    path("<slug:period>/<slug:entity>/reopen", acting.reopen, name="reopen"),
]
