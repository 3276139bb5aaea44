"""
Whether a changed contract still keeps its promise.

The promise of a version: whatever was valid under its exported schema stays valid, means the
same, and holds the fields that readers were told of. A change that breaks it needs a new version
and an upgrade in ``registry.UPGRADES``. Rules that JSON Schema cannot state (that an invoice adds
up, say) are not seen here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference at ``path`` (``lines[].taxes[].code``; empty for the whole)."""

    contract: str
    path: str
    words: str
    breaks: bool

    def __str__(self) -> str:
        return f"{self.contract} {self.path or '(whole)'}: {self.words}"


# What is said about a schema, not demanded by it.
_WORDS: Final = frozenset(
    {"title", "description", "examples", "$id", "$schema", "$defs", "$comment"}
)
# Keywords compared one by one below.
_WALKED: Final = frozenset(
    {"$ref", "type", "enum", "const", "anyOf", "properties", "required", "additionalProperties",
     "items", "prefixItems", "default"}
)  # fmt: skip
# For each bound: whether a larger value admits less.
_BOUNDS: Final[Mapping[str, bool]] = {
    "minimum": True, "exclusiveMinimum": True, "minLength": True, "minItems": True,
    "maximum": False, "exclusiveMaximum": False, "maxLength": False, "maxItems": False,
}  # fmt: skip
_ABSENT: Final = object()


def compare(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[Change]:
    """Every difference between exported and present schemas, by contract."""
    changes = []
    for contract in sorted({*old, *new}):
        if contract not in new:
            words = "the contract is gone; stored events of it could not be read any more"
            changes.append(Change(contract, "", words, breaks=True))
        elif contract not in old:
            changes.append(Change(contract, "", "a new contract", breaks=False))
        else:
            changes.extend(differences(contract, old[contract], new[contract]))
    return changes


def differences(contract: str, old: Schema, new: Schema) -> list[Change]:
    """How one contract changed; both schemas carry their own ``$defs``."""
    walk = _Walk(old.get("$defs", {}), new.get("$defs", {}))
    return [
        Change(contract, path, words, breaks) for path, words, breaks in walk.node("", old, new)
    ]


def next_version(contract: str) -> str:
    """``invoice.issued/2`` after ``invoice.issued/1``."""
    kind, _, version = contract.partition("/")
    return f"{kind}/{int(version) + 1}"


Found = Iterator[tuple[str, str, bool]]


class _Walk:
    """Goes down both schemas at once, following references in each."""

    def __init__(self, old_defs: Schema, new_defs: Schema) -> None:
        self._old_defs = old_defs
        self._new_defs = new_defs

    def node(self, path: str, old: Schema, new: Schema) -> Found:
        old, new = _resolved(old, self._old_defs), _resolved(new, self._new_defs)
        yield from _default(path, old, new)
        if "anyOf" in old or "anyOf" in new:
            yield from self._choices(path, old, new)
            return
        yield from _types(path, old, new)
        yield from _allowed(path, old, new)
        yield from _bounds(path, old, new)
        yield from self._fields(path, old, new)
        yield from self._items(path, old, new)
        for keyword in sorted({*old, *new} - _WORDS - _WALKED - {*_BOUNDS}):
            if old.get(keyword, _ABSENT) != new.get(keyword, _ABSENT):
                yield path, *_demand(keyword, old, new)

    def _choices(self, path: str, old: Schema, new: Schema) -> Found:
        """Every branch that was admitted must be admitted by some branch still."""
        before = [_resolved(each, self._old_defs) for each in old.get("anyOf", [old])]
        after = [_resolved(each, self._new_defs) for each in new.get("anyOf", [new])]
        for branch in before:
            attempts = [list(self.node(path, branch, candidate)) for candidate in after]
            kept = [found for found in attempts if not any(breaks for _, _, breaks in found)]
            if kept:
                yield from min(kept, key=len)
                continue
            same_type = [
                found
                for found, candidate in zip(attempts, after, strict=True)
                if candidate.get("type") == branch.get("type")
            ]
            if same_type:
                yield from same_type[0]
            else:
                yield path, f"no longer admits {_kind(branch)}", True
        for branch in after:
            if all(branch.get("type") != each.get("type") for each in before):
                yield path, f"also admits {_kind(branch)}", False

    def _fields(self, path: str, old: Schema, new: Schema) -> Found:
        before, after = old.get("properties", {}), new.get("properties", {})
        demanded, demands = set(old.get("required", ())), set(new.get("required", ()))
        for name in before:
            place = f"{path}.{name}" if path else name
            if name not in after:
                yield place, "the field was removed", True
                continue
            if name in demands - demanded:
                yield place, "the field is now required", True
            if name in demanded - demands:
                yield place, "the field may now be missing", True
            yield from self.node(place, before[name], after[name])
        for name in after:
            if name not in before:
                place = f"{path}.{name}" if path else name
                if name in demands:
                    yield place, "a new field is required", True
                else:
                    yield place, "a new optional field", False
        extra, extras = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if extra != extras:
            words = "unknown fields are now " + ("refused" if extras is False else "admitted")
            yield path, words, True

    def _items(self, path: str, old: Schema, new: Schema) -> Found:
        if old.get("prefixItems") != new.get("prefixItems"):
            yield path, "the positions of the list changed", True
        before, after = old.get("items"), new.get("items")
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from self.node(f"{path}[]", before, after)
        elif before != after:
            yield path, "what the list holds changed", True


def _resolved(node: Schema, defs: Schema) -> Schema:
    """The schema that a reference names; what stands beside the reference wins."""
    seen = 0
    while "$ref" in node:
        seen += 1
        if seen > 50:
            raise ValueError(f"{node['$ref']} refers to itself.")
        target = defs[node["$ref"].rpartition("/")[2]]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def _kinds(node: Schema) -> frozenset[str] | None:
    """The admitted types; None for any. Whole numbers are numbers."""
    kind = node.get("type")
    if kind is None:
        return None
    kinds = frozenset([kind] if isinstance(kind, str) else kind)
    return kinds | {"integer"} if "number" in kinds else kinds


def _kind(node: Schema) -> str:
    return str(node.get("type", "that form"))


def _types(path: str, old: Schema, new: Schema) -> Found:
    before, after = _kinds(old), _kinds(new)
    if before == after:
        return
    words = f"the type was {_kind(old)} and is {_kind(new)}"
    yield path, words, after is not None and (before is None or not before <= after)


def _allowed(path: str, old: Schema, new: Schema) -> Found:
    before, after = _values(old), _values(new)
    if after is None:
        if before is not None:
            yield path, "any value is now admitted", False
    elif before is None:
        yield path, f"only {', '.join(map(repr, after))} are now admitted", True
    else:
        for value in before:
            if value not in after:
                yield path, f"no longer admits {value!r}", True
        for value in after:
            if value not in before:
                yield path, f"also admits {value!r}", False


def _values(node: Schema) -> list[Any] | None:
    if "const" in node:
        return [node["const"]]
    return list(node["enum"]) if "enum" in node else None


def _bounds(path: str, old: Schema, new: Schema) -> Found:
    for keyword, rising in _BOUNDS.items():
        before, after = old.get(keyword), new.get(keyword)
        if before == after:
            continue
        narrower = after is not None and (
            before is None or (after > before if rising else after < before)
        )
        yield path, f"{keyword} was {_said(before)} and is {_said(after)}", narrower


def _demand(keyword: str, old: Schema, new: Schema) -> tuple[str, bool]:
    """Patterns, formats and whatever else cannot be weighed: only dropping it admits more."""
    before, after = old.get(keyword), new.get(keyword)
    return f"{keyword} was {_said(before)} and is {_said(after)}", keyword in new


def _default(path: str, old: Schema, new: Schema) -> Found:
    before, after = old.get("default", _ABSENT), new.get("default", _ABSENT)
    if before != after and before is not _ABSENT and after is not _ABSENT:
        yield path, f"what a missing field means was {_said(before)} and is {_said(after)}", True


def _said(value: Any) -> str:
    return "not given" if value is None else repr(value)
