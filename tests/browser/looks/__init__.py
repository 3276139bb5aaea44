"""
What is looked at in a browser, by subject; ``tests.browser.pages`` puts it together.

A module's ``PAGES`` have, by the name of an address, the views at which its page shows what it can.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.browser.stage import Stage


@dataclass(frozen=True, slots=True)
class Look:
    """One view of a page. ``by`` is who looks (“” nobody), ``status`` what the answer is."""

    name: str
    address: Callable[[Stage], str]
    by: str = "Priya"
    status: int = 200
