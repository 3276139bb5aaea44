"""The event contracts for people: who tells of each, and what follows from it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from connectors import registry
from connectors.models import Connection
from revops.contracts.registry import CONTRACTS, PRODUCED_HERE
from revops.pipeline.flows.base import Flow
from revops.pipeline.flows.catalogue import flow_of
from revops.web.filters import Filters, Key
from revops.web.htmx import render_page
from revops.web.policy import screen

_LIST: Final = Filters(Key("by", label="Told by"))


@dataclass(frozen=True, slots=True)
class Row:
    """
    A contract. ``told_by`` are connections that tell of it, ``possible`` the labels of connectors
    that could and are not connected; ``here`` that the console itself does.
    """

    name: str
    about: str
    told_by: Sequence[Connection]
    possible: Sequence[str]
    here: bool
    flow: Flow | None

    @property
    def event(self) -> str:
        return self.name.partition("/")[0]

    @property
    def version(self) -> int:
        return int(self.name.partition("/")[2])

    @property
    def key(self) -> str:
        return self.event.replace(".", "-").replace("_", "-")


def rows_of(contracts: Sequence[str]) -> list[Row]:
    """These contracts, in their order. One query."""
    connected: Mapping[str, list[Connection]] = defaultdict(list)
    for connection in Connection.objects.order_by("label", "pk"):
        connected[connection.connector].append(connection)
    manifests = registry.all_manifests()
    found = []
    for name in contracts:
        emitters = [slug for slug, manifest in manifests.items() if name in manifest.emits]
        found.append(
            Row(
                name,
                _about(CONTRACTS[name].__doc__ or ""),
                [one for slug in emitters for one in connected.get(slug, ())],
                [manifests[slug].label for slug in emitters if slug not in connected],
                name in PRODUCED_HERE,
                flow_of(name),
            )
        )
    return found


def _about(told: str) -> str:
    """The first sentence of what the contract says of itself, without marks for programmers."""
    plain = re.sub(
        r"\s*\((?:accounting\.md[^)]*|J\d+\w*)\)", "", " ".join(told.replace("``", "").split())
    )
    return f"{plain.partition('. ')[0].removesuffix('.')}." if plain else ""


@screen("flows.view")
@require_GET
def every(request: HttpRequest) -> HttpResponse:
    """Every contract by what it is about; of one connection with ``by``."""
    state = _LIST.read(request.GET)
    rows = rows_of(list(CONTRACTS))
    by = Connection.objects.filter(slug=state.one("by")).first() if state.one("by") else None
    if by is not None:
        rows = [row for row in rows if by in row.told_by]
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.event.partition(".")[0], []).append(row)
    context = {
        "groups": [(name.replace("_", " ").capitalize(), found) for name, found in groups.items()],
        "count": len(rows),
        "by": by,
    }
    return render_page(request, "flows/contracts.html", context)
