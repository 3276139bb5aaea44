"""Edit and retry: the form, what it would do, and sending it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.queries import authorize
from exceptions.correcting.editors import NotEditable, editor
from exceptions.correcting.sheet import sheet
from exceptions.models import Case
from exceptions.operations import CaseRefused
from exceptions.operations.correcting import ACTION, Checked, check, correct
from revops.kernel.money import Money
from revops.web.htmx import refuse, render_page
from revops.web.policy import screen


@screen("cases.replay")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """The form; posted, what it would do; posted with ``send``, it goes or asks."""
    by = authorize(request.user, ACTION)
    case = (
        Case.objects.select_related("legal_entity", "inbound__connection")
        .defer("inbound__body")
        .filter(pk=number)
        .first()
    )
    if case is None:
        raise Http404(f"There is no case EXC-{number}.")
    try:
        meanings = editor().read(case)
        if request.method == "GET":
            return _page(request, case, meanings, None)
        texts = {name[2:]: text for name, text in request.POST.items() if name.startswith("f.")}
        checked = check(case, {path: str(text)[:2_000] for path, text in texts.items()})
    except NotEditable as refusal:
        return refuse(request, refusal)
    if checked.problem:
        return _page(request, case, meanings, checked, status=422)
    if request.POST.get("act") != "send":
        return _page(request, case, meanings, checked)
    return _send(request, case, meanings, checked, by)


def _send(
    request: HttpRequest, case: Case, meanings: Any, checked: Checked, by: User
) -> HttpResponse:
    reason = request.POST.get("reason", "")
    texts = {change.path: change.after for change in checked.changes}
    try:
        made = correct(case_id=case.pk, by=by, texts=texts, reason=reason)
    except CaseRefused as refusal:
        return _page(
            request, case, meanings, checked, status=422, error=str(refusal), reason=reason
        )
    if made.request and made.state == "waiting":
        return HttpResponseRedirect(reverse("approvals:approval", args=[made.request]))
    messages.success(request, f"EVT-{made.corrected_id} goes through the line.")
    return HttpResponseRedirect(reverse("exceptions:case", args=[case.pk]))


def _page(
    request: HttpRequest, case: Case, meanings: Any, checked: Checked | None, *,
    status: int = 200, error: str = "", reason: str = "",
) -> HttpResponse:  # fmt: skip
    context = {
        "case": case,
        "sheet": checked.sheet if checked else sheet(meanings),
        "kept": [one.contract for one in meanings if not one.editable],
        "checked": checked if checked and not checked.problem else None,
        "legs": [(leg, Money(abs(leg.amount), leg.currency)) for leg in checked.legs]
        if checked
        else [],
        "problem": checked.problem if checked else "",
        "error": error,
        "reason": reason,
        "path": request.path,
    }
    return render_page(request, "exceptions/edit.html", context, status=status)
