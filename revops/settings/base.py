"""
Settings shared by every environment. Secrets come from the environment and have no default.

``REVOPS_*`` names are the console's own; each is described in docs/operations/running.md.
"""

from __future__ import annotations

from pathlib import Path

import environ
from celery.schedules import crontab

from revops.settings.logs import logging_config
from revops.settings.signing_in import *  # noqa: F403  settings modules are layered by star import
from revops.settings.signing_in import form_targets

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent.parent

SECRET_KEY = env("DJANGO_SECRET_KEY", default="")
SECRET_KEY_FALLBACKS = env.list("DJANGO_SECRET_KEY_FALLBACKS", default=[])
DEBUG = False
ALLOWED_HOSTS = env.list("REVOPS_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("REVOPS_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "template_partials",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "revops.audit",
    "accounts",
    "revops.web",
    "revops.notices",
    "revops.jobs",
    "connectors",
    "revops.mappings",
    "revops.canonical",
    "revops.events",
    "revops.lineage",
    "revops.ledger",
    "revops.delivery",
    "revops.usage",
    "approvals",
    "exceptions",
    "revops.pipeline",
    "revops.credits",
    "revops.alerts",
    "revops.measures",
    "revops.reconciliation",
    "revops.close",
    "revops.warehouse",
    "revops.console",
    "revops.api",
    "revops.sandbox",
    "revops.sandbox.rehearsals",
    "revops.bench",
]

MIDDLEWARE = [
    "accounts.address.AddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "revops.api.front.MachineDoors",
    "revops.web.correlation.CorrelationMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "revops.web.headers.HeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.sessions.SessionMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "accounts.second_factor.SecondFactorMiddleware",
    "accounts.acting.ActorMiddleware",
    "accounts.reach.ReachMiddleware",
    "revops.web.zone.ZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "revops.web.htmx.VaryMiddleware",
]

ROOT_URLCONF = "revops.urls"
WSGI_APPLICATION = "revops.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "console:home"
LOGOUT_REDIRECT_URL = "accounts:sign-in"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "builtins": [
                "template_partials.templatetags.partials",
                "revops.web.templatetags.console",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "revops.web.context.console",
            ],
        },
    }
]

DATABASES = {"default": env.db("DATABASE_URL", default="postgres://revops@localhost/revops")}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = False
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["OPTIONS"]["options"] = (
    "-c statement_timeout=60000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=60000"
)
if env("DATABASE_ADMIN_URL", default=""):
    # The owner of the tables, for “manage.py migrate --database owner” and database_roles alone.
    DATABASES["owner"] = env.db("DATABASE_ADMIN_URL")
    DATABASES["owner"]["ENGINE"] = "django.db.backends.postgresql"
if env.bool("REVOPS_DB_POOL", default=False):
    # Web processes share a small pool; workers keep one plain connection each.
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 2, "max_size": 12, "timeout": 5}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = None
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

REDIS_URL = env("REDIS_URL", default="redis://localhost:6379/0")
# Tries and calls are counted here for all processes; without Valkey, by each for itself.
CACHES = {
    "default": {
        "BACKEND": "revops.store.shared_cache.SharedCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "revops-cache",
        "OPTIONS": {"socket_connect_timeout": 0.25, "socket_timeout": 0.25},
    }
}

# A wake-up must never hold up what has already been stored: one quick try, then the sweeper.
CELERY = {
    "broker_url": REDIS_URL,
    "broker_connection_retry_on_startup": True,
    "broker_transport_options": {
        "socket_timeout": 5,
        "socket_connect_timeout": 1,
        "visibility_timeout": 3600,
        "global_keyprefix": "revops:",
    },
    "broker_connection_timeout": 1,
    "task_publish_retry": False,
    "task_ignore_result": True,
    "task_serializer": "json",
    "accept_content": ["json"],
    "worker_prefetch_multiplier": 1,
    "worker_hijack_root_logger": False,
    "task_time_limit": 170,
    "task_soft_time_limit": 160,
    "task_default_queue": "line",
    "imports": [
        "revops.pipeline.tasks",
        "approvals.tasks",
        "revops.credits.tasks",
        "revops.alerts.tasks",
        "revops.measures.tasks",
        "revops.close.tasks",
        "revops.close.certificate.tasks",
        "revops.reconciliation.tasks",
        "revops.jobs.tasks",
        "exceptions.tasks",
        "revops.audit.tasks",
        "revops.warehouse.tasks",
        "revops.sandbox.rehearsals.tasks",
    ],
    "beat_schedule": {
        "tick": {"task": "revops.pipeline.tasks.tick", "schedule": 5.0},
        "anchor": {"task": "revops.audit.tasks.anchor", "schedule": crontab(minute=7)},
        "verify": {
            "task": "revops.pipeline.tasks.verify_trail",
            "schedule": crontab(hour=3, minute=33),
        },
        "erase": {"task": "revops.pipeline.tasks.erase", "schedule": 30.0},
        "retain": {"task": "revops.pipeline.tasks.retain", "schedule": crontab(hour=2, minute=17)},
        "approvals": {"task": "approvals.tasks.watch", "schedule": 60.0},
        "notices": {"task": "revops.pipeline.tasks.notify", "schedule": 5.0},
        "credits": {"task": "revops.credits.tasks.look", "schedule": 3.0},
        "alerts": {"task": "revops.alerts.tasks.watch", "schedule": 30.0},
        "close": {"task": "revops.close.tasks.watch", "schedule": crontab(minute=2)},
        "certificates": {
            "task": "revops.close.certificate.tasks.look",
            "schedule": 30.0,
        },
        "measures": {"task": "revops.measures.tasks.measure", "schedule": 120.0},
        "reconcile": {"task": "revops.reconciliation.tasks.work", "schedule": 5.0},
        "reconcile-open": {
            "task": "revops.reconciliation.tasks.reconcile_open_periods",
            "schedule": 30.0,
        },
        "reconcile-all": {
            "task": "revops.reconciliation.tasks.reconcile_all",
            "schedule": crontab(hour=2, minute=47),
        },
        "jobs": {"task": "revops.jobs.tasks.work", "schedule": 2.0},
        "warehouse": {"task": "revops.warehouse.tasks.load", "schedule": 60.0},
        "snoozes": {"task": "exceptions.tasks.wake", "schedule": 15.0},
    },
    "timezone": "UTC",
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / ".static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

CSRF_FAILURE_VIEW = "revops.web.errors.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        # A form that leads to the company's own sign-in ends there (REVOPS_OIDC_ISSUER).
        "form-action": ["'self'", *form_targets()],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["revops.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["revops.api.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["revops.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["revops.api.throttles.TokenThrottle"],
    "DEFAULT_THROTTLE_RATES": {"token": "6000/min"},
    "EXCEPTION_HANDLER": "revops.api.problems.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "RevOps Console",
    "VERSION": "1",
    "DESCRIPTION": "Events in; lineage, cases and journals out. Errors are problem+json.",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_config(as_json=True)

# What opens connection secrets: comma-separated Fernet keys, newest first.
REVOPS_ENCRYPTION_KEYS = env.list("REVOPS_ENCRYPTION_KEYS", default=[])
REVOPS_DEMO = env.bool("REVOPS_DEMO", default=False)
REVOPS_DEMO_STRIPE_SECRET = env("REVOPS_DEMO_STRIPE_SECRET", default="")
REVOPS_DEMO_SANDBOX_PORT = env.int("REVOPS_DEMO_SANDBOX_PORT", default=8801)
# Sandboxes and peers on this machine may be called only where this is set.
REVOPS_ALLOW_LOOPBACK = env.bool("REVOPS_ALLOW_LOOPBACK", default=False)
# Private networks in which systems may be called, such as 10.20.0.0/16 for an ERP of one's own.
REVOPS_TRUSTED_NETWORKS = env.list("REVOPS_TRUSTED_NETWORKS", default=[])
# Where monitoring stands: it reads /metrics without a token.
REVOPS_METRICS_NETWORKS = env.list("REVOPS_METRICS_NETWORKS", default=[])
REVOPS_HOME = Path(env("REVOPS_HOME", default=str(BASE_DIR / ".revops")))
# Days that raw payloads and texts of resolved tickets are kept (docs/privacy.md).
REVOPS_RETAIN_RAW_DAYS = env.int("REVOPS_RETAIN_RAW_DAYS", default=90)
REVOPS_RETAIN_TICKET_DAYS = env.int("REVOPS_RETAIN_TICKET_DAYS", default=180)
# Of runs of reconciliation that newer ones replaced, and of lists that newer ones followed.
REVOPS_RETAIN_RUN_DAYS = env.int("REVOPS_RETAIN_RUN_DAYS", default=400)
# What signs anchors of the audit trail (32 bytes, base64), and the folder they are kept in.
REVOPS_AUDIT_KEY = env("REVOPS_AUDIT_KEY", default="")
REVOPS_AUDIT_ANCHORS = Path(env("REVOPS_AUDIT_ANCHORS", default=str(REVOPS_HOME / "anchors")))
REVOPS_URL = env("REVOPS_URL", default="").rstrip("/")
REVOPS_PORT = env.int("REVOPS_PORT", default=8000)
REVOPS_ENVIRONMENT = env("REVOPS_ENVIRONMENT", default="Production")

# The protocol's times, in seconds (docs/reliability.md). Tests shorten them; rules stay.
REVOPS_LEASE = env.float("REVOPS_LEASE", default=180.0)
REVOPS_SWEEP_INTERVAL = env.float("REVOPS_SWEEP_INTERVAL", default=15.0)
REVOPS_SETTLE_SCALE = env.float("REVOPS_SETTLE_SCALE", default=1.0)
REVOPS_PARK_SECONDS = env.float("REVOPS_PARK_SECONDS", default=900.0)
REVOPS_DRAIN_SECONDS = env.float("REVOPS_DRAIN_SECONDS", default=20.0)
REVOPS_LINGER = env.float("REVOPS_LINGER", default=2.0)
