"""Production: everything that has to be true is checked by ``manage.py check --deploy``."""

from __future__ import annotations

from revops.settings.base import *  # noqa: F403  settings modules are layered by star import

REVOPS_DEMO = False
REVOPS_ALLOW_LOOPBACK = False
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
