"""Pages of the second factor, and of proving oneself again."""

from __future__ import annotations

from base64 import b64encode
from typing import Final, cast

from allauth.account.internal.flows.login import record_authentication
from allauth.account.stages import LoginStageController
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_http_methods, require_POST

from accounts import keys, patience, second_factor, stepup
from accounts.models import User
from accounts.policy import for_everyone_signed_in, open_door
from accounts.queries import actor_of
from accounts.stages import SecondFactor

_SECRET: Final = "second_factor.secret"  # noqa: S105  the name of the session's place for it
_WRONG_KEY: Final = "That key did not answer as it should. Try again, or use another way."
_WRONG: Final = "That code is not right, or was used already."


@open_door("asks for the second factor, behind the password")
@require_http_methods(["GET", "POST"])
def second_factor_code(request: HttpRequest) -> HttpResponse:
    """
    A code of the app, or one from paper. For who has just given their password, and for who is
    signed in from before a second factor was required.
    """
    stage, user = None, request.user
    if not isinstance(user, User):
        stage = LoginStageController.enter(request, SecondFactor.key)
        if stage is None:
            return redirect("accounts:sign-in")
        user = cast("User", stage.login.user)
    elif second_factor.proved(request, user) or not second_factor.has_one(user):
        return redirect(_next(request))
    problem, status = "", 200
    if request.method == "POST":
        address = request.META.get("REMOTE_ADDR", "")
        if wait := patience.seconds_to_wait(email=user.email, address=address):
            problem, status = f"Too many tries. Wait {wait} seconds.", 429
        elif found := _given(request, user):
            patience.succeeded(email=user.email, address=address)
            record_authentication(request, user, "mfa", type=str(found.type))
            if stage is not None:
                return cast("HttpResponse", stage.exit())
            request.session.cycle_key()
            return redirect(_next(request))
        else:
            patience.failed(email=user.email, address=address)
            by_key = "credential" in request.POST
            problem, status = _WRONG_KEY if by_key else _WRONG, 422
    options = keys.wanted_to_prove(user)
    context = {"problem": problem, "next": _next(request), "options": options}
    return render(request, "accounts/second_factor.html", context, status=status)


@second_factor.before_it
@for_everyone_signed_in
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """The square to scan; then, once, the codes for paper."""
    user = cast("User", request.user)
    if second_factor.has_app(user):
        return redirect("me:settings")
    if second_factor.has_one(user) and not second_factor.proved(request, user):
        return redirect("accounts:second-factor")
    if answer := ask_again(request, user):
        return answer
    problem = ""
    secret = request.session.get(_SECRET)
    if request.method == "POST" and secret:
        codes = second_factor.set_up(user=user, secret=secret, code=request.POST.get("code", ""))
        if codes is not None:
            del request.session[_SECRET]
            record_authentication(request, user, "mfa", type="totp")
            return show_codes(request, codes) if codes else redirect("me:settings")
        problem = "That code is not right. Wait for the next one and type it at once."
    if not secret:
        secret = request.session[_SECRET] = generate_totp_secret()
    adapter = get_adapter()
    square: str = adapter.build_totp_svg(adapter.build_totp_url(user, secret))
    context = {
        "problem": problem,
        "required": second_factor.required(),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "square": b64encode(square.encode()).decode(),
    }
    status = 422 if problem else 200
    return render(request, "accounts/set_up.html", context, status=status)


@for_everyone_signed_in
@require_POST
def renew_codes(request: HttpRequest) -> HttpResponse:
    """Ten new codes for paper, shown once."""
    user = cast("User", request.user)
    if not second_factor.has_one(user):
        return redirect("me:settings")
    if answer := ask_again(request, user):
        return answer
    return show_codes(request, second_factor.renew_codes(user=user))


@for_everyone_signed_in
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Ask for no codes any more, where nobody requires them."""
    user = cast("User", request.user)
    if second_factor.required():
        messages.error(request, "A second factor is required here. It cannot be taken away.")
        return redirect("me:settings")
    if answer := ask_again(request, user):
        return answer
    if second_factor.remove(user=user, by=actor_of(user)):
        messages.success(request, "Your second factor is gone. Only your password is asked for.")
    return redirect("me:settings")


@second_factor.before_it
@for_everyone_signed_in
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Password or code once more, before what matters most; then back to where one was."""
    user = cast("User", request.user)
    problem = ""
    if request.method == "POST":
        try:
            if "credential" in request.POST:
                stepup.prove_by_key(request, request.POST["credential"])
            else:
                stepup.prove(request, request.POST.get("given", ""))
            return HttpResponseRedirect(_next(request))
        except stepup.NotProved as refused:
            problem = str(refused)
    context = {
        "problem": problem,
        "next": _next(request),
        "possible": stepup.possible(user),
        "options": keys.wanted_to_prove(user),
    }
    return render(request, "accounts/confirm.html", context, status=422 if problem else 200)


def _given(request: HttpRequest, user: User) -> Authenticator | None:
    """The factor that is right: a key that answered, or what was typed."""
    if "credential" in request.POST:
        return keys.check(user, request.POST["credential"])
    return second_factor.check(user, request.POST.get("code", ""))


def ask_again(request: HttpRequest, user: User) -> HttpResponse | None:
    """To the page that asks, unless it is fresh or there is nothing to ask for."""
    if stepup.fresh(request) or not stepup.possible(user):
        return None
    back = request.path if request.method == "GET" else reverse("me:settings")
    return HttpResponseRedirect(f"{reverse('accounts:confirm')}?{urlencode({'next': back})}")


def show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """The codes for paper, this once."""
    shown = [f"{code[:4]} {code[4:]}" for code in codes]
    return render(request, "accounts/codes.html", {"codes": shown})


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if wanted and safe else reverse("console:home")
