"""An account at a bank that nobody can be asked about: a person brings its statement as a file."""

from __future__ import annotations

from connectors.manifest import Manifest


class Statement:
    """It lists, sends and answers nothing; its lines come in by /reconciliation/lists/."""

    def __init__(self) -> None:
        self.manifest = Manifest.beside(__file__)


connector = Statement()
