"""The list of tokens, a new one, the end of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from accounts import stepup
from accounts.answering import shrunk
from accounts.models import ServiceToken, User
from accounts.operations import TokenRefused
from accounts.operations.tokens import end_token, make_token
from accounts.queries import may
from accounts.roles import who_may
from revops.console.tokens.forms import TokenForm
from revops.kernel import clock
from revops.web.htmx import render_page
from revops.web.policy import screen

_SOON: Final = timedelta(days=14)
_LONGEST_LIST: Final = 500


@dataclass(frozen=True, slots=True)
class Line:
    """A token as the list shows it: “active”, “expired” … and what to say beside it."""

    token: ServiceToken
    state: str
    warning: str


@screen("tokens.view")
@require_GET
def tokens(request: HttpRequest) -> HttpResponse:
    """Every token, those that work first, with who answers for it and until when."""
    return _page(request)


@screen("tokens.change")
@require_POST
def create(request: HttpRequest) -> HttpResponse:
    """A new one. Its text is in this answer and nowhere else."""
    if answer := _ask_again(request):
        return answer
    form, problem = TokenForm(request.POST), "Some of it is missing or not right."
    if form.is_valid():
        try:
            made, text = make_token(
                by=cast("User", request.user), name=form.cleaned_data["name"], scopes=form.scopes,
                days=int(form.cleaned_data["days"]), owner=form.cleaned_data["owner"],
                reason=form.cleaned_data["reason"],
            )  # fmt: skip
        except TokenRefused as refused:
            problem = str(refused)
        else:
            return _page(request, made=made, text=text)
    return _page(request, form=form, problem=problem)


@screen("tokens.change")
@require_POST
def revoke(request: HttpRequest, prefix: str) -> HttpResponse:
    """End one at once."""
    try:
        ended = end_token(
            by=cast("User", request.user), prefix=prefix, reason=request.POST.get("reason", "")
        )
    except TokenRefused as refused:
        return _page(request, problem=str(refused))
    messages.success(request, f"{ended.name} no longer works.")
    return redirect("tokens:list")


def _ask_again(request: HttpRequest) -> HttpResponse | None:
    """A token outlives its maker's session: who makes one is asked again."""
    if stepup.fresh(request):
        return None
    messages.info(request, "Fill it in once more: first it had to be sure that it is you.")
    return redirect(f"{reverse('accounts:confirm')}?{urlencode({'next': reverse('tokens:list')})}")


def _page(
    request: HttpRequest,
    *,
    form: TokenForm | None = None,
    problem: str = "",
    made: ServiceToken | None = None,
    text: str = "",
) -> HttpResponse:
    user = cast("User", request.user)
    context = {
        "lines": _lines(),
        "form": form or TokenForm(initial={"owner": user.pk}),
        "problem": problem,
        "made": made,
        "text": text,
        "may_change": may(user, "tokens.change"),
        "who_changes": who_may("tokens.change"),
    }
    return render_page(request, "tokens/tokens.html", context, status=422 if problem else 200)


def _lines() -> list[Line]:
    now = clock.now()
    found = ServiceToken.objects.select_related("owner").order_by("-created_at")[:_LONGEST_LIST]
    people: dict[int, User] = {}
    lines = []
    for token in found:
        if token.owner is not None:
            # One person is one object, so that their roles are read once.
            token.owner = people.setdefault(token.owner.pk, token.owner)
        lines.append(Line(token, *_state(token, now + _SOON)))
    return sorted(lines, key=lambda line: line.state != "active")


def _state(token: ServiceToken, soon: datetime) -> tuple[str, str]:
    now = clock.now()
    if token.revoked_at is not None:
        return "cancelled", "Revoked"
    if token.expires_at <= now:
        return "expired", "Expired"
    if token.owner is not None and not token.owner.is_active:
        return "cancelled", "Its person has left"
    if shrunk(token):
        return "active", "Its person may not read all of it"
    if token.expires_at <= soon:
        return "active", "Ends soon"
    return "active", ""
