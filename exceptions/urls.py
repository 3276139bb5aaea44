from __future__ import annotations

from django.urls import URLPattern, path

from exceptions.views import (
    bulk,
    case,
    cause,
    compensating,
    correcting,
    giving_up,
    handling,
    queue,
    regrouping,
    revealing,
    running,
    saved,
    watching,
)

app_name = "exceptions"
urlpatterns: list[URLPattern] = [
    path("", queue.queue, name="queue"),
    path("exceptions.csv", queue.queue_csv, name="queue-csv"),
    path("arrivals", queue.arrivals, name="arrivals"),
    path("work", queue.work, name="work"),
    path("bulk", bulk.draft, name="bulk"),
    path("take", bulk.take, name="take"),
    path("views/save", saved.save, name="save-view"),
    path("views/delete", saved.delete, name="delete-view"),
    path("causes/<slug:key>/", cause.cause, name="cause"),
    path("causes/<slug:key>/regroup/", regrouping.regroup, name="regroup"),
    path("causes/<slug:key>/fix/", cause.fix, name="fix"),
    path("causes/<slug:key>/<slug:remedy>/", cause.act_on_cause, name="act-on-cause"),
    path("EXC-<int:number>/", case.case, name="case"),
    path("EXC-<int:number>/comments/", case.comment, name="comment"),
    path("EXC-<int:number>/comments/<int:entry>/", case.comment, name="edit-comment"),
    path("EXC-<int:number>/reveal/", revealing.reveal, name="reveal"),
    path("EXC-<int:number>/give-up/", giving_up.give_up, name="give-up"),
    path("EXC-<int:number>/playbook/", running.run, name="run"),
    path("EXC-<int:number>/compensate/", compensating.compensate, name="compensate"),
    path("EXC-<int:number>/handle/", handling.handle, name="handle"),
    path("EXC-<int:number>/watch/", watching.watch, name="watch"),
    path("EXC-<int:number>/edit/", correcting.edit, name="edit"),
    path("EXC-<int:number>/<slug:remedy>/", case.act, name="act"),
]
