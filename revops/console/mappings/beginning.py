"""What the row in edit begins with: a row of the grid, a gap, or what was typed before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.http import QueryDict

from revops.console.mappings.editing import Editor, again
from revops.console.mappings.grid import Grid, Listed, proposal
from revops.kernel import clock
from revops.mappings.kinds import MapKind
from revops.web.filters import State


def of(kind: MapKind, state: State, found: Grid) -> Editor | None:
    """The row that the address asks to edit, or a new one with what its sister codes say."""
    asked = state.one("edit")
    common: dict[str, Any] = {"names": found.names, "entities": found.entities}
    if asked == "new":
        key, entity = state.one("key"), state.one("of")
        if kind.slug == "rates" and "→" in key:
            key = f"{key.replace('→', '.')}.{_today()}"
        values, words = proposal(found.current, key=key, entity=entity) if key else ({}, "")
        account = _account(state, found)
        if account:
            values, words = {**values, "account": account}, ""
        since = state.one("from") or _today()
        return Editor(
            kind, entity, key, since, "", values, why=words if values else "", **common
        )  # fmt: skip
    for one in (*found.current, *found.scheduled):
        if str(one.row.slot.pk) == asked:
            return _of_row(kind, one, state, found, **common)
    return None


def typed_again(data: QueryDict, kind: MapKind, found: Grid, problems: Mapping[str, str]) -> Editor:
    """The row as it was typed, with what is wrong and what it would replace."""
    editor = again(kind, data, problems, names=found.names, entities=found.entities)
    for one in (*found.current, *found.scheduled):
        if one.row.slot.pk == editor.pk:
            editor.was, editor.entity, editor.key = one.row.slot.values, one.row.entity, one.row.key
    return editor


def _account(state: State, found: Grid) -> str:
    """The account that the address fills in: one of the chart, or none."""
    asked = state.one("account")
    return asked if asked in found.names else ""


def _of_row(kind: MapKind, one: Listed, state: State, found: Grid, **common: Any) -> Editor:
    slot = one.row.slot
    asked = state.one("from")
    today = date.fromisoformat(asked) if asked else clock.now().date()
    since = one.since if slot.since > today else today
    values, account = slot.values, _account(state, found)
    if account and "account" in values:
        values = {**values, "account": account}
    return Editor(
        kind, one.row.entity, one.row.key, since.isoformat() if since else "",
        slot.last.isoformat() if slot.last else "", values, slot.pk, slot.values,
        one.since.isoformat() if one.since else "", **common,
    )  # fmt: skip


def _today() -> str:
    """Today, as days are written."""
    return clock.now().date().isoformat()
