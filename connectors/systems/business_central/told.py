"""
What Business Central tells: customers that a poll read, and notifications, which only name what
changed. A notification proves itself by ``clientState``, a secret that it repeats in its body.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from connectors import bodies
from connectors.contract import Envelope, PayloadUnreadable
from connectors.schemes import verify_client_state
from revops.contracts import registry
from revops.contracts.base import EventData
from revops.kernel import strict_json
from revops.kernel.keys import sha256

NOTIFICATION: Final = "notification"
CUSTOMER: Final = "customer"
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)
_MOST: Final = 5000


def verify(body: bytes, secrets: Sequence[str]) -> None:
    """
    Raises SignatureInvalid. Business Central deletes a subscription whose call is refused, so that
    nothing but the secret is asked of the body here.
    """
    verify_client_state(body=body, secrets=secrets)


def opened(body: bytes) -> Envelope:
    """Raises PayloadUnreadable."""
    raw = bodies.read(body)
    if isinstance(raw, dict) and "customer" in raw:
        return _customer(raw)
    return _notified(raw)


def translate(raw: Mapping[str, Any]) -> Sequence[EventData]:
    """A customer as it is now. Raises PayloadUnreadable or ContractBroken."""
    row, company = raw["customer"], raw.get("company")
    if not isinstance(company, Mapping):
        raise PayloadUnreadable("“company” is missing.")

    def given(name: str) -> Any:
        """A text as it is; what is no text is left for the contract to refuse."""
        found = row.get(name)
        return "" if found is None else found

    country, currency = str(given("country")), str(given("currencyCode"))
    return [
        registry.read(
            "customer.updated/1",
            {
                "customer_id": row.get("number"),
                "name": row.get("displayName"),
                "email": given("email"),
                "currency": currency if _CURRENCY.fullmatch(currency) else None,
                "tax_id": given("taxRegistrationNumber"),
                "address": {
                    "line1": given("addressLine1"),
                    "line2": given("addressLine2"),
                    "postal_code": given("postalCode"),
                    "city": given("city"),
                    "region": given("state"),
                    "country": country if _COUNTRY.fullmatch(country) else None,
                },
                "legal_entity": company.get("entity"),
            },
        )
    ]


def instant(value: Any, *, field: str) -> datetime:
    """Raises PayloadUnreadable."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        if found is not None and found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise PayloadUnreadable(f"“{field}” is no date and time.") from error
    raise PayloadUnreadable(f"“{field}” is no date and time.")


def _customer(raw: Mapping[str, Any]) -> Envelope:
    row = raw["customer"]
    company = raw.get("company")
    if not isinstance(row, dict) or not isinstance(company, dict):
        raise PayloadUnreadable("“customer” or “company” is no object.")
    guid, number = row.get("id"), row.get("number")
    if not isinstance(guid, str) or not guid or not isinstance(number, str) or not number:
        raise PayloadUnreadable("“id” or “number” of the customer is missing.")
    changed = instant(row.get("lastModifiedDateTime"), field="lastModifiedDateTime")
    return Envelope(
        event_id=f"customer:{guid}:{changed.isoformat()}",
        type=CUSTOMER,
        account="",
        object_type=CUSTOMER,
        object_id=number,
        object_version=int(changed.timestamp()) * 1000 + changed.microsecond // 1000,
        occurred_at=changed,
        raw=raw,
        livemode=True,
        polled=True,
    )


def _notified(raw: Any) -> Envelope:
    """One envelope for the whole call; the same call sent again is the same event."""
    told = _notifications(raw)
    hints = sorted(
        [str(one.get("resource")), str(one.get("changeType")), str(one.get("lastModifiedDateTime"))]
        for one in told
    )
    times = [instant(one.get("lastModifiedDateTime"), field="lastModifiedDateTime") for one in told]
    return Envelope(
        event_id=f"notified:{sha256(strict_json.dumps(hints))[:40]}",
        type=NOTIFICATION,
        account="",
        object_type="",
        object_id="",
        object_version=0,
        occurred_at=max(times),
        # Without the secret, which is no part of what is told.
        raw={"changes": hints},
        livemode=True,
    )


def _notifications(raw: Any) -> Sequence[Mapping[str, Any]]:
    """Raises PayloadUnreadable."""
    told = raw.get("value") if isinstance(raw, dict) else None
    if not isinstance(told, list) or not 0 < len(told) <= _MOST:
        raise PayloadUnreadable("“value” is no list of notifications.")
    if not all(isinstance(one, dict) for one in told):
        raise PayloadUnreadable("“value” holds something that is no notification.")
    return told
