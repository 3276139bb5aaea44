"""
What a practised person's hands do on a page, counted: the keystroke-level model (ux.md §5).

A click is 1.3 s (point 1.1, press 0.2), a key 0.28 s, a decision 1.35 s, moving the hand between
keyboard and mouse 0.4 s, a new page 0.5 s. What the system takes is measured apart from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Locator, Page

CLICK: Final = 1.3
KEY: Final = 0.28
DECISION: Final = 1.35
HAND: Final = 0.4
PAGE: Final = 0.5


class Place(Enum):
    KEYBOARD = "keyboard"
    MOUSE = "mouse"


@dataclass
class Hand:
    """
    One person at one page. It starts on the keyboard for a task that begins by typing, else
    nowhere: the first move costs as much as any other.
    """

    page: Page
    place: Place | None = None
    clicks: int = 0
    keys: int = 0
    decisions: int = 0
    moves: int = 0
    screens: int = 0

    def __post_init__(self) -> None:
        self.page.on("framenavigated", self._turned)

    def decide(self) -> None:
        """Read, and choose what to do next."""
        self.decisions += 1

    def click(self, what: Locator) -> None:
        self._go(Place.MOUSE)
        self.clicks += 1
        what.click()

    def press(self, key: str) -> None:
        """One key by its name: ``Enter``, ``/``, ``j``."""
        self._go(Place.KEYBOARD)
        self.keys += 1
        self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Letter by letter."""
        self._go(Place.KEYBOARD)
        self.keys += len(text)
        self.page.keyboard.type(text)

    @property
    def seconds(self) -> float:
        """What the model says that a practised person takes."""
        return round(
            self.clicks * CLICK
            + self.keys * KEY
            + self.decisions * DECISION
            + self.moves * HAND
            + self.screens * PAGE,
            2,
        )

    def _go(self, place: Place) -> None:
        if self.place is not place:
            self.moves += 1
            self.place = place

    def _turned(self, frame: Frame) -> None:
        self.screens += frame == self.page.main_frame
