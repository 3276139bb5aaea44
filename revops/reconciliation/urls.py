from __future__ import annotations

from django.urls import URLPattern, path

from revops.reconciliation.views import lists, matching, rules, run, runs

app_name = "reconciliation"
urlpatterns: list[URLPattern] = [
    path("", runs.every, name="list"),
    path("runs.csv", runs.every_csv, name="csv"),
    path("run", runs.run_now, name="run-now"),
    path("runs/REC-<int:number>/", run.one, name="run"),
    path("runs/REC-<int:number>/breaks.csv", run.breaks_csv, name="breaks-csv"),
    path("runs/REC-<int:number>/again", run.again, name="again"),
    path("runs/REC-<int:number>/sign", run.sign, name="sign"),
    path("runs/REC-<int:number>/carry", run.carry, name="carry"),
    path("runs/REC-<int:number>/match/", matching.bench, name="match"),
    path("runs/REC-<int:number>/match/draft", matching.draft, name="draft"),
    path("runs/REC-<int:number>/match/<int:match>/release", matching.release, name="release"),
    path("lists/", lists.every, name="lists"),
    path("lists/bring", lists.bring, name="bring"),
    path("rules/", rules.every, name="rules"),
    path("rules/<slug:check>/", rules.of_check, name="rules-of"),
    path("rules/<slug:check>/draft", rules.act, name="rules-act"),
    path("rules/<slug:check>/draft/<int:position>/", rules.editor, name="rule"),
    path("rules/<slug:check>/trial", rules.trial, name="trial"),
]
