"""Asking for a credit: the form that saves itself, the check before sending, and sending."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from approvals.operations import ApprovalRefused
from approvals.subjects import CannotApply
from revops.credits import life
from revops.credits.forms import read
from revops.credits.life import CannotChange
from revops.credits.models import ServiceCredit
from revops.credits.operations import drafting, sending
from revops.credits.operations.drafting import CreditUnknown
from revops.credits.operations.sending import Incomplete
from revops.credits.queries import finder
from revops.credits.queries.listing import seen_by
from revops.credits.queries.sheet import Draft, Sheet, sheet
from revops.credits.views.words import rungs, who_decides
from revops.kernel import clock
from revops.kernel.money import Money
from revops.web.htmx import render_page, wants_fragment
from revops.web.policy import screen

_PAGE: Final = "credits/request.html"
_NAMED: Final = ("ticket", "invoice", "customer", "q")


@screen("credits.request")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """``?ticket=``, ``?invoice=``, ``?customer=`` as people say it; ``?of=invoice-12``: our id."""
    assert isinstance(request.user, User)
    if request.method == "POST":
        known = request.POST.get("credit", "")
        return _write(request, int(known) if known.isascii() and known.isdigit() else None)
    draft = _begun(request)
    saved = _saved(request.user, draft)
    if saved is not None:
        return HttpResponseRedirect(reverse("credits:edit", args=[saved.pk]))
    found = sheet(draft, by=request.user.pk, at=clock.now())
    proposed = found.assessment.proposed if found.assessment else 0
    if proposed and not draft.amount:
        draft = replace(draft, amount=f"{Money(proposed, found.currency).decimal}")
        found = sheet(draft, by=request.user.pk, at=clock.now())
    return _page(request, found, None)


@screen("credits.request")
@require_GET
def find(request: HttpRequest) -> HttpResponse:
    """Support's finder: one exact answer leads to its page, several names are listed."""
    words = " ".join(request.GET.get("q", "").split())[:200]
    found = finder.seek(words)
    if found.case is not None:
        return HttpResponseRedirect(reverse("console:record", args=["support_case", found.case.pk]))
    if found.party is not None:
        asked = found.invoice is not None and words.lower() == found.invoice.number.lower()
        if asked and found.invoice is not None:
            return HttpResponseRedirect(
                reverse("console:record", args=["invoice", found.invoice.pk])
            )
        return HttpResponseRedirect(reverse("console:customer", args=[found.party.pk]))
    return render_page(request, "credits/find.html", {"words": words, "found": found})


@screen("credits.request")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, id: int) -> HttpResponse:
    assert isinstance(request.user, User)
    if request.method == "POST":
        return _write(request, id)
    credit = _mine(request.user, id)
    if credit.state != life.DRAFT:
        return HttpResponseRedirect(reverse("credits:one", args=[id]))
    found = sheet(Draft.of(credit), by=request.user.pk, at=clock.now(), credit=credit)
    return _page(request, found, credit)


@screen("credits.request")
@require_http_methods(["GET", "HEAD", "POST"])
def send(request: HttpRequest, id: int) -> HttpResponse:
    """Every answer once more, then it goes."""
    assert isinstance(request.user, User)
    credit = _mine(request.user, id)
    if credit.state != life.DRAFT:
        return HttpResponseRedirect(reverse("credits:one", args=[id]))
    if request.method == "POST":
        try:
            sending.send(by=request.user, credit_id=id)
        except Incomplete as error:
            return _page(request, error.sheet, credit, show=True)
        except (CannotChange, ApprovalRefused, CannotApply) as error:
            return _check(request, credit, problem=str(error))
        messages.success(request, f"{credit.number} was sent for approval.")
        return HttpResponseRedirect(reverse("credits:one", args=[id]))
    return _check(request, credit)


@screen("credits.request")
@require_POST
def discard(request: HttpRequest, id: int) -> HttpResponse:
    assert isinstance(request.user, User)
    try:
        drafting.discard(by=request.user, credit_id=id)
        messages.success(request, f"The draft CR-{id} was discarded.")
    except CreditUnknown as error:
        raise Http404(str(error)) from error
    except CannotChange as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("credits:one", args=[id]))
    return HttpResponseRedirect(reverse("credits:list"))


def _write(request: HttpRequest, credit_id: int | None) -> HttpResponse:
    """Keep what was typed; a fragment for the form that saves itself, else the next page."""
    assert isinstance(request.user, User)
    act = request.POST.get("act", "")
    draft = read(request.POST)
    if act == "change":
        draft = replace(draft, invoice_id=None, case_id=None, party_id=None)
    elif act.startswith("party-") and act[6:].isdigit():
        draft = replace(draft, party_id=int(act[6:]), invoice_id=None, case_id=None)
    elif _sought_anew(request, draft):
        draft = replace(draft, invoice_id=None, case_id=None, party_id=None)
    try:
        if act == "maximum":
            judged = sheet(draft, by=request.user.pk, at=clock.now())
            if judged.assessment and judged.assessment.maximum:
                most = Money(judged.assessment.maximum, judged.currency)
                draft = replace(draft, amount=f"{most.decimal}")
        credit, found = drafting.save(by=request.user, draft=draft, credit_id=credit_id)
    except CreditUnknown as error:
        raise Http404(str(error)) from error
    except CannotChange as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("credits:one", args=[credit_id]))
    where = reverse("credits:edit", args=[credit.pk])
    if wants_fragment(request):
        answer = _page(request, found, credit)
        answer["HX-Replace-Url"] = where
        return answer
    if act == "check":
        if found.problems:
            return _page(request, found, credit, show=True)
        return HttpResponseRedirect(reverse("credits:send", args=[credit.pk]))
    if act == "save":
        messages.success(request, f"{credit.number} was saved as a draft.")
    return HttpResponseRedirect(where)


def _sought_anew(request: HttpRequest, draft: Draft) -> bool:
    """Somebody typed something else into the finder than what the choice was made from."""
    return draft.sought != request.POST.get("chosen_from", draft.sought)


def _begun(request: HttpRequest) -> Draft:
    asked = request.GET
    text = next(
        (asked[name] for name in ("ticket", "invoice", "customer", "q") if name in asked), ""
    )
    kind = asked.get("type", "")
    draft = Draft(sought=text[:200], credit_type=kind if kind in life.TYPES else "sla_period")
    what, _, id = asked.get("of", "").rpartition("-")
    found = finder.by_id(what, id) if id.isascii() and id.isdigit() else finder.seek(draft.sought)
    name = found.case.source_id if found.case else found.invoice.number if found.invoice else ""
    return replace(
        draft,
        sought=name or (found.party.name if found.party else draft.sought),
        invoice_id=found.invoice.pk if found.invoice else None,
        case_id=found.case.pk if found.case else None,
        party_id=found.party.pk if found.party else None,
        ticket=found.case.source_id if found.case else "",
    )


def _saved(user: User, draft: Draft) -> ServiceCredit | None:
    """What this person, or a rule, has begun about the same case or invoice."""
    rows = ServiceCredit.objects.filter(state=life.DRAFT).order_by("-pk")
    if draft.case_id:
        rows = rows.filter(support_case_id=draft.case_id)
        return rows.filter(asked_by=user).first() or rows.filter(asked_by=None).first()
    if draft.invoice_id:
        return rows.filter(
            invoice_id=draft.invoice_id, support_case=None, asked_by=user, ticket=""
        ).first()
    return None


def _mine(user: User, id: int) -> ServiceCredit:
    credit = seen_by(user).filter(pk=id).first()
    if credit is None:
        raise Http404(f"There is no CR-{id}.")
    drafting.mine(credit, user)
    return credit


def _check(request: HttpRequest, credit: ServiceCredit, *, problem: str = "") -> HttpResponse:
    assert isinstance(request.user, User)
    found = sheet(Draft.of(credit), by=request.user.pk, at=clock.now(), credit=credit)
    if found.problems:
        return HttpResponseRedirect(reverse("credits:edit", args=[credit.pk]))
    context = _context(request, found, credit) | {"problem": problem}
    return render_page(request, "credits/check.html", context, status=422 if problem else 200)


def _page(
    request: HttpRequest, found: Sheet, credit: ServiceCredit | None, *, show: bool = False
) -> HttpResponse:
    context = _context(request, found, credit) | {
        "problems": found.problems if show else {},
        "oob": wants_fragment(request),
        "show": show,
    }
    return render_page(
        request, _PAGE, context, fragments={"judged": "judged"}, status=422 if show else 200
    )


def _context(request: HttpRequest, found: Sheet, credit: ServiceCredit | None) -> dict[str, Any]:
    assert isinstance(request.user, User)
    kind = found.draft.credit_type
    return {
        "credit": credit,
        "sheet": found,
        "draft": found.draft,
        "types": [(slug, *words) for slug, words in life.TYPES.items()],
        "reasons": life.REASONS.items(),
        "type_words": life.TYPES.get(kind, ("", "")),
        "reason_words": life.REASONS.get(found.draft.reason_code, ""),
        "of_sla": kind == "sla_period",
        "decides": who_decides(found, request.user),
        "rungs": rungs(found),
        "tax": Money(found.preview.tax, found.currency) if found.preview else None,
        "may_maximum": bool(found.assessment and found.assessment.maximum),
    }  # fmt: skip
