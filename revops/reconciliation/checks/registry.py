"""The checks that exist: each module of this package that declares ``CHECK``, found once."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from functools import cache
from importlib import import_module

from revops.reconciliation.checks.base import Check


class CheckUnknown(LookupError):
    """No module declares this check; old runs outlive their check."""


def all() -> Sequence[Check]:
    """Every check, by its label."""
    return sorted(_found().values(), key=lambda one: one.label)


def get(slug: str) -> Check:
    """Raises CheckUnknown."""
    try:
        return _found()[slug]
    except KeyError:
        raise CheckUnknown(slug) from None


@cache
def _found() -> dict[str, Check]:
    package = import_module("revops.reconciliation.checks")
    found: dict[str, Check] = {}
    for module in pkgutil.iter_modules(package.__path__):
        check = getattr(import_module(f"{package.__name__}.{module.name}"), "CHECK", None)
        if isinstance(check, Check):
            found[check.slug] = check
    return found
