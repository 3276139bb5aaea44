from __future__ import annotations

from django.urls import URLPattern, path

from exceptions.views import case, cause, giving_up, queue, revealing

app_name = "exceptions"
urlpatterns: list[URLPattern] = [
    path("", queue.queue, name="queue"),
    path("exceptions.csv", queue.queue_csv, name="queue-csv"),
    path("causes/<slug:key>/", cause.cause, name="cause"),
    path("causes/<slug:key>/<slug:remedy>/", cause.act_on_cause, name="act-on-cause"),
    path("EXC-<int:number>/", case.case, name="case"),
    path("EXC-<int:number>/comments/", case.comment, name="comment"),
    path("EXC-<int:number>/reveal/", revealing.reveal, name="reveal"),
    path("EXC-<int:number>/give-up/", giving_up.give_up, name="give-up"),
    path("EXC-<int:number>/<slug:remedy>/", case.act, name="act"),
]
