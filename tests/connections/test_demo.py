"""The demo's connections, as ``make run`` makes them."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings

from connectors.models import Connection
from revops.sandbox import company, contacts, metered


@pytest.mark.django_db
class TestDemo:
    def test_no_two_sandboxes_answer_at_one_port(self, settings: LazySettings) -> None:
        settings.REVOPS_DEMO = True
        others = list(Connection.objects.values_list("pk", flat=True))
        company.seed()
        metered.seed()
        contacts.seed()
        made = Connection.objects.exclude(pk__in=others)
        named = made.values_list("slug", "base_url", "control_url")
        taken = {
            (slug, port) for slug, *urls in named for port in (urlsplit(url).port for url in urls)
        }
        assert len({port for _, port in taken}) == len(taken)
        assert len(taken) == made.count() + 1  # mail has a second one, for SMTP
