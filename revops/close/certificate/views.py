"""A certificate with what it rests on, its file and its pack; all of a period for an auditor."""

from __future__ import annotations

import json
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.authority import ALL
from accounts.models import User
from accounts.queries import explain, scope_of
from revops.close.certificate import evidence as evidences
from revops.close.certificate import operations, pdf
from revops.close.certificate import pack as packing
from revops.close.certificate.choosing import METHODS, MONETARY_UNIT
from revops.close.certificate.operations import SealRefused
from revops.close.certificate.pack import PackRefused, Wish
from revops.close.certificate.queries import held_for, latest, offered
from revops.close.certificate.scope import Period, period_of
from revops.close.certificate.words import told
from revops.close.models import Certificate
from revops.web.exports import file_of
from revops.web.htmx import refuse, render_page
from revops.web.policy import screen

SIZE: Final = 25


@screen("close.view")
@require_GET
def certificate(request: HttpRequest, period: str, entity: str) -> HttpResponse:
    """The certificate, looked at again; without one, what it would say."""
    mine = _period(request, period, entity)
    newest = latest(mine.entity_id, mine.code)
    if newest is not None:
        newest = operations.seen(newest)
    holds = newest if newest is not None and newest.suspended_at is None else None
    sealed = json.loads(newest.body) if newest is not None else None
    now = None if holds is not None else evidences.read(mine)
    context = {
        "period": mine,
        "certificate": newest,
        "holds": holds,
        "sealed": sealed["sealed"] if sealed else None,
        "told": told(sealed["evidence"] if holds and sealed else now.told if now else {}),
        "digest": holds.evidence if holds else now.sha256 if now else "",
        "why_not": operations.why_not(now) if now else "",
        "verdict": explain(request.user, "close.sign", entities=[mine.entity]),
        "methods": METHODS,
        "size": SIZE,
    }
    return render_page(request, "close/certificate.html", context)


@screen("close.sign")
@require_POST
def seal(request: HttpRequest, period: str, entity: str) -> HttpResponse:
    """Sealed with the digest that the person saw."""
    assert isinstance(request.user, User)
    mine = _period(request, period, entity)
    try:
        made = operations.seal(period=mine, by=request.user, seen=request.POST.get("seen", ""))
    except SealRefused as refusal:
        return refuse(request, refusal)
    messages.success(request, f"{made} is sealed.")
    return HttpResponseRedirect(reverse("certificates:certificate", args=[mine.code, mine.entity]))


@screen("close.view")
@require_GET
def as_json(request: HttpRequest, period: str, entity: str) -> HttpResponse:
    """The file for ``manage.py certificate verify``; also of one that is suspended."""
    mine = _period(request, period, entity)
    answer = HttpResponse(
        operations.as_file(_newest(mine)), content_type="application/json; charset=utf-8"
    )
    name = f"certificate-{mine.entity}-{mine.code}.json"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@screen("close.view")
@require_GET
def as_pdf(request: HttpRequest, period: str, entity: str) -> HttpResponse:
    """For people and paper, with the signed file inside; says so when it is suspended."""
    mine = _period(request, period, entity)
    answer = HttpResponse(pdf.of(operations.seen(_newest(mine))), content_type="application/pdf")
    name = f"certificate-{mine.entity}-{mine.code}.pdf"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@screen("close.view")
@file_of("evidence pack")
def pack(request: HttpRequest, period: str, entity: str) -> HttpResponse:
    """The zip of the newest certificate; payloads are masked."""
    newest = _newest(_period(request, period, entity))
    try:
        size = int(request.POST.get("size", SIZE))
    except ValueError:
        size = 0
    try:
        wish = Wish(
            request.POST.get("seed", "").strip() or str(newest),
            request.POST.get("method", MONETARY_UNIT), size,
        )  # fmt: skip
        made = packing.make(newest, wish)
    except PackRefused as refusal:
        return refuse(request, refusal, status=422)
    answer = HttpResponse(made, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{packing.name_of(newest)}"'
    return answer


@screen("close.view")
@require_GET
def packs(request: HttpRequest) -> HttpResponse:
    """By period: certificates, names and overrides of the legal entities that one sees."""
    periods = offered(request.GET.get("period", ""))
    context = {
        "code": periods.chosen, "codes": periods.codes,
        "held": held_for(request.user, periods.chosen), "size": SIZE,
    }  # fmt: skip
    return render_page(request, "close/packs.html", context)


def _period(request: HttpRequest, period: str, entity: str) -> Period:
    own = scope_of(request.user, "close.view")
    found = period_of(entity, period) if own is ALL or entity in own else None
    if found is None:
        raise Http404("There is no such period.")
    return found


def _newest(period: Period) -> Certificate:
    found = latest(period.entity_id, period.code)
    if found is None:
        raise Http404("Nobody has sealed a certificate of this period.")
    return found
