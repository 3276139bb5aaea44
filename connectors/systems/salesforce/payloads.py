"""
What commands to a CRM hold: the state that it should show, and since when (``as_of``).

Whoever makes a command puts one of these into its payload, as ``model_dump(mode="json")``. Amounts
are minor units of ``currency``; ids are Salesforce's. ``as_of`` orders states of one record: an
older one never replaces a newer one. Every field is part of the state, so what is not given is
emptied in Salesforce, unless the connection leaves its field out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from connectors.commands import Unfit
from revops.contracts.base import Currency, Day, Exact, Id, MaybeId, Minor, Text
from revops.kernel import strict_json
from revops.kernel.keys import sha256


class State(BaseModel):
    """``kind`` is the command's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: ClassVar[str]

    as_of: AwareDatetime

    @property
    def version(self) -> int:
        """``as_of`` in milliseconds since 1970."""
        moment: datetime = self.as_of.astimezone(UTC)
        return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


class InvoiceState(State):
    """
    An invoice, how it stands and what is still owed on it; one record in Salesforce for each.

    ``invoice_id`` is what names it for good (the billing system's id); ``account_id`` the account
    that it belongs to, empty when that is not known; ``url`` leads to its thread in the console.
    """

    kind: ClassVar[str] = "crm.invoice_state"

    invoice_id: Id
    account_id: MaybeId = ""
    number: Annotated[Text, Field(max_length=80)]
    state: Literal["open", "paid", "overdue", "void", "written_off", "refunded"]
    currency: Currency
    total: Minor
    open: Minor
    issued_on: Day
    due_on: Day | None = None
    paid_on: Day | None = None
    payment_state: Literal["", "none", "pending", "failed", "succeeded", "disputed"] = ""
    reason: Text = ""
    url: Text = ""


class RenewalValue(State):
    """What a renewal is worth for a year, on an account or on the renewal's opportunity."""

    kind: ClassVar[str] = "crm.renewal_value"

    target: Literal["Account", "Opportunity"] = "Account"
    record_id: Id
    currency: Currency
    value: Minor
    renews_on: Day | None = None
    risk: Literal["", "low", "medium", "high"] = ""


class Health(State):
    """``score`` from 0 (lost) to 100 (thriving)."""

    kind: ClassVar[str] = "crm.health"

    account_id: Id
    score: Exact
    band: Literal["green", "yellow", "red"]
    measured_on: Day
    reason: Text = ""


class CustomerLink(State):
    """
    The customer's ids in other systems. Those for which ``other_ids`` of the connection names no
    account field are left out; it has to name one at least.
    """

    kind: ClassVar[str] = "crm.customer_link"

    account_id: Id
    ids: Annotated[dict[str, Id], Field(min_length=1)]


class SubscriptionLink(State):
    """The subscription that came of an opportunity or a contract."""

    kind: ClassVar[str] = "crm.subscription_link"

    target: Literal["Opportunity", "Contract"] = "Opportunity"
    record_id: Id
    subscription_id: Id
    status: Text = ""
    started_on: Day | None = None
    renews_on: Day | None = None


KINDS: Final[Mapping[str, type[State]]] = {
    model.kind: model
    for model in (InvoiceState, RenewalValue, Health, CustomerLink, SubscriptionLink)
}


def read(kind: str, payload: Mapping[str, Any]) -> State:
    """Raises Unfit."""
    model = KINDS.get(kind)
    if model is None:
        raise Unfit("refused", "This is nothing that Salesforce can be asked to do.")
    try:
        return model.model_validate(dict(payload))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the payload"
        raise Unfit("payload", f"The command does not hold: {where}: {first['msg']}.") from error


def digest(payload: Mapping[str, Any]) -> str:
    return sha256(strict_json.dumps(payload))
