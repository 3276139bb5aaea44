"""Ids as people see them: EXC-12, JE-7, EVT-3."""

from __future__ import annotations

from revops.api.problems import Problem


def number_of(text: str, prefix: str) -> int:
    """The number in ``JE-7``. Raises Problem 404 for anything of another form."""
    word, _, number = text.partition("-")
    if word.upper() == prefix and number.isascii() and number.isdigit() and len(number) < 19:
        return int(number)
    raise Problem(404, "", f"There is no “{text[:40]}” here; ids look like {prefix}-12.")
