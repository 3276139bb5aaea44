"""
What whoever looks now is shown as it is, and what is masked: one answer for pages, files and API.

A request says once whose eyes it has (``accounts.reach``); pages ask ``shown`` by a template
filter, files and the API by what their columns and fields are declared to hold. Services, and what
runs outside of a request, see as SYSTEM does: no way to reach somebody, and no words of customers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Final

from revops.kernel.privacy import CONTACT, INTERNAL, PII, PUBLIC, SECRET, TAX, WORDS, Data

MASK: Final = "••••"
MASKED_ADDRESS: Final = "••••@••"


@dataclass(frozen=True, slots=True)
class Sight:
    """``plain``: the classes that are shown. Without ``amounts`` no sum of money is, either."""

    plain: frozenset[Data]
    amounts: bool = True

    def shows(self, data: Data) -> bool:
        return data in self.plain and data is not SECRET


SYSTEM: Final = Sight(frozenset({PUBLIC, INTERNAL, PII, TAX}))
WHOLE: Final = Sight(frozenset(Data) - {SECRET})
META: Final = Sight(frozenset({PUBLIC, INTERNAL}), amounts=False)

# From the beginning of a run of signs only, so that long runs without an address cost little.
_SIGN: Final = r"[^\s\"'<>@,;()=]"
_ADDRESS: Final = re.compile(rf"(?<!{_SIGN}){_SIGN}+@{_SIGN}+\.{_SIGN}+")

_now: ContextVar[Sight] = ContextVar("sight", default=SYSTEM)


def looking() -> Sight:
    """Whose eyes this is for."""
    return _now.get()


def look_as(sight: Sight) -> None:
    """From here to the end of the request, which begins and ends in a context of its own."""
    _now.set(sight)


@contextmanager
def looking_as(sight: Sight) -> Iterator[Sight]:
    """See with other eyes for a while."""
    token = _now.set(sight)
    try:
        yield sight
    finally:
        _now.reset(token)


def revealed(sight: Sight) -> Sight:
    """The same eyes, and what was masked to them."""
    return replace(sight, plain=sight.plain | {PII, WORDS, CONTACT, TAX})


def shown(value: Any, data: Data, *, to: Sight | None = None) -> Any:
    """
    ``value`` when whoever looks may see data of that class, else a mask of the same shape. What is
    empty stays empty: that nothing is there is no secret.
    """
    if value in (None, "", [], {}, ()) or (to or looking()).shows(data):
        return value
    if isinstance(value, Mapping):
        return {key: shown(held, data, to=to) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(shown(held, data, to=to) for held in value)
    return MASKED_ADDRESS if data is CONTACT and "@" in str(value) else MASK


def mask_addresses(value: Any) -> Any:
    """A text, or texts in lists and mappings, with every e-mail address in it masked."""
    if isinstance(value, str):
        return _ADDRESS.sub(MASKED_ADDRESS, value) if "@" in value else value
    if isinstance(value, Mapping):
        return {key: mask_addresses(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [mask_addresses(held) for held in value]
    return value
