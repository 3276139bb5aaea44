"""The find box: any id of any system leads to its thread."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.queries import may
from revops.lineage.queries.find import Match, checked
from revops.lineage.queries.find import find as find_id
from revops.web.htmx import render_page
from revops.web.policy import screen


@screen("lineage.view")
@require_GET
def find(request: HttpRequest) -> HttpResponse:
    """One hit goes straight to its page; several are listed; none says where was looked."""
    text = request.GET.get("q", "").strip()
    # An address is kept by browsers and logs: nobody's e-mail belongs into one.
    personal = "@" in text
    matches = [] if personal else find_id(text)
    if len(matches) == 1:
        return HttpResponseRedirect(address_of(matches[0]))
    context = {
        "text": "" if personal else text,
        "personal": personal,
        "matches": [(match, address_of(match)) for match in matches],
        "checked": () if matches else checked(),
        "may_cases": may(request.user, "cases.view"),
    }
    return render_page(request, "console/find.html", context)


def address_of(match: Match) -> str:
    if match.kind == "case":
        return reverse("exceptions:case", args=[match.id])
    return reverse("console:lineage", args=[match.kind, match.id])
