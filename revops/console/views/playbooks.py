"""The playbooks, as pages."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from exceptions import kinds, playbooks
from revops.web.htmx import render_page
from revops.web.policy import screen


@screen("playbooks.view")
@require_GET
def every(request: HttpRequest) -> HttpResponse:
    """What to do about each kind of case."""
    return render_page(request, "console/playbooks.html", {"playbooks": playbooks.every_playbook()})


@screen("playbooks.view")
@require_GET
def one(request: HttpRequest, slug: str) -> HttpResponse:
    """One playbook, with the kinds of case that use it."""
    try:
        found = playbooks.playbook(slug)
    except playbooks.PlaybookMissing:
        raise Http404("There is no such playbook.") from None
    used_by = [kind for kind in kinds.all() if kind.playbook == slug]
    return render_page(request, "console/playbook.html", {"playbook": found, "kinds": used_by})
