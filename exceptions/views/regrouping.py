"""Grouping a cause otherwise: it is undone as easily, and moves no money."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.queries import authorize
from exceptions.models import Case, Cause, Regrouping
from exceptions.operations import CaseRefused, regrouping
from revops.web.htmx import refuse
from revops.web.policy import screen


@screen("cases.claim")
@require_POST
def regroup(request: HttpRequest, key: str) -> HttpResponse:
    """``act`` is split (``fact``), merge (``into``) or back (``id``), with a ``reason``."""
    by = authorize(request.user, "cases.claim")
    if (
        not Case.objects.filter(cause_key=key).exists()
        and not Cause.objects.filter(key=key).exists()
    ):
        raise Http404("There is no such cause.")
    act, reason = request.POST.get("act", ""), request.POST.get("reason", "")
    address = reverse("exceptions:cause", args=[key])
    try:
        if act == "split":
            fact = request.POST.get("fact", "")[:80]
            made = regrouping.split(cause_key=key, fact=fact, by=by, reason=reason)
            messages.success(request, f"It is {made} causes now; what comes later finds its own.")
        elif act == "merge":
            into = request.POST.get("into", "")[:64]
            moved = regrouping.merge(cause_key=key, into=into, by=by, reason=reason)
            address = reverse("exceptions:cause", args=[into])
            messages.success(request, f"{moved:,} moved here; what comes later does, too.")
        elif act == "back":
            number = request.POST.get("id", "")
            if not number.isascii() or not number.isdigit():
                raise Regrouping.DoesNotExist
            held = regrouping.take_back(regrouping_id=int(number[:18]), by=by, reason=reason)
            address = reverse("exceptions:cause", args=[held.from_key])
            messages.success(request, "It is grouped as before.")
        else:
            return refuse(request, "Choose how to group it.", status=422, title="Nothing chosen")
    except (Cause.DoesNotExist, Regrouping.DoesNotExist):
        raise Http404("There is no such cause.") from None
    except CaseRefused as refusal:
        return refuse(request, refusal, status=422, title="Not grouped")
    return HttpResponseRedirect(address)
