"""Addresses of a made-up console, whose one list uses the kit as the real pages do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from revops.kernel.money import Money
from revops.web.filters import Filters, Key
from revops.web.htmx import refuse, render_page
from revops.web.pagination import numbered_page
from revops.web.policy import open_door, screen

FILTERS = Filters(
    Key("q", label="Words"),
    Key("status", label="Status", many=True, choices={"open": "Open", "held": "Held"}),
    Key(
        "sort",
        label="Rank by",
        default="-impact",
        choices={"-impact": "Impact", "age": "Oldest"},
        chip=False,
    ),
)
ROWS = [
    {"id": number, "cause": f"Cause {number:02}", "stake": Money(number * 1000, "USD")}
    for number in range(1, 61)
]


@screen("home.view")
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "kit/list.html", {"page": numbered_page(ROWS[:3])})


@screen("cases.view")
def causes(request: HttpRequest) -> HttpResponse:
    state = FILTERS.read(request.GET)
    found = [row for row in ROWS if state.one("q").lower() in str(row["cause"]).lower()]
    if state.one("sort") == "age":
        found.reverse()
    context = {
        "state": state,
        "form": state.form("q", "status", "sort"),
        "page": numbered_page(found, number=state.one("page")),
    }
    return render_page(
        request,
        "kit/list.html",
        context,
        fragments={"list": "list"},
        address=state.address(request.path),
    )


@screen("cases.view")
def dialog(request: HttpRequest) -> HttpResponse:
    return render(request, "kit/dialog.html")


@screen("cases.view")
def refused(request: HttpRequest) -> HttpResponse:
    return refuse(request, "Mona resolved this at 14:02.")


@screen("cases.view")
def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("made to break")


@open_door("a sign-in page is for those who are not signed in")
def sign_in(request: HttpRequest) -> HttpResponse:
    people = [{"email": "ana@x.test", "name": "Ana Lima", "role": "Finance", "password": "secret"}]
    shown = people if request.GET.get("demo") else []
    return render(request, "accounts/sign_in.html", {"demo_people": shown, "next": ""})


accounts = ([path("sign-in/", sign_in, name="sign-in")], "accounts")
urlpatterns = [
    path("", home, name="home"),
    path("causes/", causes, name="causes"),
    path("causes/<int:number>/", causes, name="cause"),
    path("dialog/", dialog, name="dialog"),
    path("refused/", refused, name="refused"),
    path("broken/", broken, name="broken"),
    path("", include(accounts)),
    path("notices/", include("revops.notices.urls")),
    path("", include("revops.web.urls")),
]

handler400 = "revops.web.errors.bad_request"
handler403 = "revops.web.errors.permission_denied"
handler404 = "revops.web.errors.page_not_found"
handler500 = "revops.web.errors.server_error"
