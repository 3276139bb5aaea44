"""A command on its way through one call of ``send``."""

from __future__ import annotations

from dataclasses import dataclass

from connectors import sending
from connectors.postings import Line
from connectors.systems.tryton import forms, journal
from connectors.systems.tryton.books import Books, Period
from connectors.systems.tryton.forms import Form


@dataclass(slots=True, eq=False)
class Job(sending.Job):
    """``drafted`` is our name of its draft, "" while there is none."""

    books: Books | None = None
    period: Period | None = None

    @property
    def content(self) -> str:
        return journal.content(self.posting)

    @property
    def wanted(self) -> Form:
        """What is made when Tryton holds nothing under the key yet."""
        return forms.BY_KIND[self.command.kind]

    @property
    def naming(self) -> list[Line]:
        """The lines whose customers Tryton has to know."""
        assert self.books is not None
        return self.wanted.naming(self.posting, self.books)

    @property
    def form(self) -> Form:
        """What its draft is."""
        return forms.of(self.drafted)

    @property
    def number(self) -> str:
        """Tryton's id of its draft."""
        return self.form.number(self.drafted)
