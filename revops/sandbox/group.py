"""
The rest of the demo's group: companies that joined it with systems of their own. Chargebee bills
them, each keeps its books in another ERP, AvaTax records what was charged in the United States, a
warehouse and Snowflake hold what is known, and a customer portal and a desk of a team's own are
told of entitlements.

``seed`` needs the company. What these companies do by themselves is in ``joined``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from connectors import registry
from connectors.models import Connection
from connectors.queries import settings_of
from connectors.systems.warehouse.sandbox import place_of
from revops.events.models import SourceCursor
from revops.kernel import clock
from revops.mappings.models import (
    EntityMap,
    ErpRoute,
    LegalEntity,
    MappingVersion,
    OwnershipRule,
    TaxMap,
)
from revops.sandbox import books, company, helpdesk

CHARGEBEE: Final = "chargebee"
# Login and database of the warehouse, on the console's own server.
HOUSE: str = "warehouse"
_FIRST_PORT: Final = 11
# What billing says of its own entities' business is taken; the rest of the matrix is the company's.
_BILLED: Final = (
    "customer", "subscription", "entitlement", "invoice", "payment", "refund", "credit",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """A company of the group. ``rate`` is in percent, ``amount`` in minor units a year."""

    code: str
    name: str
    zone: str
    currency: str
    erp: str
    label: str
    parameters: Mapping[str, Any]
    tax_name: str
    rate: str
    amount: int
    secrets: Mapping[str, str] = field(default_factory=dict)

    @property
    def sku(self) -> str:
        return f"growth-{self.currency}-yearly"


def _netsuite() -> dict[str, Any]:
    from connectors.systems.netsuite import sandbox

    return {
        "parameters": {
            "account": "1234567-sb1", "certificate_id": sandbox.CERTIFICATE_ID,
            "subsidiaries": "AU-PTY=5",
        },
        "secrets": {"client_id": sandbox.CLIENT_ID, "private_key": sandbox.PRIVATE_KEY},
    }  # fmt: skip


def _fusion() -> dict[str, Any]:
    from connectors.systems.oracle_fusion import sandbox
    from connectors.systems.oracle_fusion.sandbox import chart

    return {
        "parameters": {
            "pod": "demo", "username": sandbox.USERNAME, "books": chart.BOOKS,
            "account_pattern": chart.PATTERN, "account_value_set": chart.VALUE_SET,
            "autopost_criteria": chart.AUTOPOST, "receipt_methods": chart.RECEIPT_METHODS,
        },
        "secrets": {"password": sandbox.PASSWORD},
    }  # fmt: skip


def members() -> tuple[Member, ...]:
    """In the order of their ports."""
    return (
        Member(
            "AU-PTY", "AU Pty", "Australia/Sydney", "AUD", "netsuite", "NetSuite",
            tax_name="GST", rate="10", amount=1_890_000, **_netsuite(),
        ),
        Member(
            "FR-SAS", "FR SAS", "Europe/Paris", "EUR", "business_central", "Business Central",
            {
                "receivable_account": "1100", "untaxed_code": "NO TAX",
                "companies": "FR-SAS=FR-SAS",
            },
            tax_name="TVA", rate="20", amount=1_140_000,
        ),
        Member(
            "SG-PTE", "SG Pte", "Asia/Singapore", "SGD", "oracle_fusion", "Oracle Fusion",
            tax_name="GST", rate="9", amount=1_650_000, **_fusion(),
        ),
        Member(
            "CH-AG", "CH AG", "Europe/Zurich", "CHF", "sap", "SAP S/4HANA",
            {"company_codes": "CH-AG=1910"}, tax_name="MWST", rate="8.1", amount=1_280_000,
        ),
    )  # fmt: skip


def seed() -> None:
    """What is not there yet. Doing it again changes nothing."""
    joined = members()
    with transaction.atomic():
        known = set(LegalEntity.objects.values_list("code", flat=True))
        if new := [one for one in joined if one.code not in known]:
            _found(new)
        _connect(joined)
    house = Connection.objects.get(slug="warehouse")
    # The seed's login may make logins and databases; the one that serves sandboxes may not.
    asyncio.run(place_of(settings_of(house)).make())


def _found(joined: Sequence[Member]) -> None:
    """Entities with calendar, chart and maps, as the first three have them."""
    entities = {
        one.code: LegalEntity.objects.create(
            code=one.code, name=one.name, zone=one.zone, functional_currency=one.currency
        )
        for one in joined
    }
    accounts = books.accounts()
    books.periods(entities)
    skus = [
        *books.SKUS,
        *((one.sku, "Growth plan, yearly", "4000", "daily") for one in joined),
        *((f"onboarding-{one.currency}", "Onboarding", "4000", "point_in_time") for one in joined),
    ]
    version = books.maps(
        entities, accounts, skus=dict.fromkeys(skus), note="Maps of the companies that joined"
    )
    TaxMap.objects.bulk_create(
        TaxMap(
            legal_entity=entities[one.code],
            code=one.tax_name,
            account=accounts["2110"],
            valid=books.ALWAYS,
            version=version,
        )  # fmt: skip
        for one in joined
    )


def _connect(joined: Sequence[Member]) -> None:
    port = settings.REVOPS_DEMO_SANDBOX_PORT + _FIRST_PORT
    version = MappingVersion.objects.latest("pk")
    entities = {one.code: LegalEntity.objects.get(code=one.code) for one in joined}
    billing = company.connect(
        CHARGEBEE, "chargebee", "Chargebee", port,
        {
            "site": "demo", "provisions": ", ".join(entities),
            # Who is provisioned is of that entity there, too, and so are their invoices.
            "business_entities": ", ".join(f"{code}={code}" for code in entities),
        },
        secrets={"webhook_login": "console:told-by-the-demo-alone"},
    )  # fmt: skip
    for code, entity in {**entities, "": entities[joined[0].code]}.items():
        EntityMap.objects.get_or_create(
            connection=billing, hint=code, defaults={"legal_entity": entity}
        )
    SourceCursor.objects.get_or_create(connection=billing, defaults={"next_at": clock.now()})
    sales = Connection.objects.get(slug=company.SALESFORCE)
    for code, entity in entities.items():
        EntityMap.objects.get_or_create(
            connection=sales, hint=code, defaults={"legal_entity": entity}
        )
    known = set(OwnershipRule.objects.values_list("record_kind", "entity_code"))
    OwnershipRule.objects.bulk_create(
        OwnershipRule(
            record_kind=kind, entity_code=code, owner=billing, valid=books.ALWAYS, version=version
        )
        for code in entities
        for kind in _BILLED
        if (kind, code) not in known
    )
    for place, one in enumerate(joined, start=1):
        parameters = dict(one.parameters)
        if one.erp == "business_central":
            parameters["sign_in_url"] = f"http://127.0.0.1:{port + place}"
        erp = company.connect(
            one.erp, one.erp, one.label, port + place, parameters, secrets=one.secrets
        )
        if registry.manifest(one.erp).emits:
            EntityMap.objects.get_or_create(
                connection=erp, hint=one.code, defaults={"legal_entity": entities[one.code]}
            )
            SourceCursor.objects.get_or_create(connection=erp, defaults={"next_at": clock.now()})
        if not ErpRoute.objects.filter(legal_entity__code=one.code).exists():
            ErpRoute.objects.create(
                legal_entity=entities[one.code], connection=erp, valid=books.ALWAYS,
                version=version,
            )  # fmt: skip
    _others(port + 5)


def _others(port: int) -> None:
    """A tax engine, two warehouses, somebody who subscribed, and a desk of a team's own."""
    from connectors.systems.snowflake import sandbox as snowflake

    home = LegalEntity.objects.get(code="US-INC")
    tax = company.connect("avalara", "avalara", "Avalara", port, {"companies": "US-INC=DEFAULT"})
    EntityMap.objects.get_or_create(connection=tax, hint="", defaults={"legal_entity": home})
    SourceCursor.objects.get_or_create(connection=tax, defaults={"next_at": clock.now()})
    company.connect(
        "warehouse", "warehouse", "Warehouse", port + 1, {"login": HOUSE, "database": HOUSE},
        base_url=f"postgresql://127.0.0.1:{port + 2}",
    )  # fmt: skip
    company.connect(
        "snowflake", "snowflake", "Snowflake", port + 5, {"account": "demo"},
        secrets={"private_key": snowflake.private_key()},
    )  # fmt: skip
    company.connect(
        "portal", "portal", "Customer portal", port + 3,
        {"events": "entitlement.*, subscription.*, invoice.paid, invoice.overdue"},
        secrets={"signing_secret": "whsec_dGhlLXBvcnRhbC1vZi10aGUtZGVtby1vbmx5LW5vdGhpbmc="},
    )  # fmt: skip
    helpdesk.seed(port + 6)
