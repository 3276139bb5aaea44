"""The playbooks, as pages."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from accounts.roles import who_may
from exceptions import kinds, playbooks
from exceptions.operations.running import ACTIONS
from exceptions.queries.runs import records
from revops.web.htmx import render_page
from revops.web.policy import screen

WORDS = {
    playbooks.CHECK: "Look",
    playbooks.RUN: "Press the remedy; the case has to take it",
    playbooks.ASK: "Ask",
    playbooks.APPROVE: "Agree; somebody who took no step before",
    playbooks.RESOLVED: "Look; the case has to be resolved",
}


@screen("playbooks.view")
@require_GET
def every(request: HttpRequest) -> HttpResponse:
    """What to do about each kind of case."""
    held = records()
    shown = [(page, held.get(page.slug)) for page in playbooks.every_playbook()]
    return render_page(request, "console/playbooks.html", {"playbooks": shown})


@screen("playbooks.view")
@require_GET
def one(request: HttpRequest, slug: str) -> HttpResponse:
    """One playbook, with the kinds of case that use it."""
    try:
        found = playbooks.playbook(slug)
    except playbooks.PlaybookMissing:
        raise Http404("There is no such playbook.") from None
    used_by = [kind for kind in kinds.all() if kind.playbook == slug]
    context = {
        "playbook": found,
        "kinds": used_by,
        "record": records().get(slug),
        "plan": [(step, WORDS[step.kind], who_may(_action(step))) for step in found.plan],
    }
    return render_page(request, "console/playbook.html", context)


def _action(step: playbooks.Step) -> str:
    """Who may take a step; a remedy's is its own."""
    return kinds.remedy(step.remedies[0]).action if step.remedies else ACTIONS[step.kind]
