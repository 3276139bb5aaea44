"""What may be asked of Zendesk: how far a credit is, told on its ticket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError

from connectors.contract import Command
from revops.contracts.base import Currency, Id, Minor, Part, Text
from revops.kernel.keys import sha256
from revops.kernel.money import Money
from revops.kernel.strict_json import dumps

KIND: Final = "support.credit_state"
_WORDS: Final[Mapping[str, str]] = {
    "requested": "Credit asked for",
    "approved": "Credit approved",
    "rejected": "Credit rejected",
    "issued": "Credit issued",
    "void": "Credit taken back",
}


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
    version: Annotated[int, Field(strict=True, ge=0, lt=10**15)]

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


class PayloadRefused(ValueError):
    """The payload is not one of the above; the message says where."""


def read(command: Command) -> CreditState:
    """Raises PayloadRefused."""
    if command.kind != KIND:
        raise PayloadRefused(f"This connector does not know the command “{command.kind}”.")
    try:
        return CreditState.model_validate(dict(command.payload))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        path = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise PayloadRefused(
            f"The command's payload does not hold: {path}: {first['msg']}."
        ) from None


def digest(payload: Mapping[str, Any]) -> str:
    """Kept in the audit beside the command's key."""
    return sha256(dumps(payload))
