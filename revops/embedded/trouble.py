from __future__ import annotations


class CannotStart(Exception):
    """Why something did not start: one line a person can act on, shown without a traceback."""
