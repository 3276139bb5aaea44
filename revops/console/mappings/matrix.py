"""The ownership matrix: which system is right about what, and which ERP keeps whose books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, cast

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from accounts.queries import may
from connectors import registry
from connectors.models import Connection
from revops.canonical.models import Drift, Kind
from revops.console.mappings import keys
from revops.console.mappings.editing import Editor, again
from revops.console.mappings.grid import OPEN_SETS
from revops.console.mappings.showing import shown_set
from revops.kernel import clock
from revops.mappings.kinds import MapKind, get
from revops.mappings.models import ChangeRow, ChangeSet, LegalEntity, MappingVersion, PostsAs
from revops.mappings.queries import Row, rows_of
from revops.web.filters import Filters, Key
from revops.web.htmx import ConsoleRequest, render_page
from revops.web.policy import screen

_FILTERS: Final = Filters(
    Key("edit", chip=False, choices={"ownership": "Owner", "routes": "Route"}),
    Key("field", chip=False),
    Key("of", chip=False),
)


@dataclass(slots=True)
class Line:
    """
    A field, or a whole record, in one legal entity or in all. ``cells`` are what each system is to
    it, in the order of the columns: owner, reader, or nothing. ``first`` says that nobody was
    named, so that the first system that told owns it.
    """

    kind: str
    key: str
    label: str
    entity: str
    cells: Sequence[tuple[str, str]]
    owner: str
    valid: str = ""
    version: int | None = None
    drifts: int = 0
    changing: int | None = None
    first: bool = False
    later: Sequence[str] = field(default_factory=tuple)


@screen("mappings.view")
@require_GET
def ownership(request: HttpRequest) -> HttpResponse:
    return page(request, get("ownership"), {})


def page(request: HttpRequest, kind: MapKind, problems: Mapping[str, str]) -> HttpResponse:
    """The matrix with the routes; ``problems`` when a row of ``kind`` was refused."""
    state = _FILTERS.read(request.GET)
    now = clock.now()
    user = cast(ConsoleRequest, request).user
    systems = list(Connection.objects.order_by("label", "slug"))
    editor = None
    entities = dict(LegalEntity.objects.order_by("name").values_list("code", "name"))
    if may(user, "mappings.propose"):
        asked = kind.slug if problems else state.one("edit")
        if problems:
            editor = again(kind, request.POST, problems, entities=entities)
        elif asked:
            editor = Editor(
                get(asked), state.one("of"), state.one("field"), now.date().isoformat(),
                entities=entities,
            )  # fmt: skip
    held = (
        ChangeSet.objects.filter(kind__in=["ownership", "routes"], state__in=OPEN_SETS)
        .select_related("made_by")
        .order_by("-pk")
        .first()
    )
    context = {
        "state": state,
        "systems": systems,
        "groups": _groups(systems, now.date(), state.one("entity")),
        "routes": _routes(now.date(), entities, state.one("entity")),
        "editor": editor,
        "fields": sorted(keys.known(get("ownership")) or ()),
        "entities": entities,
        "proposes": may(user, "mappings.propose"),
        "change": shown_set(held, user) if held else None,
        "version": MappingVersion.objects.order_by("-pk").first(),
        "may_cases": may(user, "cases.view"),
    }
    return render_page(
        request, "mappings/ownership.html", context, status=422 if problems else 200
    )  # fmt: skip


def _groups(
    systems: Sequence[Connection], today: date, entity: str
) -> list[tuple[str, list[Line]]]:
    """Lines by record kind. Four queries."""
    rules: dict[str, list[Row]] = {}
    for row in rows_of(get("ownership")):
        rules.setdefault(row.key, []).append(row)
    drifts = {
        (one["record_kind"], one["field"]): one["count"]
        for one in Drift.objects.filter(closed_at=None)
        .values("record_kind", "field")
        .annotate(count=Count("pk"))
    }
    changing = {
        (one.entity, one.key): one.change_set_id
        for one in ChangeRow.objects.filter(
            change_set__kind="ownership", change_set__state__in=OPEN_SETS
        )
    }
    speaks = {one.slug: _speaks(one) for one in systems}
    found = []
    for record in Kind:
        wanted = [f"{record.value}.{name}" for name in keys.FIELDS.get(record.value, ())]
        if record != Kind.CUSTOMER:
            wanted.insert(0, f"{record.value}.")
        lines = [
            line
            for key in wanted
            for line in _lines(key, rules.get(key, ()), systems, speaks, today, entity)
        ]
        for line in lines:
            kind = "party" if line.kind == "customer" else line.kind
            line.drifts = drifts.get((kind, line.key.partition(".")[2]), 0)
            line.changing = changing.get((line.entity, line.key))
        found.append((record.label, lines))
    return found


def _lines(
    key: str, rows: Sequence[Row], systems: Sequence[Connection],
    speaks: Mapping[str, frozenset[str]], today: date, entity: str,
) -> list[Line]:  # fmt: skip
    """One line for each legal entity that has a rule of its own, and one for all of them."""
    record, _, name = key.partition(".")
    current = {row.entity: row for row in rows if row.slot.covers(today)}
    later = [row for row in rows if row.slot.since > today]
    found = []
    for code in ["", *sorted(one for one in current if one)]:
        if entity and code not in ("", entity):
            continue
        row = current.get(code)
        owner = row.slot.values["owner"] if row else ""
        cells = [
            (one.slug, "owner" if one.slug == owner else _reads(record, speaks[one.slug]))
            for one in systems
        ]
        found.append(
            Line(
                record, key, name.replace("_", " ") or "whole record", code, cells, owner,
                _since(row), row.version if row else None, first=row is None,
                later=tuple(
                    f"{one.slot.values['owner']} from {one.slot.since.isoformat()}"
                    for one in later
                    if one.entity == code
                ),
            )
        )  # fmt: skip
    return found


def _since(row: Row | None) -> str:
    if row is None or row.slot.since == date.min:
        return ""
    last = row.slot.last
    until = f" to {last.isoformat()}" if last else ""
    return f"{row.slot.since.isoformat()}{until}"


def _reads(record: str, contracts: frozenset[str]) -> str:
    return "speaks" if record in contracts else ""


def _speaks(connection: Connection) -> frozenset[str]:
    """The record kinds that a system tells of, by its manifest."""
    try:
        emits = registry.manifest(connection.connector).emits
    except LookupError:
        return frozenset()
    return frozenset(contract.split(".")[0] for contract in emits)


def _routes(
    today: date, entities: Mapping[str, str], entity: str
) -> list[tuple[str, str, Row, str, str]]:
    """(entity's name, lane, the row, what it is today, how invoices and credit notes go)."""
    return [
        (
            entities.get(row.entity, row.entity), row.key, row,
            "Scheduled" if row.slot.since > today else
            "Current" if row.slot.covers(today) else "Ended",
            str(PostsAs(row.slot.values["posts_as"]).label),
        )
        for row in rows_of(get("routes"))
        if not entity or row.entity == entity
    ]  # fmt: skip
