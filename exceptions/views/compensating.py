"""Taking back what stands of a document: the proposed reversal, and asking for it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.queries import authorize
from exceptions.models import Case
from exceptions.operations import CaseRefused
from exceptions.undoing import undoer
from revops.web.htmx import render_page
from revops.web.policy import screen


@screen("journals.correct")
@require_http_methods(["GET", "POST"])
def compensate(request: HttpRequest, number: int) -> HttpResponse:
    """The proposal, which writes nothing; posted with a reason, it asks somebody else."""
    by = authorize(request.user, "journals.correct")
    found = Case.objects.select_related("legal_entity").filter(pk=number).first()
    if found is None:
        raise Http404(f"There is no case EXC-{number}.")
    error, reason = "", request.POST.get("reason", "")[:500]
    if request.method == "POST":
        try:
            asked = undoer().ask(case_id=number, by=by, reason=reason)
        except CaseRefused as refusal:
            error = str(refusal)
        else:
            return HttpResponseRedirect(reverse("approvals:approval", args=[asked.pk]))
    context = {
        "case": found,
        "parts": undoer().parts(found),
        "proposal": undoer().propose(found, user=by),
        "error": error,
        "reason": reason,
    }
    status = 422 if error else 200
    return render_page(request, "exceptions/compensate.html", context, status=status)
