"""Lanes: the books of record, and shadows of them that are kept for comparison."""

from __future__ import annotations

from typing import Final

PRIMARY: Final = "primary"
