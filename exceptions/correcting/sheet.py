"""
A form made of an event's contract: every field that it has, with what the event says, and back.

Amounts are edited in major units of the event's currency, days as 2026-10-31. What tells which
record an event is about stays as it is, and so do texts that are masked for people.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal, Union, get_args, get_origin

from annotated_types import Lt
from pydantic.fields import FieldInfo

from exceptions.correcting.editors import Meaning
from revops.contracts import registry
from revops.contracts.base import Part
from revops.kernel.money import LIMIT, AmountInvalid, Money
from revops.kernel.sight import mask_addresses

AMOUNT: Final = "amount"
ACCOUNT: Final = "account"
PERIOD: Final = "period"
_DECIDES_ACCOUNT: Final = frozenset({"sku", "code", "legal_entity", "usage_ref"})
_LINE_IDS: Final = frozenset({"line_id"})
Sort = Literal["money", "day", "number", "text", "flag", "choice"]
_SORTS: Final[dict[type, Sort]] = {bool: "flag", date: "day", Decimal: "number", str: "text"}


@dataclass(frozen=True, slots=True)
class Cell:
    """
    A field of the form. ``path`` names it (``0.lines.1.amount``); ``value`` is what stands in it.
    ``touches`` is what in the books depends on it, or nothing; ``locked`` cells are only shown.
    """

    path: str
    group: str
    label: str
    kind: Sort
    value: str
    touches: str = ""
    locked: bool = False
    choices: tuple[str, ...] = ()
    error: str = ""

    @property
    def id(self) -> str:
        return f"f-{self.path.replace('.', '-')}"


@dataclass(frozen=True, slots=True)
class Change:
    path: str
    label: str
    before: str
    after: str
    touches: str

    def as_json(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Sheet:
    cells: Sequence[Cell]
    problems: Sequence[str] = ()

    @property
    def groups(self) -> list[tuple[str, list[Cell]]]:
        found: dict[str, list[Cell]] = {}
        for cell in self.cells:
            found.setdefault(cell.group, []).append(cell)
        return list(found.items())

    @property
    def wrong(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.error]


def sheet(meanings: Sequence[Meaning]) -> Sheet:
    """The form as the event fills it in."""
    cells: list[Cell] = []
    for position, meaning in enumerate(meanings):
        model = registry.CONTRACTS.get(meaning.contract)
        if model is None or not meaning.editable:
            continue
        title = meaning.contract.partition("/")[0].replace(".", " ").replace("_", " ").capitalize()
        fixed = _LINE_IDS | {f"{model.subject}_id"}
        currency = str(meaning.data.get("currency", ""))
        cells += _cells(model, meaning.data, str(position), title, currency, fixed)
    return Sheet(cells)


def filled(
    meanings: Sequence[Meaning], texts: Mapping[str, str]
) -> tuple[Sheet, list[Change], list[Meaning]]:
    """
    The form with what was written in it, what differs from the event, and the corrected meanings
    as their contracts hold them. When the sheet has problems or wrong cells, they are not to be
    used. Paths that are not written keep what they have.
    """
    before = sheet(meanings)
    cells = [
        cell if cell.locked else replace(cell, value=texts.get(cell.path, cell.value).strip())
        for cell in before.cells
    ]
    changes = [
        Change(old.path, f"{old.group}: {old.label}", old.value, new.value, old.touches)
        for old, new in zip(before.cells, cells, strict=True)
        if old.value != new.value
    ]
    errors: dict[str, str] = {}
    problems: list[str] = []
    corrected = list(meanings)
    for position, meaning in enumerate(meanings):
        model = registry.CONTRACTS.get(meaning.contract)
        if model is None or not meaning.editable:
            continue
        changed = {cell.path: cell for cell in cells if cell.path in {one.path for one in changes}}
        currency = next((c.value for c in cells if c.path == f"{position}.currency"), "")
        was = str(meaning.data.get("currency", ""))
        if currency != was:
            # An amount is read anew in another currency, whether it was written over or not.
            changed |= {c.path: c for c in cells if c.kind == "money"}
        values = _with(model, meaning.data, str(position), changed, currency, errors)
        try:
            data = registry.read(meaning.contract, values)
        except registry.ContractBroken as broken:
            known = {cell.path for cell in cells}
            for path, sentence in broken.problems:
                named = f"{position}.{path}"
                if named in known:
                    errors.setdefault(named, sentence)
                else:
                    problems.append(sentence)
            continue
        corrected[position] = replace(meaning, data=data.model_dump(mode="json"))
    shown = [replace(cell, error=errors.get(cell.path, "")) for cell in cells]
    return Sheet(shown, problems), changes, corrected


def _cells(
    model: type[Part], data: Mapping[str, Any], path: str, group: str, currency: str,
    fixed: frozenset[str],
) -> Iterator[Cell]:  # fmt: skip
    inner: list[Iterator[Cell]] = []
    for name, field in model.model_fields.items():
        at, value, kind = f"{path}.{name}", data.get(name), _kind(field)
        part = _part(field)
        if part is not None and _many(field):
            noun = name.removesuffix("es" if name.endswith("xes") else "s").replace("_", " ")
            own = group.split(": ")[-1] if "Line " in group else ""
            for index, item in enumerate(value or ()):
                title = f"{own}, {noun} {index + 1}" if own else f"{noun.capitalize()} {index + 1}"
                inner.append(_cells(part, item, f"{at}.{index}", title, currency, fixed))
        elif part is not None:
            title = f"{group}, {_words(name).lower()}" if "Line " in group else _words(name)
            inner.append(_cells(part, value or {}, at, title, currency, fixed))
        elif kind is not None:
            text = _text(kind, value, currency)
            masked = str(mask_addresses(text))
            yield Cell(
                at, group, _words(name), kind, masked, _touches(name, kind),
                name in fixed or masked != text, _choices(field),
            )  # fmt: skip
    for cells in inner:
        yield from cells


def _with(
    model: type[Part], data: Mapping[str, Any], path: str, changed: Mapping[str, Cell],
    currency: str, errors: dict[str, str],
) -> dict[str, Any]:  # fmt: skip
    """The data with the changed cells in it; what cannot be read is said in ``errors``."""
    values = dict(data)
    for name, field in model.model_fields.items():
        at = f"{path}.{name}"
        part = _part(field)
        if not any(one == at or one.startswith(f"{at}.") for one in changed):
            continue
        if part is not None and _many(field):
            values[name] = [
                _with(part, item, f"{at}.{index}", changed, currency, errors)
                for index, item in enumerate(values.get(name) or ())
            ]
        elif part is not None:
            found = _with(part, values.get(name) or {}, at, changed, currency, errors)
            kept = {key: one for key, one in found.items() if one not in (None, "")}
            values[name] = found if kept or not _optional(field) else None
        else:
            cell = changed[at]
            try:
                values[name] = _value(cell, currency, optional=_optional(field))
            except (AmountInvalid, ValueError) as error:
                errors[at] = str(error)
    return values


def _value(cell: Cell, currency: str, *, optional: bool) -> Any:
    if not cell.value and (optional or cell.kind != "text"):
        return None
    if cell.kind == "money":
        return Money.parse(cell.value, currency).minor
    if cell.kind == "flag":
        return cell.value == "yes"
    return cell.value


def _text(kind: str, value: Any, currency: str) -> str:
    if value is None:
        return ""
    if kind == "money":
        try:
            return str(Money(int(value), currency).decimal)
        except AmountInvalid:
            return str(value)
    if kind == "flag":
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else str(value)


def _touches(name: str, kind: str) -> str:
    if kind in ("money", "number") or name == "currency":
        return AMOUNT
    if kind == "day":
        return PERIOD
    if kind in ("flag", "choice") or name in _DECIDES_ACCOUNT or name.endswith("_id"):
        return ACCOUNT
    return ""


def _kind(field: FieldInfo) -> Sort | None:
    kind = _bare(field.annotation)
    if get_origin(kind) is Literal:
        return "choice"
    if kind is int:
        limits = [one for one in _metadata(field) if isinstance(one, Lt)]
        return "money" if any(one.lt == LIMIT for one in limits) else "number"
    return _SORTS.get(kind)


def _metadata(field: FieldInfo) -> list[Any]:
    """Of the field, or of what an optional one holds."""
    found = list(field.metadata)
    for one in get_args(field.annotation):
        for inner in getattr(one, "__metadata__", ()):
            found += inner.metadata if isinstance(inner, FieldInfo) else [inner]
    return found


def _bare(annotation: Any) -> Any:
    """Without “or nothing” and without what only describes it."""
    if get_origin(annotation) in (Union, types.UnionType):
        held = [one for one in get_args(annotation) if one is not type(None)]
        return _bare(held[0]) if len(held) == 1 else annotation
    described = hasattr(annotation, "__metadata__")
    return _bare(get_args(annotation)[0]) if described else annotation


def _optional(field: FieldInfo) -> bool:
    return type(None) in get_args(field.annotation)


def _many(field: FieldInfo) -> bool:
    return get_origin(_bare(field.annotation)) is tuple


def _part(field: FieldInfo) -> type[Part] | None:
    found = _bare(field.annotation)
    if get_origin(found) is tuple:
        found = _bare(get_args(found)[0])
    return found if isinstance(found, type) and issubclass(found, Part) else None


def _choices(field: FieldInfo) -> tuple[str, ...]:
    found = _bare(field.annotation)
    return tuple(get_args(found)) if get_origin(found) is Literal else ()


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def totals(meanings: Sequence[Meaning]) -> dict[str, int]:
    """What the editable events are about, in minor units by currency."""
    found: dict[str, int] = {}
    for meaning in meanings:
        amount = meaning.data.get("total", meaning.data.get("amount"))
        currency = str(meaning.data.get("currency", ""))
        if meaning.editable and type(amount) is int and currency:
            found[currency] = found.get(currency, 0) + abs(amount)
    return found
