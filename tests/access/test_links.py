"""No page that lists things shows anybody a way to another one that is closed to them."""

from __future__ import annotations

import html
import re
from typing import Any, Final

import pytest
from django.test import Client

from tests.access.expected import ROLES
from tests.architecture.addresses import every

_SHOWS: Final = re.compile(r'\s(?:href|hx-get)="(/[^"#?]*)')
LISTS: Final = [
    str(one) for one in every() if not one.for_services and not one.is_open and not one.asks()
]


@pytest.fixture(autouse=True)
def _demo(settings: Any) -> None:
    settings.REVOPS_DEMO = True


@pytest.mark.parametrize("scope", ["all", "own"])
# Who has no role meets one page, which says so; their home is refused.
@pytest.mark.parametrize("role", [role for role in ROLES if role != "nobody"])
def test_lead_nobody_to_a_refusal(
    role: str, scope: str, people: dict[str, dict[str, Client]]
) -> None:
    client = people[scope][role]
    answers = {path: client.get(path) for path in LISTS}
    refused = {path for path, answer in answers.items() if answer.status_code == 403}
    shown = {
        (path, html.unescape(link))
        for path, answer in answers.items()
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html")
        for link in _SHOWS.findall(answer.content.decode())
    }
    assert len(shown) > len(LISTS) / 2
    assert {(path, link) for path, link in shown if link in refused} == set()
