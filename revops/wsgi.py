"""The web application, served by granian."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

if os.environ.get("REVOPS_DIES_WITH_PARENT"):
    from revops.embedded.programs import die_with_parent

    die_with_parent()

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revops.settings.production")

application = get_wsgi_application()
