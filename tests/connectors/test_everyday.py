"""A8 · What each connector's own sandbox sends on an ordinary day is no drift; what changes is."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import httpx
import pytest

from connectors import drift, registry
from connectors.contract import Settings
from connectors.http import Client
from connectors.manifest import Capability
from connectors.testing import LOOPBACK

Play = tuple[str, Mapping[str, Any]]
# Objects that are also asked for, each by its id.
_FETCHED: Final = 60
_PAGES: Final = 10

PARAMETERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "avalara": {"companies": "US-INC=DEFAULT"},
    "business_central": {
        "tenant": "contoso.onmicrosoft.com", "environment": "production",
        "receivable_account": "1100", "sign_in_url": LOOPBACK,
    },
    "gainsight": {
        "domain": "demo",
        "likelihood_field": "Renewal_Likelihood__gc",
        "score_changed_field": "Score_Changed_On__gc",
    },
    "salesforce": {
        "my_domain": "demo",
        "multi_currency": True,
        "other_ids": "stripe=Stripe_Customer_ID__c, tryton=ERP_ID__c",
        "account_fields": "tax_id=VAT_ID__c, email=Billing_Email__c, legal_entity=Legal_Entity__c",
        "opportunity_fields": "starts_on=Start__c, legal_entity=Account.Legal_Entity__c",
        "contract_fields": "reason=Cancel_Reason__c, legal_entity=Account.Legal_Entity__c",
    },
}  # fmt: skip
_BILLED: Final = {"id": "cus_1", "name": "Ash", "email": "a@ash.example", "currency": "usd"}
DAYS: Final[Mapping[str, Sequence[Play]]] = {
    "avalara": [("customers", {"count": 2}), ("lock", {"code": "INV-00001"})],
    "business_central": [("customers", {"count": 2})],
    "chargebee": [
        ("customers", {"count": 3, "declined": 1, "account": "001", "contract": "800",
                       "entity": "e1"}),
        ("issue", {}), ("pay", {}), ("issue", {}), ("decline", {}), ("void", {}), ("credit", {}),
        ("refund", {}), ("issue", {}), ("write_off", {}), ("issue", {}), ("overdue", {}),
        ("seats", {}), ("renew", {}), ("pause", {}), ("resume", {}), ("ach_return", {}),
        ("entitle", {}), ("entitle", {"feature": "calls", "value": "9", "unit": "call"}),
        ("move", {}), ("cancel", {}),
    ],
    "gainsight": [("customers", {"count": 2}), ("health", {}), ("milestone", {}), ("renewal", {})],
    "salesforce": [
        ("customers", {"count": 3}), ("win", {}), ("quote", {}), ("sign", {}), ("amend", {}),
        ("renew", {}), ("lose", {}), ("cancel", {}), ("win", {}), ("sign", {}),
        ("adopt", {"field": "Stripe_Customer_ID__c", "customers": [_BILLED]}),
    ],
    "stripe": [
        ("customers", {"count": 3, "declined": 1}), ("issue", {}), ("pay", {}), ("issue", {}),
        ("void", {}), ("refund", {}), ("refund_failure", {}), ("credit", {"amount": 1000}),
        ("payout", {}), ("ach_return", {}), ("dispute", {}), ("decide", {"won": True}),
        ("upgrade", {}), ("seats", {}), ("overdue", {}), ("pause", {}), ("resume", {}),
    ],
    "zendesk": [
        ("customers", {"count": 2}), ("breach", {}), ("solve", {}),
        ("ticket", {"number": 900, "customer_ref": "c9", "customer": "Nine"}),
        ("prioritize", {"number": 900, "priority": "low"}), ("escalate", {}),
        ("solve", {"number": 900}), ("reopen", {"number": 900}), ("ticket", {}),
    ],
}  # fmt: skip
# What a system described by parameters sends is known from its mapping, and not by us.
TELLERS: Final = sorted(
    slug
    for slug, one in registry.all_manifests().items()
    if one.can(Capability.EVENTS) and not getattr(registry.get(slug), "by_mapping", False)
)


@cache
def bodies(slug: str) -> tuple[bytes, ...]:
    """What a poll brings after the day's plays, and each object as it is when it is asked for."""
    return asyncio.run(_told(slug))


async def _told(slug: str) -> tuple[bytes, ...]:
    connector, manifest = registry.get(slug), registry.manifest(slug)
    defaults = {item.name: item.default for item in manifest.parameters if item.default is not None}
    settings = Settings(
        slug=slug,
        base_url=LOOPBACK,
        parameters={**defaults, **PARAMETERS.get(slug, {})},
        secrets={item.name: f"sandbox_{item.name}" for item in manifest.secrets},
    )
    module = importlib.import_module(f"connectors.systems.{slug}.sandbox")
    wire = httpx.ASGITransport(
        app=module.for_connection(settings, hook_url="", hook_secret="", state_path="")
    )
    found: list[bytes] = []
    async with (
        Client(LOOPBACK, hosts=(), allow_loopback=True, transport=wire) as client,
        httpx.AsyncClient(transport=wire, base_url="http://sandbox") as sandbox,
    ):
        for name, given in DAYS[slug]:
            answer = await sandbox.post(f"/_control/scenario/{name}", json=given)
            assert answer.status_code == 200, (name, answer.text)
        cursor = ""
        for _ in range(_PAGES):
            page = await connector.poll(client, settings, cursor=cursor)
            found += page.bodies
            cursor = page.cursor
            if not page.more:
                break
        assert found
        if manifest.can(Capability.FETCH):
            told = [connector.open(body) for body in found]
            for kind, identity in sorted({(one.object_type, one.object_id) for one in told}):
                body = await connector.fetch(client, settings, kind, identity)
                found += [body] if body else []
    return tuple(found)


def differences(slug: str, given: Sequence[bytes]) -> set[tuple[str, str, str]]:
    connector = registry.get(slug)
    return {
        (kind, one.change.value, one.path)
        for body in given
        for kind, one in drift.differences(connector, body)
    }


# A member that all bodies of a kind have, by connector: the kind, the objects above it, its name.
NEEDED: Final[Mapping[str, tuple[str, tuple[str, ...], str]]] = {
    "avalara": ("transaction", ("transaction",), "status"),
    "business_central": ("customer", ("customer",), "displayName"),
    "chargebee": ("invoice", ("content", "invoice"), "total"),
    "gainsight": ("gainsight_company", (), "name"),
    "salesforce": ("Account", (), "Name"),
    "stripe": ("invoice", ("data", "object"), "currency"),
    "zendesk": ("ticket", ("ticket",), "status"),
}


@pytest.mark.parametrize("slug", TELLERS)
class TestAnOrdinaryDay:
    def test_is_no_drift(self, slug: str) -> None:
        assert differences(slug, bodies(slug)) == set()

    def test_shows_what_is_new_retyped_or_missing(self, slug: str) -> None:
        kind, above, name = NEEDED[slug]
        connector = registry.get(slug)
        body = next(one for one in bodies(slug) if connector.open(one).object_type == kind)
        path = ".".join((*above, name))
        for change, value in (("missing", None), ("retyped", [])):
            whole, part = _opened(body, above)
            del part[name]
            if value is not None:
                part[name] = value
            assert differences(slug, [json.dumps(whole).encode()]) == {(kind, change, path)}
        whole, part = _opened(body, above)
        part["brand_new"] = 1
        new = ".".join((*above, "brand_new"))
        assert differences(slug, [json.dumps(whole).encode()]) == {(kind, "appeared", new)}


def _opened(body: bytes, above: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    whole = part = json.loads(body)
    for name in above:
        part = part[name]
    return whole, part
