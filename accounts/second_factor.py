"""
The second factor: codes of an authenticator app, security keys (``accounts.keys``), and ten codes
on paper for when they are lost.

allauth keeps and checks them; each code of the app counts once, whichever process it comes to
(RFC 6238 §5.2), because the step that it was good for is kept beside the secret.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import resolve_url

from accounts.models import User
from accounts.queries import actor_of
from revops.audit.operations import nothing_to_record, record, recorded
from revops.kernel.actor import Actor

_STEP: Final = "step"
_BEFORE: Final = "before_second_factor"
_FACTORS: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
_TYPED: Final = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)


def required() -> bool:
    """Whether everybody has to have one."""
    return bool(settings.REVOPS_SECOND_FACTOR == "required")


def has_one(user: User) -> bool:
    """An app or a key; codes on paper alone are none."""
    found = Authenticator.objects.filter(user=user, type__in=_FACTORS)
    return bool(found.exists())


def has_app(user: User) -> bool:
    found = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP)
    return bool(found.exists())


def codes_left(user: User) -> int:
    """How many codes on paper have not been used."""
    found = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(RecoveryCodes(found).get_unused_codes()) if found else 0


def check(user: User, code: str) -> Authenticator | None:
    """Which factor of the person the code is right for; it is then used up."""
    code = code.strip().replace(" ", "")
    with transaction.atomic():
        rows = Authenticator.objects.select_for_update().filter(user=user, type__in=_TYPED)
        for one in rows.order_by("pk"):
            app = one.type == Authenticator.Type.TOTP
            if _use_step(one, code) if app else RecoveryCodes(one).validate_code(code):
                one.refresh_from_db()
                one.record_usage()
                return one
    return None


def _use_step(one: Authenticator, code: str) -> bool:
    secret, last = decrypt(one.data["secret"]), one.data.get(_STEP, 0)
    for step in auth.yield_hotp_counters_from_time():
        right = auth.format_hotp_value(auth.hotp_value(secret, step))
        if step > last and compare_user_code(actual=code, expected=right):
            one.data[_STEP] = step
            one.save(update_fields=["data"])
            return True
    return False


@transaction.atomic
def set_up(*, user: User, secret: str, code: str) -> list[str] | None:
    """
    Begin to ask for codes of the app that knows ``secret``; the codes for paper, shown only now,
    and none when they were given out with a key. None when ``code`` is not one of that app: then
    nothing has changed.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if has_app(user) or not auth.validate_totp_code(secret, code.strip().replace(" ", "")):
        return None
    made = auth.TOTP.activate(user, secret).instance
    _use_step(made, code.strip().replace(" ", ""))
    codes = [] if codes_left(user) else new_codes(user)
    _record("second_factor.set_up", user, actor_of(user), after={"second factor": "app"})
    return codes


@transaction.atomic
def renew_codes(*, user: User) -> list[str]:
    """Ten new codes for paper; those before are worth nothing from here on."""
    codes = new_codes(user)
    _record("second_factor.codes_renewed", user, actor_of(user), after={"codes": len(codes)})
    return codes


@recorded
@transaction.atomic
def remove(*, user: User, by: Actor, reason: str = "") -> bool:
    """Ask for no codes any more; whether there was a second factor."""
    had = ", ".join(sorted(Authenticator.objects.filter(user=user).values_list("type", flat=True)))
    gone, _ = Authenticator.objects.filter(user=user).delete()
    if not gone:
        nothing_to_record("no second factor")
    else:
        _record("second_factor.removed", user, by, before={"second factor": had}, reason=reason)
    return bool(gone)


def new_codes(user: User) -> list[str]:
    """Ten codes for paper in place of those before. Records nothing."""
    Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
    codes: list[str] = RecoveryCodes.activate(user).generate_codes()
    return codes


def _record(action: str, user: User, by: Actor, **rest: Any) -> None:
    record(action, by=by, kind="person", reference=f"user:{user.pk}", label=user.name, **rest)


def before_it(view: Any) -> Any:
    """The view is open to a signed-in person whose second factor is still to come."""
    setattr(view, _BEFORE, True)
    return view


def proved(request: HttpRequest, user: User) -> bool:
    """Whether this session has seen a second factor of its person, here or at their provider."""
    ways = {"mfa"}
    if settings.REVOPS_OIDC_SECOND_FACTOR == "provider":
        ways.add("socialaccount")
    return any(one.get("method") in ways for one in get_authentication_records(request, user))


class SecondFactorMiddleware:
    """
    No way around it: while a second factor is required, a session without one sees nothing but
    the pages that ask for it, set it up, or sign out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        user = request.user
        if not required() or not isinstance(user, User) or proved(request, user):
            return None
        if not getattr(view, "login_required", True) or getattr(view, _BEFORE, False):
            return None
        way = "accounts:second-factor" if has_one(user) else "accounts:set-up"
        if "HX-Request" in request.headers and "HX-Boosted" not in request.headers:
            answer = HttpResponse(status=204)
            answer["HX-Redirect"] = resolve_url(way)
            return answer
        return HttpResponseRedirect(resolve_url(way))
