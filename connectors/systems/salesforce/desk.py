"""Settings, commands and messages for trying this connector against its sandbox."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from connectors.contract import Command, Settings
from connectors.systems.salesforce import payloads, sandbox
from revops.kernel.keys import idempotency_key

AS_OF: Final = "2026-11-20T10:00:00Z"
SETTINGS: Final = Settings(
    slug="salesforce",
    base_url="http://127.0.0.1:9",
    parameters={"my_domain": "acme", "other_ids": "stripe=Stripe_Customer_ID__c, erp=ERP_ID__c"},
    secrets={"client_id": sandbox.CLIENT_ID, "client_secret": sandbox.CLIENT_SECRET},
)


def command(kind: str, business_key: str, revision: int = 1, **state: Any) -> Command:
    """A command of one of the kinds of ``payloads``, under a key as the console makes them."""
    key = idempotency_key(
        lane="primary",
        legal_entity="US-INC",
        document_type=kind,
        business_key=business_key,
        revision=revision,
    )
    payload = {"as_of": AS_OF, **state}
    return Command(key, kind, payload, payloads.digest(payload), "story-1")


def invoice_state(number: int, revision: int = 1, **state: Any) -> Command:
    values: dict[str, Any] = {
        "invoice_id": f"in_{number}",
        "number": f"INV-{number:04d}",
        "state": "open",
        "currency": "USD",
        "total": 1_299_000,
        "open": 1_299_000,
        "issued_on": "2026-11-01",
        "due_on": "2026-12-01",
        **state,
    }
    return command("crm.invoice_state", f"in_{number}", revision, **values)


def health(account: str, revision: int = 1, **state: Any) -> Command:
    values = {"score": "71.5", "band": "yellow", "measured_on": "2026-11-20", **state}
    return command("crm.health", account, revision, account_id=account, **values)


def outbound_message(
    *records: tuple[str, str], organization: str = sandbox.ORGANIZATION, notification: str = "1"
) -> bytes:
    """As Salesforce sends it; ``records`` are (object, id)."""
    changed = records or (("Account", "0015g0000000001AAA"),)
    moment = datetime(2026, 11, 20, 10, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    notes = "".join(
        f"<Notification><Id>04l5g00000000{notification}{place}AAA</Id>"
        f'<sObject xsi:type="sf:{kind}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
        f"<sf:Id>{identity}</sf:Id><sf:SystemModstamp>{moment}</sf:SystemModstamp>"
        "</sObject></Notification>"
        for place, (kind, identity) in enumerate(changed)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
        '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>{organization}</OrganizationId><ActionId>04k5g0000000001AAA</ActionId>"
        f'<SessionId xsi:nil="true"/>{notes}</notifications></soapenv:Body></soapenv:Envelope>'
    ).encode()
