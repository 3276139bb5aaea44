"""How the reader of a page writes numbers. Set for one request; files and the API are not asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

# slug: (between thousands, before decimals)
STYLES: Final[dict[str, tuple[str, str]]] = {
    "comma": (",", "."),
    "point": (".", ","),
    "space": ("\N{NARROW NO-BREAK SPACE}", ","),
}
EXAMPLES: Final = {"comma": "1,234.56", "point": "1.234,56", "space": "1 234,56"}

_current: ContextVar[str] = ContextVar("number_style", default="comma")


@contextmanager
def reading_as(style: str) -> Iterator[None]:
    """What is not a style is read as the house's own."""
    token = _current.set(style if style in STYLES else "comma")
    try:
        yield
    finally:
        _current.reset(token)


def styled(text: str) -> str:
    """``1,234.56`` in the reader's style."""
    style = _current.get()
    if style == "comma":
        return text
    thousands, decimals = STYLES[style]
    return text.translate({ord(","): thousands, ord("."): decimals})
