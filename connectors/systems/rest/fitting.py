"""Whether the fields of a mapping are those that a contract has."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

from connectors.systems.rest.asked import Problems
from connectors.systems.rest.takes import Each, Group, Take
from revops.contracts.base import Part


def fits(model: type[Part], given: Mapping[str, Take], where: str, problems: Problems) -> None:
    """Every field is one that the contract has, and none that it needs is left out."""
    known = model.model_fields
    for name in given.keys() - known.keys():
        problems.tell(where, f"“{name[:60]}” is no field here; there are {', '.join(known)}")
    missing = [name for name, one in known.items() if one.is_required() and name not in given]
    if missing:
        problems.tell(where, f"what is needed is missing: {', '.join(missing)}")
    for name, made in given.items():
        if name in known and isinstance(made, Group | Each):
            inner = _part(known[name].annotation)
            if inner is None:
                problems.tell(f"{where}.{name}", "this is one value, not an object or a list")
            else:
                fits(inner, made.fields, f"{where}.{name}", problems)


def _part(annotation: Any) -> type[Part] | None:
    """The model within a field's type, as in ``tuple[InvoiceLine, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    for inner in typing.get_args(annotation):
        found = _part(inner)
        if found is not None:
            return found
    return None
