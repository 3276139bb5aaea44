"""A command on its way through one call of ``send``."""

from __future__ import annotations

from dataclasses import dataclass

from connectors import sending
from connectors.postings import Line
from connectors.systems.business_central import forms
from connectors.systems.business_central.books import Books
from connectors.systems.business_central.forms import Form
from connectors.systems.business_central.lookup import Held
from connectors.systems.business_central.placing import receivables


@dataclass(slots=True, eq=False)
class Job(sending.Job):
    """``draft`` is what it was given in Business Central, None before; see ``take``."""

    books: Books | None = None
    draft: Held | None = None

    def take(self, draft: Held | None) -> None:
        """Its draft from now on."""
        self.draft = draft
        self.drafted = draft.external_id if draft else ""

    @property
    def form(self) -> Form:
        return self.draft.form if self.draft else forms.BY_KIND[self.command.kind]

    @property
    def content(self) -> str:
        return forms.wanted_content(self.posting)

    @property
    def owed(self) -> list[Line]:
        """The lines whose customers Business Central has to know."""
        assert self.books is not None
        return receivables(self.posting, self.books)
