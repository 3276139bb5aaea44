"""One alert, and taking it on: small enough for a phone."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.queries import explain
from revops.alerts import measures
from revops.alerts.models import Alert, State
from revops.alerts.operations import answering
from revops.alerts.operations.answering import AlertOver
from revops.alerts.words import amount_of, channels_of, condition_of, where_of
from revops.web.htmx import refuse, render_page
from revops.web.policy import screen


@screen("alerts.view")
@require_GET
def one(request: HttpRequest, number: int) -> HttpResponse:
    """What is the matter, where it can be mended, and who has it."""
    alert = _alert(number)
    rule, code = alert.rule, alert.legal_entity.code if alert.legal_entity else ""
    known = measures.MEASURES.get(rule.measure)
    context = {
        "alert": alert,
        "rule": rule,
        "condition": condition_of(rule.terms, where_of(rule)),
        "about": known.about if known else "",
        "now": amount_of(rule.measure, rule.value, rule.currency)
        if rule.value is not None and alert.state != State.ENDED
        else "",
        "worst": amount_of(rule.measure, alert.worst, alert.currency),
        "channels": channels_of(rule),
        "link": known.link.format(entity=f"?entity={code}" if code else "") if known else "",
        "verb": known.verb if known else "",
        "verdict": explain(request.user, "alerts.acknowledge", entities=[code]),
    }
    return render_page(request, "alerts/alert.html", context)


@screen("alerts.acknowledge")
@require_POST
def acknowledge(request: HttpRequest, number: int) -> HttpResponse:
    """Nobody else is told from here on."""
    assert isinstance(request.user, User)
    alert = _alert(number)
    try:
        taken = answering.acknowledge(
            by=request.user, alert_id=alert.pk, note=request.POST.get("note", "")
        )
    except AlertOver as over:
        return refuse(request, over)
    if taken.acknowledged_by == request.user:
        messages.success(request, f"{taken} is yours. Nobody else is told of it.")
    else:
        name = taken.acknowledged_by.name if taken.acknowledged_by else "Somebody"
        messages.info(request, f"{name} had acknowledged it before you.")
    return HttpResponseRedirect(reverse("alerts:alert", args=[alert.pk]))


def _alert(number: int) -> Alert:
    found = Alert.objects.select_related(
        "rule__legal_entity", "rule__owner", "rule__escalate_to", "legal_entity",
        "acknowledged_by", "told", "escalated_to",
    )  # fmt: skip
    alert = found.filter(pk=number).first()
    if alert is None:
        raise Http404("There is no such alert.")
    return alert
