"""
What Gainsight tells us: small bodies of one form, whether a rule posts them or a poll makes them.

Gainsight has no webhooks of its own. Its rules engine calls an external action whose body is a
template, so the form is ours (README, "Rules"); a poll writes the same form from the records. One
body tells one thing: ``event`` is company, health, renewal or milestone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from connectors.bodies import opened, text
from connectors.contract import Envelope, PayloadUnreadable, Settings, TypeUnknown
from connectors.systems.gainsight.names import Names
from revops.contracts import registry
from revops.contracts.base import EventData
from revops.kernel import strict_json
from revops.kernel.clock import local_date
from revops.kernel.keys import sha256
from revops.kernel.money import AmountInvalid, minor_digits, round_half_up

Json = Mapping[str, Any]

POLL: Final = "poll"
EVENTS: Final = ("company", "health", "renewal", "milestone")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_BANDS: Final = ("green", "yellow", "red")
_RISKS: Final = ("low", "medium", "high")
# A company that was changed no later than this after it was made is a new one.
_NEW: Final = timedelta(seconds=5)
_SURE: Final = Decimal("0.8")
_LIKELY: Final = Decimal("0.5")


def envelope(body: bytes) -> Envelope:
    """
    Raises PayloadUnreadable. The id is made of what is told and its second: the same fact has the
    same id by a rule and by a poll, and a rule whose template leaves something out has another.
    """
    raw = opened(body)
    event, company = text(raw.get("event"), 60), text(raw.get("company_id"), 120)
    if not event or not company:
        raise PayloadUnreadable("The body names no event or no company_id.")
    changed = instant(raw.get("changed_at"), field="changed_at")
    told = {name: value for name, value in raw.items() if name not in ("changed_at", "source")}
    subject = text(raw.get("milestone_id"), 120) or company
    digest = sha256(strict_json.dumps(told))[:16]
    return Envelope(
        event_id=f"{event}:{subject}:{int(changed.timestamp())}:{digest}",
        type=event,
        account="",
        object_type=f"gainsight_{event}",
        object_id=subject,
        # Of one moment a rule's word stands: its body may say more, such as the reason.
        object_version=2 * int(changed.timestamp() * 1000) + (raw.get("source") != POLL),
        occurred_at=changed,
        raw=raw,
        content=told,
        # Rules run on schedules that we do not know: what a poll finds first is not a lost webhook.
        polled=True,
    )


def events(found: Envelope, settings: Settings) -> Sequence[EventData]:
    """Raises TypeUnknown, PayloadUnreadable or ContractBroken."""
    tell = _TELLERS.get(found.type)
    if tell is None:
        raise TypeUnknown(f"“{found.type}” is not one of {', '.join(EVENTS)}.")
    return tell(found, Names.of(settings.parameters), settings.zone)


def _company(found: Envelope, names: Names, zone: str) -> Sequence[EventData]:
    raw = found.raw
    created = raw.get("created_at")
    fresh = created is not None and found.occurred_at - instant(created, field="created_at") <= _NEW
    ids = raw.get("other_ids")
    if ids is not None and not isinstance(ids, Mapping):
        raise PayloadUnreadable("“other_ids” is no object.")
    data = {
        "customer_id": raw.get("company_id"),
        "name": raw.get("name"),
        "parent_id": raw.get("parent_id") or "",
        "other_ids": [
            {"system": system, "id": identity}
            for system, identity in sorted((ids or {}).items())
            if identity not in (None, "")
        ],
    }
    if raw.get("currency"):
        data["currency"] = raw["currency"]
    return [registry.read("customer.created/1" if fresh else "customer.updated/1", data)]


def _health(found: Envelope, names: Names, zone: str) -> Sequence[EventData]:
    score = number(found.raw.get("score"), field="score")
    if not 0 <= score <= 100:
        raise PayloadUnreadable("“score” is not between 0 and 100.")
    label = text(found.raw.get("band")).strip().lower()
    band = label if label in _BANDS else _band(score, names)
    data = {
        "customer_id": found.raw.get("company_id"),
        "score": score,
        "band": band,
        "measured_on": local_date(found.occurred_at, zone),
        "reason": found.raw.get("reason") or "",
    }
    return [registry.read("health.changed/1", data)]


def _band(score: Decimal, names: Names) -> str:
    if score >= names.green_from:
        return "green"
    return "yellow" if score >= names.yellow_from else "red"


def _renewal(found: Envelope, names: Names, zone: str) -> Sequence[EventData]:
    raw = found.raw
    likelihood = number(raw.get("likelihood_percent"), field="likelihood_percent")
    if not 0 <= likelihood <= 100:
        raise PayloadUnreadable("“likelihood_percent” is not between 0 and 100.")
    probability = likelihood.scaleb(-2)
    code = text(raw.get("currency"), 3).upper() or names.currency
    risk = text(raw.get("risk")).strip().lower()
    data = {
        "customer_id": raw.get("company_id"),
        "renews_on": day(raw.get("renews_on"), field="renews_on"),
        "currency": code,
        "amount": minor(raw.get("amount"), code),
        "probability": probability,
        "risk": risk if risk in _RISKS else _risk(probability),
        "forecast_on": local_date(found.occurred_at, zone),
    }
    return [registry.read("renewal.forecast_updated/1", data)]


def _risk(probability: Decimal) -> str:
    if probability >= _SURE:
        return "low"
    return "medium" if probability >= _LIKELY else "high"


def _milestone(found: Envelope, names: Names, zone: str) -> Sequence[EventData]:
    milestone = text(found.raw.get("milestone")).strip()
    if not milestone:
        raise PayloadUnreadable("“milestone” names none.")
    if names.milestones and milestone not in names.milestones:
        return ()
    data = {
        "customer_id": found.raw.get("company_id"),
        "milestone": milestone,
        "reached_on": local_date(instant(found.raw.get("reached_at"), field="reached_at"), zone),
    }
    return [registry.read("onboarding.milestone_reached/1", data)]


_TELLERS: Final[Mapping[str, Callable[[Envelope, Names, str], Sequence[EventData]]]] = {
    "company": _company,
    "health": _health,
    "renewal": _renewal,
    "milestone": _milestone,
}


def instant(value: Any, *, field: str) -> datetime:
    """
    Milliseconds since 1970, as reads give them, or ISO text, as a rule's template may; without a
    zone it is UTC. Raises PayloadUnreadable.
    """
    if type(value) is int and 0 <= value < 10**14:
        return datetime.fromtimestamp(value // 1000, tz=UTC) + timedelta(milliseconds=value % 1000)
    if isinstance(value, str):
        if value.isascii() and value.isdigit() and len(value) < 15:
            return instant(int(value), field=field)
        try:
            parsed = datetime.fromisoformat(value)
            moment = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
            moment = moment.astimezone(UTC)
        except (ValueError, OverflowError):
            moment = None
        if moment is not None and moment.year >= 1970:
            return moment
    raise PayloadUnreadable(f"“{field}” is no time.")


def day(value: Any, *, field: str) -> date:
    """A day as text, or milliseconds of its midnight in UTC. Raises PayloadUnreadable."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    return instant(value, field=field).date()


def number(value: Any, *, field: str) -> Decimal:
    """Raises PayloadUnreadable for anything but a finite number, in digits or as text."""
    if type(value) is int or isinstance(value, Decimal):
        found = Decimal(value)
    else:
        try:
            found = Decimal(value.strip()) if isinstance(value, str) else Decimal("NaN")
        except InvalidOperation:
            found = Decimal("NaN")
    if not found.is_finite() or abs(found.adjusted()) > 14:
        raise PayloadUnreadable(f"“{field}” is no number.")
    return found


def minor(value: Any, code: str) -> int:
    """An amount in whole units and fractions as minor units; a forecast may be rounded."""
    try:
        return round_half_up(number(value, field="amount").scaleb(minor_digits(code)))
    except AmountInvalid as error:
        raise PayloadUnreadable(str(error)) from error
