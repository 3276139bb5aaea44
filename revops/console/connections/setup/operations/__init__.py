"""
What people do to set a connection up. Each returns the sentence of what happened.

Nothing here calls the system: *test connection* does, with what was saved.

    adding     a draft, and new values of its credentials
    asking     what is done when another administrator agrees: changes, use, the end of it
    applying   the same, once they did
    holding    what a connection has
"""

from __future__ import annotations

from revops.console.connections.setup.content import Setup
from revops.console.connections.setup.operations.adding import add, rotate
from revops.console.connections.setup.operations.applying import apply_change, end_use, go_live
from revops.console.connections.setup.operations.asking import SUBJECT, change, retire, use
from revops.console.connections.setup.operations.holding import content_of, missing

__all__ = [
    "SUBJECT",
    "Setup",
    "add",
    "apply_change",
    "change",
    "content_of",
    "end_use",
    "go_live",
    "missing",
    "retire",
    "rotate",
    "use",
]
