"""``$filter`` and ``$include``, as much of them as a connector asks in."""

from __future__ import annotations

import re
from typing import Final

from connectors.systems.avalara.sandbox.engine import Obj

_CLAUSE: Final = re.compile(r"(\w+) (eq|ge|gt|le|lt) '((?:[^']|'')*)'")


def shown(row: Obj, include: str) -> Obj:
    """What is asked for with ``$include``; lines and summary otherwise."""
    hidden = {"company"}
    if include == "SummaryOnly":
        hidden |= {"lines"}
    elif include == "Lines":
        hidden |= {"summary"}
    elif not include:
        hidden |= {"lines", "summary"}
    return {name: value for name, value in row.items() if name not in hidden}


def fits(row: Obj, where: str) -> bool:
    """``a eq 'x' and (b eq 'y' or b eq 'z')``: or within brackets, and beside them."""
    for group in re.findall(r"\(([^()]*)\)", where):
        if not any(_holds(row, *clause) for clause in _CLAUSE.findall(group)):
            return False
    rest = re.sub(r"\([^()]*\)", "", where)
    return all(_holds(row, *clause) for clause in _CLAUSE.findall(rest))


def _holds(row: Obj, field: str, way: str, value: str) -> bool:
    held, value = str(row.get(field, "")), value.replace("''", "'")
    if field in ("date", "modifiedDate"):
        held = held[: max(len(value), 10)]
    return {
        "eq": held == value,
        "ge": held >= value,
        "gt": held > value,
        "le": held <= value,
        "lt": held < value,
    }[way]
