"""
Whether data fit a JSON Schema such as ``export`` makes: for a contract that is proposed and is no
model yet. Only what our own schemas say is understood; anything else is refused by name, because a
keyword that nobody checks would pass for one that holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Real
from typing import Any, Final

Schema = Mapping[str, Any]
Misfit = tuple[str, str]

# What is said about data and not demanded of it; formats are no more in JSON Schema.
_WORDS: Final = frozenset(
    {"format", "title", "description", "examples", "default", "$id", "$schema", "$defs", "$comment"}
)
_KNOWN: Final = frozenset(
    {"$ref", "type", "enum", "const", "anyOf", "properties", "required", "additionalProperties",
     "items", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength",
     "maxLength", "minItems", "maxItems", "pattern", "propertyNames"}
)  # fmt: skip
_BOUNDS: Final[dict[str, tuple[Callable[[Any, Any], bool], str]]] = {
    "minimum": (lambda one, bound: one >= bound, "must be at least {}"),
    "maximum": (lambda one, bound: one <= bound, "must be at most {}"),
    "exclusiveMinimum": (lambda one, bound: one > bound, "must be more than {}"),
    "exclusiveMaximum": (lambda one, bound: one < bound, "must be less than {}"),
}
_LENGTHS: Final[dict[str, tuple[type, Callable[[Any, Any], bool], str]]] = {
    "minLength": (str, lambda one, bound: len(one) >= bound, "needs at least {} characters"),
    "maxLength": (str, lambda one, bound: len(one) <= bound, "takes at most {} characters"),
    "minItems": (list, lambda one, bound: len(one) >= bound, "needs at least {} items"),
    "maxItems": (list, lambda one, bound: len(one) <= bound, "takes at most {} items"),
}
_DEEPEST: Final = 60


class SchemaUnreadable(ValueError):
    """The schema says what cannot be checked here; the message names it."""


def misfits(schema: Schema, value: Any) -> list[Misfit]:
    """
    (path, sentence) of whatever does not fit; empty when all of it does.

    Raises SchemaUnreadable.
    """
    return list(_Walk(schema).node(schema, value, "", 0))


def readable(schema: Schema) -> None:
    """Raises SchemaUnreadable when any part of it cannot be checked, used or not."""
    waiting: list[Any] = [schema]
    while waiting:
        part = waiting.pop()
        if not isinstance(part, Mapping):
            raise SchemaUnreadable("Every part of a schema must be an object.")
        unknown = sorted(set(part) - _KNOWN - _WORDS)
        if unknown:
            raise SchemaUnreadable(f"The keyword “{unknown[0]}” cannot be checked here.")
        for name in ("properties", "$defs"):
            held = part.get(name, {})
            if not isinstance(held, Mapping):
                raise SchemaUnreadable(f"“{name}” must be an object.")
            waiting += held.values()
        waiting += part.get("anyOf", [])
        for name in ("items", "additionalProperties", "propertyNames"):
            if name in part and not isinstance(part[name], bool):
                waiting.append(part[name])
        try:
            re.compile(part.get("pattern", ""))
        except (re.error, TypeError) as error:
            raise SchemaUnreadable(f"The pattern {part['pattern']!r} is none.") from error


class _Walk:
    def __init__(self, whole: Schema) -> None:
        self._defs = whole.get("$defs", {})

    def node(self, schema: Schema, value: Any, path: str, depth: int) -> Iterator[Misfit]:
        if depth > _DEEPEST:
            raise SchemaUnreadable("The schema goes round in a circle.")
        here = path or "(whole)"
        if "$ref" in schema:
            yield from self.node(self._named(schema["$ref"]), value, path, depth + 1)
        if "anyOf" in schema:
            yield from self._any(schema["anyOf"], value, path, depth)
        if "type" in schema and not _is(value, schema["type"]):
            yield here, f"must be {_types(schema['type'])}"
            return
        if "const" in schema and not _same(value, schema["const"]):
            yield here, f"must be {schema['const']!r}"
        if "enum" in schema and not any(_same(value, one) for one in schema["enum"]):
            yield here, f"must be one of {', '.join(map(repr, schema['enum']))}"
        yield from _bounds(schema, value, here)
        if isinstance(value, dict):
            yield from self._object(schema, value, path, depth)
        if isinstance(value, list) and isinstance(schema.get("items"), Mapping):
            for place, one in enumerate(value):
                yield from self.node(schema["items"], one, f"{path}[{place}]", depth + 1)

    def _object(
        self, schema: Schema, value: dict[str, Any], path: str, depth: int
    ) -> Iterator[Misfit]:
        known = schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in value:
                yield _under(path, name), "is missing"
        more = schema.get("additionalProperties", True)
        for name, held in value.items():
            if name in known:
                yield from self.node(known[name], held, _under(path, name), depth + 1)
            elif more is False:
                yield _under(path, name), "is not part of the contract"
            elif isinstance(more, Mapping):
                yield from self.node(more, held, _under(path, name), depth + 1)
            if isinstance(schema.get("propertyNames"), Mapping):
                yield from self.node(schema["propertyNames"], name, _under(path, name), depth + 1)

    def _any(
        self, choices: Sequence[Schema], value: Any, path: str, depth: int
    ) -> Iterator[Misfit]:
        tried = [list(self.node(one, value, path, depth + 1)) for one in choices]
        if tried and all(tried):
            # The choice that came nearest says best what is wrong.
            yield from min(
                tried, key=lambda found: (found[0][0] == (path or "(whole)"), len(found))
            )

    def _named(self, reference: str) -> Schema:
        found = self._defs.get(reference.removeprefix("#/$defs/"))
        if not isinstance(found, Mapping):
            raise SchemaUnreadable(f"There is no {reference} in the schema.")
        return found


def _bounds(schema: Schema, value: Any, here: str) -> Iterator[Misfit]:
    if _is(value, "number"):
        for word, (holds, said) in _BOUNDS.items():
            if word in schema and not holds(value, schema[word]):
                yield here, said.format(schema[word])
    for word, (kind, fits, words) in _LENGTHS.items():
        if word in schema and isinstance(value, kind) and not fits(value, schema[word]):
            yield here, words.format(schema[word])
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        yield here, f"does not have the form {schema['pattern']}"


def _is(value: Any, kind: str | Sequence[str]) -> bool:
    if not isinstance(kind, str):
        return any(_is(value, one) for one in kind)
    match kind:
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
        case "integer":
            return type(value) is int
        case "number":
            return isinstance(value, Real) and not isinstance(value, bool)
    raise SchemaUnreadable(f"There is no type “{kind}”.")


def _types(kind: str | Sequence[str]) -> str:
    return kind if isinstance(kind, str) else " or ".join(kind)


def _same(value: Any, other: Any) -> bool:
    """1 and true are two values, as in JSON."""
    return type(value) is type(other) and bool(value == other)


def _under(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
