"""
What may be asked of Gainsight: the payloads of the three commands.

Each carries ``version``, which grows with every newer statement about the same record (the
milliseconds of the business event will do): an older one never overwrites a newer one, in whichever
order they are sent. Ids are the console's own unless a name says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import Field

from connectors import commands
from revops.contracts.base import Currency, Day, Exact, Id, MaybeId, Minor, Part, Text
from revops.contracts.customers import OtherId
from revops.kernel.keys import sha256
from revops.kernel.strict_json import dumps

Version = Annotated[int, Field(strict=True, ge=0, lt=10**15)]


class Who(Part):
    """
    A customer, by every id that is known of it: Gainsight's own (``gsid``), the console's, and
    other systems' as the connection's parameter ``other_ids`` names them.
    """

    customer_id: Id
    gsid: MaybeId = ""
    other_ids: tuple[OtherId, ...] = ()


class CustomerPayload(Who):
    """
    ``success.customer``: a company and what is above it. ``parent`` None leaves the hierarchy as
    it is. So do ``arr`` (minor units of ``currency``, a year) and ``renews_on``.
    """

    name: Annotated[Text, Field(min_length=1)]
    parent: Who | None = None
    currency: Currency | None = None
    arr: Minor | None = None
    renews_on: Day | None = None
    version: Version


class EntitlementPayload(Part):
    """``success.entitlements``: one entitlement as it is now; ``quantity`` None is no limit."""

    customer: Who
    entitlement_id: Id
    feature: Text
    quantity: Exact | None = None
    used: Exact | None = None
    unit: Text = ""
    starts_on: Day
    ends_on: Day | None = None
    state: Literal["active", "revoked"] = "active"
    version: Version


SignalKind = Literal[
    "payment_failed",
    "payment_recovered",
    "invoice_overdue",
    "invoice_paid",
    "payment_refunded",
    "payment_returned",
    "dispute_opened",
    "dispute_closed",
    "credit_requested",
    "credit_approved",
    "credit_rejected",
    "credit_issued",
]
KINDS: Final[tuple[SignalKind, ...]] = get_args(SignalKind)


class SignalPayload(Part):
    """``success.payment_signal``: something about money that whoever cares for them should know."""

    customer: Who
    signal_id: Id
    kind: SignalKind
    currency: Currency
    amount: Minor
    happened_on: Day
    document: Text = ""
    detail: Text = ""
    version: Version


Payload = CustomerPayload | EntitlementPayload | SignalPayload

PAYLOADS: Final[Mapping[str, type[Payload]]] = {
    "success.customer": CustomerPayload,
    "success.entitlements": EntitlementPayload,
    "success.payment_signal": SignalPayload,
}


def read(kind: str, payload: Mapping[str, Any]) -> Payload:
    """Raises PayloadRefused."""
    return commands.read(kind, payload, PAYLOADS)


def digest(payload: Mapping[str, Any]) -> str:
    """Kept in the record beside the command's key."""
    return sha256(dumps(payload))
