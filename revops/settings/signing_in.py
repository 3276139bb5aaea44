"""How people sign in: django-allauth behind pages of our own (``accounts``)."""

from __future__ import annotations

from urllib.parse import urlsplit

import environ

_env = environ.Env()

# “required”: everybody proves a second factor; “off”: only those who have set one up are asked.
REVOPS_SECOND_FACTOR = _env("REVOPS_SECOND_FACTOR", default="required")
# An OpenID Connect provider of one's own; no issuer, no button.
REVOPS_OIDC_ISSUER = _env("REVOPS_OIDC_ISSUER", default="")
REVOPS_OIDC_CLIENT_ID = _env("REVOPS_OIDC_CLIENT_ID", default="")
REVOPS_OIDC_SECRET = _env("REVOPS_OIDC_SECRET", default="")
REVOPS_OIDC_NAME = _env("REVOPS_OIDC_NAME", default="single sign-on")
# Domains of e-mail addresses that may come from there; none set, none may.
REVOPS_OIDC_DOMAINS = _env.list("REVOPS_OIDC_DOMAINS", default=[])
# Domains in which one mailbox name is one person; those of the provider unless others are named.
REVOPS_OWN_DOMAINS = _env.list("REVOPS_OWN_DOMAINS", default=REVOPS_OIDC_DOMAINS)
# “here”: the second factor is asked for here as well; “provider”: the provider asks for it.
REVOPS_OIDC_SECOND_FACTOR = _env("REVOPS_OIDC_SECOND_FACTOR", default="here")
# Seconds without doing anything, and in all, after which a session ends.
REVOPS_SESSION_IDLE = _env.int("REVOPS_SESSION_IDLE", default=30 * 60)
REVOPS_SESSION_LONGEST = _env.int("REVOPS_SESSION_LONGEST", default=12 * 3600)
# Proxies in front of us that each add the caller to X-Forwarded-For; 0 believes none of it.
REVOPS_PROXIES = _env.int("REVOPS_PROXIES", default=0)

AUTHENTICATION_BACKENDS = ["accounts.known.PasswordBackend"]
SESSION_ENGINE = "accounts.known"
ACCOUNT_ADAPTER = "accounts.adapters.People"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
# Between the password and the second factor.
ACCOUNT_LOGIN_TIMEOUT = 600
SOCIALACCOUNT_ADAPTER = "accounts.adapters.Providers"
SOCIALACCOUNT_STORE_TOKENS = False
MFA_ADAPTER = "accounts.adapters.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "RevOps Console"
# A phone's clock may be off by one step of 30 seconds.
MFA_TOTP_TOLERANCE = 1

SESSION_COOKIE_AGE = REVOPS_SESSION_LONGEST
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
]


def form_targets() -> list[str]:
    """Origins, beside our own, to which a form may lead."""
    parts = urlsplit(REVOPS_OIDC_ISSUER)
    return [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []
