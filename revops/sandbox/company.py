"""
The demo company: three legal entities, their calendars, chart of accounts and maps, its people, and
connections to the sandbox systems. Seeding is idempotent: what is there already is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from accounts.demo import PASSWORD
from accounts.models import Assignment, User
from accounts.roles import Role
from approvals import operations as approvals
from connectors import registry
from connectors.models import Connection, Environment
from connectors.operations import set_secret
from connectors.queries import valid_secrets
from revops.delivery.models import Gate
from revops.events.models import SourceCursor
from revops.kernel import clock
from revops.mappings.models import (
    EntityMap,
    ErpRoute,
    LedgerAccount,
    LegalEntity,
    MappingVersion,
    TaxMap,
)
from revops.sandbox import bank, books, owners, rates
from revops.sandbox.books import ALWAYS, FIRST_YEAR

PEOPLE: Final = (
    ("priya@demo.example", "Priya Nair", Role.FINANCE),
    ("marcus@demo.example", "Marcus Oyelaran", Role.MANAGER),
    ("ines@demo.example", "Inés Duarte", Role.REVOPS),
    ("tom@demo.example", "Tom Brandt", Role.SUPPORT),
    ("ada@demo.example", "Ada Lindqvist", Role.ADMIN),
    ("yuki@demo.example", "Yuki Tanaka", Role.AUDITOR),
    # Nobody decides what they asked for: there are two who manage, and two who administer.
    ("lena@demo.example", "Lena Fischer", Role.MANAGER),
    ("noor@demo.example", "Noor Haddad", Role.ADMIN),
)

# What has to be asked for, and who is: docs/approvals.md. Merges are asked of nobody.
POLICIES: Final = (
    ("service_credit", approvals.MONEY),
    ("period_reopening", approvals.CLOSED_PERIOD),
    ("approval_policy", approvals.ANOTHER_ADMIN),
    ("case_close", approvals.MANAGER),
    ("customer_merge", approvals.NOBODY),
    ("mapping_change", approvals.MAPS),
    ("connection_change", approvals.ANOTHER_ADMIN),
)

# Somebody who sees one entity's books and no others; everybody else of the demo sees all.
LOCAL: Final = ("greta@demo.example", "Greta Vogt", Role.FINANCE, "DE-GMBH")

ENTITIES: Final = (
    ("US-INC", "US Inc", "America/New_York", "USD"),
    ("UK-LTD", "UK Ltd", "Europe/London", "GBP"),
    ("DE-GMBH", "DE GmbH", "Europe/Berlin", "EUR"),
)

TAXES: Final = (
    ("US-INC", "txr_us_ny"),
    ("US-INC", "txr_us_ca"),
    ("UK-LTD", "txr_uk_vat"),
    ("DE-GMBH", "txr_de_ust"),
)

STRIPE: Final = "stripe"
GAINSIGHT: Final = "gainsight"
SALESFORCE: Final = "salesforce"
ERP: Final = "tryton"


class NotADemo(RuntimeError):
    """The demo company is seeded in demo mode only."""


@transaction.atomic
def seed() -> bool:
    """Whether anything was new. Raises NotADemo outside of demo mode."""
    if not settings.REVOPS_DEMO:
        raise NotADemo("The demo company is only for REVOPS_DEMO=1.")
    fresh = not MappingVersion.objects.exists()
    _people()
    for subject, tiers in POLICIES:
        approvals.begin_with(subject=subject, tiers=tiers, since=ALWAYS.lower, made_by="Setup")
    entities = _entities()
    chart = books.accounts()
    books.periods(entities)
    rates.publish(FIRST_YEAR)
    if fresh:
        _taxes(entities, chart, books.maps(entities, chart))
    _connections(entities)
    return fresh


def _people() -> None:
    for email, name, role, entity in (*((*person, "") for person in PEOPLE), LOCAL):
        if not User.objects.filter(email=email).exists():
            user = User.objects.create_user(email, name, PASSWORD)
            Assignment.objects.create(user=user, role=role.value, legal_entity=entity)


def _entities() -> dict[str, LegalEntity]:
    return {
        code: LegalEntity.objects.get_or_create(
            code=code,
            defaults={"name": name, "zone": zone, "functional_currency": currency},
        )[0]
        for code, name, zone, currency in ENTITIES
    }


def _taxes(
    entities: Mapping[str, LegalEntity],
    chart: Mapping[str, LedgerAccount],
    version: MappingVersion,
) -> None:
    TaxMap.objects.bulk_create(
        TaxMap(
            legal_entity=entities[code],
            code=tax,
            account=chart["2100"],
            valid=ALWAYS,
            version=version,
        )  # fmt: skip
        for code, tax in TAXES
    )


def _connections(entities: dict[str, LegalEntity]) -> None:
    port = settings.REVOPS_DEMO_SANDBOX_PORT
    stripe = connect(STRIPE, "stripe", "Stripe", port, {})
    # One Tryton keeps the books of all three: it finds the company by the code of its party.
    erp = connect(ERP, "tryton", "Tryton", port + 1, {"database": "erp", "login": "revops"})
    for code, entity in entities.items():
        EntityMap.objects.get_or_create(
            connection=stripe, hint=code, defaults={"legal_entity": entity}
        )
        if not ErpRoute.objects.filter(legal_entity=entity, lane="primary").exists():
            ErpRoute.objects.create(
                legal_entity=entity,
                connection=erp,
                valid=ALWAYS,
                version=MappingVersion.objects.latest("pk"),
            )
    EntityMap.objects.get_or_create(
        connection=stripe, hint="", defaults={"legal_entity": entities["US-INC"]}
    )
    SourceCursor.objects.get_or_create(connection=stripe, defaults={"next_at": clock.now()})
    _sales(port + 2, entities)
    _success(port + 4, entities["US-INC"])
    bank.seed(entities["US-INC"])
    roles = {"crm": SALESFORCE, "billing": STRIPE, "success": GAINSIGHT}
    found = {role: Connection.objects.get(slug=slug) for role, slug in roles.items()}
    owners.accept(found, ALWAYS, MappingVersion.objects.latest("pk"))
    wanted = settings.REVOPS_DEMO_STRIPE_SECRET
    if wanted and valid_secrets(stripe, "webhook_secret") != [wanted]:
        set_secret(stripe, "webhook_secret", wanted)


def _sales(port: int, entities: dict[str, LegalEntity]) -> None:
    """Sales; its accounts name the customers of billing, and whose books their business is in."""
    parameters = {
        "my_domain": "demo",
        "multi_currency": True,
        "other_ids": (
            f"{STRIPE}=Stripe_Customer_ID__c, {ERP}=ERP_ID__c, chargebee=Chargebee_Customer_ID__c"
        ),
        "account_fields": (
            "tax_id=VAT_ID__c, region=Region__c, email=Billing_Email__c, "
            "legal_entity=Legal_Entity__c"
        ),
        "opportunity_fields": (
            "starts_on=Start__c, ends_on=End__c, loss_reason=Loss_Reason__c, "
            "legal_entity=Account.Legal_Entity__c"
        ),
        "contract_fields": (
            "cancelled_on=Cancelled_On__c, reason=Cancel_Reason__c, net_days=Net_Days__c, "
            "legal_entity=Account.Legal_Entity__c"
        ),
    }
    sales = connect(SALESFORCE, "salesforce", "Salesforce", port, parameters)
    for hint, entity in {**entities, "": entities["US-INC"]}.items():
        EntityMap.objects.get_or_create(
            connection=sales, hint=hint, defaults={"legal_entity": entity}
        )
    SourceCursor.objects.get_or_create(connection=sales, defaults={"next_at": clock.now()})


def _success(port: int, home: LegalEntity) -> None:
    """Customer success; what it says of health and renewals is of the whole customer."""
    parameters = {
        "domain": "demo",
        "likelihood_field": "Renewal_Likelihood__gc",
        "score_changed_field": "Score_Changed_On__gc",
    }
    success = connect(GAINSIGHT, "gainsight", "Gainsight", port, parameters)
    EntityMap.objects.get_or_create(connection=success, hint="", defaults={"legal_entity": home})
    SourceCursor.objects.get_or_create(connection=success, defaults={"next_at": clock.now()})


def connect(
    slug: str,
    connector: str,
    label: str,
    port: int,
    parameters: Mapping[str, Any],
    *,
    base_url: str = "",
    secrets: Mapping[str, str] | None = None,
) -> Connection:
    """
    A connection to the sandbox that is served at ``port``, made when it is not there; ``base_url``
    when the system itself answers elsewhere. Its secrets are the demo's, but for ``secrets``.
    """
    manifest = registry.manifest(connector)
    control_url = f"http://127.0.0.1:{port}"
    base_url = base_url or control_url
    defaults = {item.name: item.default for item in manifest.parameters if item.default is not None}
    connection, created = Connection.objects.get_or_create(
        slug=slug,
        defaults={
            "connector": connector,
            "label": label,
            "environment": Environment.SANDBOX,
            "base_url": base_url,
            "control_url": control_url,
            "parameters": {**defaults, **parameters},
        },
    )
    if not created and connection.base_url != base_url:
        connection.base_url, connection.control_url = base_url, control_url
        connection.save(update_fields=["base_url", "control_url"])
    if created:
        for secret in manifest.secrets:
            usual = f"sandbox_{slug}_{secret.name}_for_the_demo"
            set_secret(connection, secret.name, (secrets or {}).get(secret.name, usual))
    Gate.objects.get_or_create(
        connection=connection, defaults={"max_in_flight": manifest.max_in_flight}
    )
    return connection
