from __future__ import annotations

from django.urls import URLPattern, path

from revops.console.ledger import views as ledger
from revops.console.views import find, home, journals, playbooks, threads

app_name = "console"
urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("find", find.find, name="find"),
    path("lineage/", threads.start, name="threads"),
    path("lineage/<slug:kind>/<int:id>/", threads.lineage, name="lineage"),
    path("journals/", ledger.journals, name="journals"),
    path("journals.csv", ledger.journals_csv, name="journals-csv"),
    path("schedules/", ledger.schedules, name="schedules"),
    path("schedules/<int:id>/", ledger.schedule, name="schedule"),
    path("books/deferred-revenue/", ledger.rollforward, name="rollforward"),
    path("books/trial-balance/", ledger.trial_balance, name="trial-balance"),
    path("journals/JE-<int:id>/", journals.journal, name="journal"),
    path("playbooks/", playbooks.every, name="playbooks"),
    path("playbooks/<slug:slug>/", playbooks.one, name="playbook"),
]
