"""From a state to fields of a record: which object, which record of it, and what goes into it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.commands import Unfit
from connectors.contract import Command, PayloadUnreadable
from connectors.systems.salesforce import payloads, wire
from connectors.systems.salesforce.layout import Layout
from connectors.systems.salesforce.wire import Json

# No blank, which ends the key in a stamp, and nothing that LIKE reads as a wildcard.
KEY: Final = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)
# What a text field of Salesforce holds unless it is made longer.
_TEXT: Final = 255
_OUR_ID: Final = 100


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a write leaves in the record: our key, the state's time and the payload's hash."""

    key: str
    version: int
    sha256: str

    @classmethod
    def read(cls, value: Any) -> Stamp | None:
        key, _, rest = wire.text(value).partition(" ")
        version, _, digest = rest.partition(" ")
        if not KEY.fullmatch(key) or not version.isascii() or not version.isdigit():
            return None
        return cls(key, int(version[:15]), digest)

    def __str__(self) -> str:
        return f"{self.key} {self.version:013d} {self.sha256}"


@dataclass(frozen=True, slots=True)
class Form:
    """
    One record to be written. It is found by ``match`` = ``name``: the record's id, or an external
    id, by which it may also be made. ``currency`` is what the record has to be kept in, when it
    may not be changed; ``near`` is the account that is locked with it. ``fact``: nothing is written
    where the record says so already, because a write would only be read as a change of the record.
    """

    target: str
    match: str
    name: str
    stamp_field: str
    stamp: Stamp
    values: Mapping[str, Any]
    creates: bool = False
    currency: str = ""
    near: str = ""
    fact: bool = False

    @property
    def place(self) -> tuple[str, str, str, tuple[str, ...]]:
        """Forms of one place are looked for, written and read back by one call."""
        return self.target, self.match, self.stamp_field, tuple(self.values)

    @property
    def fields(self) -> Mapping[str, Any]:
        return {self.stamp_field: str(self.stamp), **self.values}

    def differs(self, record: Json) -> list[str]:
        """The fields in which a record that was read does not hold what it should."""
        return [
            field for field, wanted in self.values.items() if not _equal(wanted, record.get(field))
        ]


def of(command: Command, layout: Layout) -> Form:
    """Raises Unfit."""
    state = payloads.read(command.kind, command.payload)
    if not KEY.fullmatch(command.key):
        raise Unfit("refused", "The command's key is none of ours.")
    stamp = Stamp(command.key, state.version, payloads.digest(command.payload))
    try:
        return _FORMS[command.kind](state, stamp, layout)
    except PayloadUnreadable as error:
        raise Unfit("payload", str(error)) from error


def _invoice(state: payloads.InvoiceState, stamp: Stamp, layout: Layout) -> Form:
    if len(state.invoice_id) > _OUR_ID or not state.invoice_id.isprintable():
        raise Unfit("payload", "The invoice's id is too long for an external id.")
    values = _values(layout, "invoice_fields", {
        "account": _record_id(state.account_id) if state.account_id else None,
        "number": state.number,
        "state": state.state,
        "currency": state.currency,
        "total": wire.decimal(state.total, state.currency),
        "open": wire.decimal(state.open, state.currency),
        "issued_on": state.issued_on.isoformat(),
        "due_on": state.due_on.isoformat() if state.due_on else None,
        "paid_on": state.paid_on.isoformat() if state.paid_on else None,
        "payment_state": state.payment_state,
        "reason": state.reason[:_TEXT],
        "url": state.url[:_TEXT],
    })  # fmt: skip
    _kept_in(layout, "invoice_fields", state.currency)
    if layout.multi_currency:
        values["CurrencyIsoCode"] = state.currency
    return Form(
        target=layout.invoice_object,
        match=layout.get("invoice_fields", "external_id"),
        name=state.invoice_id,
        stamp_field=layout.get("invoice_fields", "stamp"),
        stamp=stamp,
        values=values,
        creates=layout.invoice_create,
        near=state.account_id,
    )


def _renewal(state: payloads.RenewalValue, stamp: Stamp, layout: Layout) -> Form:
    kept_in = _kept_in(layout, "renewal_fields", state.currency)
    given = {
        "value": wire.decimal(state.value, state.currency),
        "currency": state.currency,
        "renews_on": state.renews_on.isoformat() if state.renews_on else None,
        "risk": state.risk,
    }
    return _on_record(
        state.target, state.record_id, "renewal_fields", given, stamp, layout, currency=kept_in
    )


def _health(state: payloads.Health, stamp: Stamp, layout: Layout) -> Form:
    given = {
        "score": state.score,
        "band": state.band,
        "reason": state.reason[:_TEXT],
        "measured_on": state.measured_on.isoformat(),
    }
    return _on_record("Account", state.account_id, "health_fields", given, stamp, layout)


def _link(state: payloads.CustomerLink, stamp: Stamp, layout: Layout) -> Form:
    fields = dict(layout.other_ids)
    if not fields:
        reason = "The connection names no account fields for ids of other systems (other_ids)."
        raise Unfit("field_missing", reason)
    named = sorted(set(state.ids) & set(fields))
    values = {fields[system]: state.ids[system] for system in named}
    return Form(
        target="Account",
        match="Id",
        name=_record_id(state.account_id),
        stamp_field=layout.get("link_fields", "stamp"),
        stamp=stamp,
        values=values,
        fact=True,
    )


def _subscription(state: payloads.SubscriptionLink, stamp: Stamp, layout: Layout) -> Form:
    given = {
        "subscription": state.subscription_id,
        "status": state.status[:_TEXT],
        "started_on": state.started_on.isoformat() if state.started_on else None,
        "renews_on": state.renews_on.isoformat() if state.renews_on else None,
    }
    kind = "subscription_fields"
    return _on_record(state.target, state.record_id, kind, given, stamp, layout)


_FORMS: Final[Mapping[str, Callable[[Any, Stamp, Layout], Form]]] = {
    payloads.InvoiceState.kind: _invoice,
    payloads.RenewalValue.kind: _renewal,
    payloads.Health.kind: _health,
    payloads.CustomerLink.kind: _link,
    payloads.SubscriptionLink.kind: _subscription,
}


def stamps(layout: Layout) -> list[tuple[str, str]]:
    """(object, stamp field) of all that may be written."""
    renewal = layout.get("renewal_fields", "stamp")
    subscription = layout.get("subscription_fields", "stamp")
    return [
        (layout.invoice_object, layout.get("invoice_fields", "stamp")),
        ("Account", layout.get("health_fields", "stamp")),
        ("Account", layout.get("link_fields", "stamp")),
        ("Account", renewal),
        ("Opportunity", renewal),
        ("Opportunity", subscription),
        ("Contract", subscription),
    ]


def _on_record(
    target: str,
    identity: str,
    kind: str,
    given: Mapping[str, Any],
    stamp: Stamp,
    layout: Layout,
    *,
    currency: str = "",
) -> Form:
    return Form(
        target=target,
        match="Id",
        name=_record_id(identity),
        stamp_field=layout.get(kind, "stamp"),
        stamp=stamp,
        values=_values(layout, kind, given),
        currency=currency,
    )


def _values(layout: Layout, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """By field; empty texts as nothing, which is what Salesforce makes of them."""
    return {
        field: None if value == "" else value
        for ours, value in given.items()
        if (field := layout.get(kind, ours))
    }


def _kept_in(layout: Layout, kind: str, code: str) -> str:
    """
    The currency that a record has to be kept in for an amount; empty when it does not matter,
    because a field beside the amount says which it is. Raises Unfit.
    """
    if layout.get(kind, "currency"):
        return ""
    if not layout.multi_currency and code != layout.currency:
        raise Unfit(
            "currency_mismatch",
            f"Salesforce is kept in {layout.currency} only, and the amount is in {code}.",
        )
    return code if layout.multi_currency else ""


def _record_id(identity: str) -> str:
    if not wire.is_id(identity):
        raise Unfit("record_missing", f"“{identity[:40]}” is no id of a record in Salesforce.")
    return identity


def _equal(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, str) or wanted is None:
        if wanted and found and wire.is_id(wanted) and wire.is_id(found):
            return bool(wanted[:15] == found[:15])
        return (wanted or "").strip() == ("" if found is None else str(found)).strip()
    try:
        return bool(wire.number(found, field="field") == wanted)
    except PayloadUnreadable:
        return False
