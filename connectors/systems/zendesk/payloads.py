"""What may be asked of Zendesk: how far a credit is, and how billing stands, told on a ticket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import Field

from connectors import commands
from connectors.contract import Command
from connectors.systems.zendesk.names import Names
from revops.contracts.base import Currency, Day, Id, Minor, Part, Text
from revops.kernel.keys import sha256
from revops.kernel.money import Money
from revops.kernel.strict_json import dumps

KIND: Final = "support.credit_state"
CONTEXT: Final = "support.billing_context"
_WORDS: Final[Mapping[str, str]] = {
    "requested": "Credit asked for",
    "approved": "Credit approved",
    "rejected": "Credit rejected",
    "issued": "Credit issued",
    "void": "Credit taken back",
}
_COLLECTION: Final[Mapping[str, str]] = {
    "clear": "nothing is open",
    "open": "open, nothing is overdue",
    "overdue": "overdue",
    "disputed": "disputed with the bank",
}
Version = Annotated[int, Field(strict=True, ge=0, lt=10**15)]
Fields = Sequence[tuple[int | None, str]]


class CreditState(Part):
    """
    ``support.credit_state``: ``note`` becomes a private note; ``amount`` is in minor units. An
    older ``version`` never replaces what a newer one said.
    """

    ticket_id: Id
    credit_id: Id
    state: Annotated[str, Field(pattern="^(requested|approved|rejected|issued|void)$")]
    currency: Currency
    amount: Minor
    invoice: Text = ""
    document: Text = ""
    note: Annotated[Text, Field(min_length=1)]
    version: Version

    @property
    def about(self) -> str:
        """Of what this is a version."""
        return self.credit_id

    def fields(self, names: Names) -> Fields:
        """Texts by the number of their field; None for one that is not used."""
        return (names.credit, self.credit_words), (names.billing, self.billing_words)

    @property
    def credit_words(self) -> str:
        """For the field that shows the credit."""
        return f"{_WORDS[self.state]}: {Money(self.amount, self.currency)} ({self.credit_id})"

    @property
    def billing_words(self) -> str:
        """For the field that shows what it is about."""
        parts = [f"Invoice {self.invoice}" if self.invoice else "No invoice"]
        parts += [f"credit note {self.document}"] if self.document else []
        return ", ".join(parts)


class Owed(Part):
    """An open invoice; ``open`` is what is left of it, in minor units."""

    number: Text
    currency: Currency
    open: Minor
    due_on: Day | None = None
    overdue: bool = False

    @property
    def words(self) -> str:
        due = f", {'was' if self.overdue else 'is'} due {self.due_on}" if self.due_on else ""
        return f"{self.number}: {Money(self.open, self.currency)}{due}"


class Credited(Part):
    """A credit of the last year, net, in minor units."""

    number: Text
    currency: Currency
    amount: Minor
    state: Text
    dated: Day

    @property
    def words(self) -> str:
        return f"{self.number}: {Money(self.amount, self.currency)}, {self.state} {self.dated}"


class BillingContext(Part):
    """
    ``support.billing_context``: what an agent reads beside the ticket, each list its first members;
    ``more`` counts what is left out of all of them, and ``url`` leads to it.
    """

    ticket_id: Id
    plans: tuple[Text, ...] = ()
    collection: Annotated[str, Field(pattern="^(clear|open|overdue|disputed)$")]
    invoices: tuple[Owed, ...] = ()
    entitlements: tuple[Text, ...] = ()
    credits: tuple[Credited, ...] = ()
    more: Annotated[int, Field(strict=True, ge=0)] = 0
    url: Text
    version: Version

    @property
    def about(self) -> str:
        """Of what this is a version."""
        return CONTEXT

    @property
    def note(self) -> str:
        """None: a state that changes belongs into a field."""
        return ""

    def fields(self, names: Names) -> Fields:
        """Texts by the number of their field; None for one that is not used."""
        return ((names.context, self.words),)

    @property
    def words(self) -> str:
        """The field's text, a line for each thing."""
        lines = [
            *_listed("Plan", self.plans),
            f"Collection: {_COLLECTION[self.collection]}",
            *_listed("Open invoices", [one.words for one in self.invoices]),
            *_listed("Entitlements", self.entitlements),
            *_listed("Credits of the last year", [one.words for one in self.credits]),
        ]
        if self.more:
            lines.append(f"And {self.more} more in the console.")
        return "\n".join([*lines, self.url])


Told = CreditState | BillingContext
_KINDS: Final[Mapping[str, type[Told]]] = {
    KIND: CreditState,
    CONTEXT: BillingContext,
}


def read(command: Command) -> Told:
    """Raises PayloadRefused."""
    return commands.read(command.kind, command.payload, _KINDS)


def digest(payload: Mapping[str, Any]) -> str:
    """Kept in the audit beside the command's key."""
    return sha256(dumps(payload))


def _listed(label: str, members: Sequence[str]) -> list[str]:
    """``label: none``, one member beside it, or several below it."""
    if len(members) > 1:
        return [f"{label}:", *(f"- {one}" for one in members)]
    return [f"{label}: {members[0] if members else 'none'}"]
