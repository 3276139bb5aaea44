from __future__ import annotations

from django.urls import URLPattern, path

from accounts.views import doors, factors, keys, passwords, sso

app_name = "accounts"
urlpatterns: list[URLPattern] = [
    path("sign-in/", doors.sign_in, name="sign-in"),
    path("sign-in/second-factor/", factors.second_factor_code, name="second-factor"),
    path("sign-in/sso/", sso.sso, name="sso"),
    path("sign-in/sso/return/", sso.sso_return, name="sso-return"),
    path("sign-out/", doors.sign_out, name="sign-out"),
    path("set-password/<int:id>/<str:token>/", passwords.set_by_link, name="set-password"),
    path("me/confirm/", factors.confirm, name="confirm"),
    path("me/password/", passwords.change, name="password"),
    path("me/second-factor/", factors.set_up, name="set-up"),
    path("me/second-factor/codes/", factors.renew_codes, name="codes"),
    path("me/second-factor/keys/", keys.add, name="add-key"),
    path("me/second-factor/keys/<int:id>/remove/", keys.remove, name="key-remove"),
    path("me/second-factor/remove/", factors.remove, name="second-factor-remove"),
]
