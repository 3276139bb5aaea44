"""Tests: a real PostgreSQL and a real Valkey, shorter times, cheap password hashing."""

from __future__ import annotations

import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

from revops.settings.base import *  # noqa: F403  settings modules are layered by star import

SECRET_KEY = "only-for-tests-" + "x" * 40
REVOPS_AUDIT_KEY = Fernet.generate_key().decode()
REVOPS_AUDIT_ANCHORS = Path(tempfile.gettempdir()) / "revops-test-anchors"
REVOPS_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
REVOPS_SECOND_FACTOR = "off"
# Each test's client builds the middleware anew; else it would list all static files each time.
WHITENOISE_AUTOREFRESH = True
# Tests side by side share one Valkey and must not count together; those of the real one say so.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
REVOPS_ALLOW_LOOPBACK = True
REVOPS_ENVIRONMENT = "Sandbox"
REVOPS_LEASE = 3.0
REVOPS_SWEEP_INTERVAL = 0.5
REVOPS_LINGER = 0.05
