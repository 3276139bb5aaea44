"""
The own doors of sandboxes (``<control_url>/_control/``), the only thing that drills call.

They are opened in a demo alone, of connections to sandboxes on this machine, whatever a connection
says about itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from connectors import wire
from connectors.models import Connection, Environment

_PATIENCE_S: Final = 15.0
_THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class NotPossible(RuntimeError):
    """The sandbox is not there, or says no; the text is for the person who rehearses."""


def why_not(slugs: Iterable[str]) -> str:
    """Why nothing may be thrown at these connections, in a sentence; “” where it may."""
    if not (settings.REVOPS_DEMO and settings.REVOPS_ALLOW_LOOPBACK):
        return "Rehearsals are for a demo: this console works with real systems."
    known = {one.slug: one for one in Connection.objects.filter(slug__in=list(slugs))}
    for slug in slugs:
        problem = _problem(known.get(slug), slug)
        if problem:
            return problem
    return ""


def get(slug: str, what: str) -> Any:
    """What the sandbox says. Raises NotPossible."""
    return _call("GET", slug, what, None)


def post(slug: str, what: str, value: Mapping[str, Any]) -> Any:
    """Let the sandbox do something; what it says of it. Raises NotPossible."""
    return _call("POST", slug, what, value)


def _problem(connection: Connection | None, slug: str) -> str:
    if connection is None:
        return f"There is no connection “{slug}” here."
    if connection.environment != Environment.SANDBOX or not connection.control_url:
        return f"{connection} leads to no sandbox."
    for url in (connection.control_url, connection.base_url):
        if urlsplit(url).hostname not in _THIS_MACHINE:
            return f"{connection} leads to another machine."
    return ""


def _call(method: str, slug: str, what: str, value: Mapping[str, Any] | None) -> Any:
    problem = why_not([slug])
    if problem:
        raise NotPossible(problem)
    connection = Connection.objects.get(slug=slug)
    try:
        answer = httpx.request(
            method, f"{connection.control_url}/_control/{what}",
            json=None if value is None else dict(value), timeout=_PATIENCE_S, trust_env=False,
            verify=wire.tls(),
        )  # fmt: skip
        said = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise NotPossible(f"The sandbox of {connection} does not answer.") from error
    if answer.status_code != 200:
        why = said.get("problem", answer.status_code) if isinstance(said, dict) else said
        raise NotPossible(f"The sandbox of {connection} says no: {why}")
    return said
