"""
What Zendesk tells, and what it means.

Two sorts of bodies come in. A webhook (of an event subscription, or a trigger's own JSON) only
names a ticket: it is read over our own connection. A ticket that was read, by that or by a poll,
stands as ``{"source", "ticket", "organization", "breaches"}``, with ``history`` when its audits
have something to tell (``history.py``); it tells the case as it is now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from connectors.bodies import opened, text
from connectors.contract import Envelope, NeedsFetch, PayloadUnreadable, Settings
from connectors.systems.zendesk.history import OVER
from connectors.systems.zendesk.names import Names
from revops.contracts import registry
from revops.contracts.base import EventData
from revops.kernel import strict_json
from revops.kernel.clock import local_date
from revops.kernel.keys import sha256

TICKET: Final = "ticket"
READ: Final = "read"
POLL: Final = "poll"
_EVENT: Final = "zen:event-type:ticket."
_STATES: Final = ("new", "open", "pending", "hold", *OVER)


def envelope(body: bytes) -> Envelope:
    """Raises PayloadUnreadable."""
    raw = opened(body)
    return _read(raw) if "ticket" in raw else _named(raw)


def events(found: Envelope, settings: Settings) -> Sequence[EventData]:
    """
    The case as it is, each promise that broke, and what its history tells. Raises NeedsFetch for a
    ticket that is only named, PayloadUnreadable and ContractBroken for shapes that have drifted.
    """
    raw = found.raw
    if found.ignored:
        return ()
    if "ticket" not in raw:
        raise NeedsFetch("The webhook names a ticket; it is read over our own connection.")
    names, ticket = Names.of(settings.parameters), raw["ticket"]
    case = _case(raw, names, settings.zone)
    told: list[EventData] = []
    for promise, day in _broken(raw, names, settings.zone):
        data = {**case, "promise": promise, "breached_on": day}
        told.append(registry.read("sla.breached/1", data))
    told += _history(raw, case, settings.zone)
    if ticket.get("status") in OVER:
        day = local_date(instant(ticket.get("updated_at"), field="updated_at"), settings.zone)
        data = {**case, "resolved_on": day, "resolution": ""}
        return [*told, registry.read("support_case.resolved/1", data)]
    return [registry.read("support_case.opened/1", case), *told]


def read_body(
    source: str,
    ticket: Mapping[str, Any],
    organization: Mapping[str, Any] | None,
    breaches: Sequence[Mapping[str, Any]] = (),
    *,
    history: Mapping[str, Any] | None = None,
) -> bytes:
    """A ticket that was read, as it enters the inbox."""
    body = {
        "source": source,
        "ticket": dict(ticket),
        "organization": dict(organization) if organization else None,
        "breaches": [dict(one) for one in breaches],
        **({"history": dict(history)} if history else {}),
    }
    return strict_json.dumps(body).encode()


def _named(raw: Mapping[str, Any]) -> Envelope:
    """A webhook. Several of one change name the same second and count as one."""
    kind = text(raw.get("type"), 120)
    detail = raw.get("detail") if isinstance(raw.get("detail"), Mapping) else raw
    assert isinstance(detail, Mapping)
    if kind.startswith(_EVENT):
        number = whole(detail.get("id"), field="detail.id")
        when = detail.get("updated_at") or raw.get("time")
    elif kind:
        raise PayloadUnreadable(f"“{kind[:60]}” is no event of a ticket.")
    else:
        number = whole(raw.get("ticket_id"), field="ticket_id")
        when = raw.get("updated_at")
    at = instant(when, field="updated_at")
    content = {"ticket_id": number, "updated_at": at.isoformat()}
    return Envelope(
        event_id=f"ticket:{number}:{at:%Y%m%d%H%M%S}",
        type=kind.removeprefix("zen:event-type:") or "ticket.changed",
        account=str(raw.get("account_id") or "")[:60],
        object_type=TICKET,
        object_id=str(number),
        object_version=_millis(at),
        occurred_at=at,
        raw=raw,
        schema_version=text(raw.get("zendesk_event_version"), 40),
        livemode=True,
        content=content,
    )


def _read(raw: Mapping[str, Any]) -> Envelope:
    ticket = raw["ticket"]
    if not isinstance(ticket, Mapping):
        raise PayloadUnreadable("“ticket” is no object.")
    number = whole(ticket.get("id"), field="ticket.id")
    at = instant(ticket.get("updated_at"), field="ticket.updated_at")
    breaches = _breaches(raw)
    source = raw.get("source")
    if source not in (READ, POLL):
        raise PayloadUnreadable("“source” does not say how the ticket was read.")
    content = {key: value for key, value in raw.items() if key != "source"}
    return Envelope(
        event_id=f"ticket:{number}:{at:%Y%m%d%H%M%S}:{sha256(strict_json.dumps(content))[:16]}",
        type="ticket.breached" if breaches else "ticket.read",
        account="",
        object_type=TICKET,
        object_id=str(number),
        # What was read because of an event is newer than the event.
        object_version=_millis(at) + (1 if source == READ else 0),
        occurred_at=at,
        raw=raw,
        livemode=True,
        ignored="The ticket was deleted." if ticket.get("status") == "deleted" else "",
        content=content,
        polled=bool(breaches),
    )


def _case(raw: Mapping[str, Any], names: Names, zone: str) -> dict[str, Any]:
    ticket = raw["ticket"]
    status = ticket.get("status")
    if status not in _STATES:
        raise PayloadUnreadable("“ticket.status” is none that we know.")
    organization = raw.get("organization")
    outside = organization.get("external_id") if isinstance(organization, Mapping) else None
    priority = text(ticket.get("priority"), 40)
    title = text(ticket.get("subject"), 500).strip()
    number = whole(ticket.get("id"), field="ticket.id")
    return {
        "case_id": names.case_id(number),
        "customer_ref": custom(ticket, names.customer) or text(outside, 120),
        "title": title or f"Ticket {number}",
        "severity": names.severities.get(priority, priority),
        "status": status,
        "opened_on": local_date(instant(ticket.get("created_at"), field="created_at"), zone),
        "invoice_ref": custom(ticket, names.invoice),
    }


def _broken(raw: Mapping[str, Any], names: Names, zone: str) -> list[tuple[str, date]]:
    """(promise, day), by SLA metrics and by the field that agents or a monitor set."""
    ticket = raw["ticket"]
    found = []
    set_by_hand = custom(ticket, names.promise)
    if set_by_hand:
        day = custom(ticket, names.promise_day)
        opened = local_date(instant(ticket.get("created_at"), field="created_at"), zone)
        found.append((set_by_hand, _day(day) if day else opened))
    for breach in _breaches(raw):
        promise = names.promises.get(text(breach.get("metric"), 60))
        if promise:
            at = instant(breach.get("time"), field="breaches.time")
            found.append((promise, local_date(at, zone)))
    return found


def _history(raw: Mapping[str, Any], case: Mapping[str, Any], zone: str) -> list[EventData]:
    found = raw.get("history", {})
    if not isinstance(found, Mapping):
        raise PayloadUnreadable("“history” is no object.")
    events = []
    for name, contract, day in _STEPS:
        if name in found:
            at = local_date(instant(found[name], field=f"history.{name}"), zone)
            events.append(registry.read(contract, {**case, day: at}))
    return events


_STEPS: Final = (
    ("escalated_at", "support_case.escalated/1", "escalated_on"),
    ("reopened_at", "support_case.reopened/1", "reopened_on"),
)


def _breaches(raw: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = raw.get("breaches")
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise PayloadUnreadable("“breaches” is no list.")
    return [one for one in found if one.get("type") == "breach" and not one.get("deleted")]


def custom(ticket: Mapping[str, Any], field: int | None) -> str:
    """The text of a custom field; empty when it is not used or not set."""
    rows = ticket.get("custom_fields")
    if field is None or not isinstance(rows, list):
        return ""
    for row in rows:
        if isinstance(row, Mapping) and row.get("id") == field:
            value = row.get("value")
            return value.strip()[:120] if isinstance(value, str) else ""
    return ""


def whole(value: Any, *, field: str) -> int:
    """A number as JSON's or as digits, as events write it. Raises PayloadUnreadable."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        value = int(value)
    if type(value) is not int or not 0 < value < 10**18:
        raise PayloadUnreadable(f"“{field}” is no ticket's number.")
    return value


def instant(value: Any, *, field: str) -> datetime:
    """ISO text; without a zone it is UTC. Raises PayloadUnreadable."""
    try:
        moment = datetime.fromisoformat(value)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        raise PayloadUnreadable(f"“{field}” is no time.") from None
    if moment.year < 1970:
        raise PayloadUnreadable(f"“{field}” is no time.")
    return moment


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        raise PayloadUnreadable("The day of the broken promise is no day.") from None


def _millis(at: datetime) -> int:
    return int(at.timestamp()) * 1000
