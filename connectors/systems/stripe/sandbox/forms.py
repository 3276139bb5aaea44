"""Stripe's form encoding: ``items[0][price]=…``, ``metadata[key]=…``, ``created[gte]=…``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_MAX_PAIRS = 1000


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """
    Pairs as a tree; members named ``0, 1, …`` or nothing become lists.

    Raises ValueError for keys that cannot be read or too many of them.
    """
    tree: dict[str, Any] = {}
    for count, (key, value) in enumerate(pairs):
        found = _KEY.fullmatch(key)
        if not found or count >= _MAX_PAIRS:
            raise ValueError(f"Invalid parameter name: {key}")
        place = tree
        steps = [found[1], *re.findall(r"\[([^\[\]]*)\]", found[2])]
        for step in steps[:-1]:
            inner = place.setdefault(step or str(len(place)), {})
            if not isinstance(inner, dict):
                raise ValueError(f"Invalid parameter: {key}")
            place = inner
        place[steps[-1] or str(len(place))] = value
    return {key: _listed(value) for key, value in tree.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: _listed(inner) for key, inner in value.items()}
