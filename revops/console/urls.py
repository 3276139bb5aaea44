from __future__ import annotations

from django.urls import URLPattern, path

from revops.console.views import find, home, journals, playbooks, threads

app_name = "console"
urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("find", find.find, name="find"),
    path("lineage/", threads.start, name="threads"),
    path("lineage/<slug:kind>/<int:id>/", threads.lineage, name="lineage"),
    path("journals/JE-<int:id>/", journals.journal, name="journal"),
    path("playbooks/", playbooks.every, name="playbooks"),
    path("playbooks/<slug:slug>/", playbooks.one, name="playbook"),
]
