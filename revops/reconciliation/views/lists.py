"""What systems list: when each list was read last, and bringing one as a file."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.queries import may
from connectors.models import Connection
from revops.reconciliation.operations import files
from revops.reconciliation.operations.files import ListRefused
from revops.reconciliation.queries import lists
from revops.web.policy import screen


@screen("reconciliation.view")
@require_GET
def every(request: HttpRequest) -> HttpResponse:
    """The newest list of each kind of each system."""
    return _page(request)


@screen("reconciliation.run")
@require_POST
def bring(request: HttpRequest) -> HttpResponse:
    """Keep a file as a system's list; with a wrong row nothing is kept."""
    assert isinstance(request.user, User)
    slug, _, kind = request.POST.get("list", "").partition("/")
    connection = Connection.objects.filter(slug=slug).first()
    if connection is None or kind not in files.kinds_of(connection):
        raise Http404("There is no such list.")
    brought = request.FILES.get("file")
    if brought is None:
        return _page(request, [(0, "Choose a file first.")], chosen=f"{slug}/{kind}")
    content = brought.read(files.LARGEST + 1)
    try:
        load = files.from_file(
            connection_id=connection.pk, kind=kind, name=brought.name or "", content=content,
            whole=request.POST.get("whole") == "yes", by=request.user,
        )  # fmt: skip
    except ListRefused as refused:
        return _page(request, refused.problems, chosen=f"{slug}/{kind}")
    messages.success(
        request,
        f"{load.rows:,} rows of {connection.label} are kept: {load.changed:,} read differently.",
    )
    return HttpResponseRedirect(reverse("reconciliation:lists"))


def _page(
    request: HttpRequest, problems: Sequence[tuple[int, str]] = (), *, chosen: str = ""
) -> HttpResponse:
    found = lists.newest()
    context = {
        "lists": found,
        "by_file": [one for one in found if not one.asked],
        "may_bring": may(request.user, "reconciliation.run"),
        "problems": problems,
        "chosen": chosen,
        "needed": files.NEEDED,
        "others": [name for name in files.KNOWN if name not in files.NEEDED],
    }
    status = 422 if problems else 200
    return render(request, "reconciliation/lists.html", context, status=status)
