"""Commands as records of Gainsight: which object, under which key, with which fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.contract import Command, Receipt
from connectors.systems.gainsight.answers import Json
from connectors.systems.gainsight.names import COMPANY, DIGEST, KEY, VERSION, Names
from connectors.systems.gainsight.payloads import (
    CustomerPayload,
    EntitlementPayload,
    Payload,
    SignalPayload,
    Who,
    digest,
)
from revops.kernel.money import Money


@dataclass(slots=True)
class Job:
    """A command on its way. ``row`` is the record that is there already, ``keyed`` its field."""

    command: Command
    payload: Payload
    object: str
    key_field: str
    identity: str
    company: str = ""
    parent: str = ""
    row: Json | None = None
    keyed: str = ""
    receipt: Receipt | None = None

    @property
    def who(self) -> Who:
        return self.payload if isinstance(self.payload, Who) else self.payload.customer

    @property
    def above(self) -> Who | None:
        return self.payload.parent if isinstance(self.payload, CustomerPayload) else None

    @property
    def is_company(self) -> bool:
        return isinstance(self.payload, CustomerPayload)


def job(command: Command, payload: Payload, names: Names) -> Job:
    if isinstance(payload, CustomerPayload):
        return Job(command, payload, COMPANY, names.customer_field, payload.customer_id)
    if isinstance(payload, EntitlementPayload):
        identity = payload.entitlement_id
        return Job(command, payload, names.entitlement_object, "Entitlement_Id__gc", identity)
    return Job(command, payload, names.signal_object, "Signal_Id__gc", payload.signal_id)


def record(one: Job, names: Names) -> dict[str, Any]:
    """
    What is sent. Of a company only what the command gives, since others look after the rest of
    it; records of our own objects are given whole.
    """
    payload = one.payload
    if isinstance(payload, CustomerPayload):
        fields = _company(payload, one, names)
    elif isinstance(payload, EntitlementPayload):
        fields = _entitlement(payload)
    else:
        fields = _signal(payload)
    if not one.is_company:
        fields |= {one.key_field: one.identity, "Company__gc": one.company}
    if one.row is not None and one.keyed not in fields:
        fields[one.keyed] = one.row.get(one.keyed)
    return fields | {
        KEY: one.command.key,
        DIGEST: digest(one.command.payload),
        VERSION: payload.version,
    }


def _company(payload: CustomerPayload, one: Job, names: Names) -> dict[str, Any]:
    others = dict(names.others)
    fields: dict[str, Any] = {"Name": payload.name, names.customer_field: payload.customer_id}
    for other in payload.other_ids:
        if other.system in others:
            fields[others[other.system]] = other.id
    if one.parent and names.parent_field:
        fields[names.parent_field] = one.parent
    if payload.arr is not None and names.arr_field:
        fields[names.arr_field] = _amount(payload.arr, payload.currency or names.currency)
    if payload.renews_on is not None and names.renewal_field:
        fields[names.renewal_field] = _day(payload.renews_on)
    if payload.currency and names.currency_field:
        fields[names.currency_field] = payload.currency
    return fields


def _entitlement(payload: EntitlementPayload) -> dict[str, Any]:
    return {
        "Feature__gc": payload.feature,
        "Quantity__gc": _number(payload.quantity),
        "Used__gc": _number(payload.used),
        "Unit__gc": payload.unit,
        "Starts_On__gc": _day(payload.starts_on),
        "Ends_On__gc": _day(payload.ends_on),
        "State__gc": payload.state,
    }


def _signal(payload: SignalPayload) -> dict[str, Any]:
    return {
        "Kind__gc": payload.kind,
        "Amount__gc": _amount(payload.amount, payload.currency),
        "Currency__gc": payload.currency,
        "Happened_On__gc": _day(payload.happened_on),
        "Document__gc": payload.document,
        "Detail__gc": payload.detail,
    }


def _amount(minor: int, currency: str) -> str:
    """As text, so that no float comes near it: ``12990.00``."""
    return format(Money(minor, currency).decimal, "f")


def _number(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def version_of(row: Json) -> int:
    """The version that a record holds; -1 when none was ever written."""
    value = row.get(VERSION)
    return int(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else -1
