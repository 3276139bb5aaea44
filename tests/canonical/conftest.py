"""A company with a CRM and billing, and a teller of their events."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from connectors.models import Connection
from revops.canonical.operations import matrix
from revops.mappings.models import MappingVersion, OwnershipRule
from tests import factories
from tests.canonical.telling import Said, Teller, event


@dataclass
class World:
    crm: Connection
    billing: Connection
    teller: Teller
    minute: int = 0

    def owns(self, owner: Connection | None, kind: str, field: str = "") -> None:
        version = MappingVersion.objects.create(note="Owners", made_by="Ada")
        OwnershipRule.objects.create(
            record_kind=kind, field=field, owner=owner, valid=DateRange(None, None),
            version=version,
        )  # fmt: skip

    def tell(self, connection: Connection, contract: str, **data: object) -> str:
        """Apply one event now; what it did."""
        self.minute += 1
        said = Said(connection, event(contract, **data), self.minute, self.minute)
        self.teller.tell([said])
        return self.teller.effects[-1]

    def customer(self, connection: Connection, source_id: str, **data: object) -> str:
        fields = {"name": "Halden Media"} | data
        known = self.minute > 0
        what = "customer.updated" if known else "customer.created"
        return self.tell(connection, what, customer_id=source_id, **fields)


@pytest.fixture
def world(db: None) -> World:
    matrix.forget()
    entity = factories.a_legal_entity("DE-GMBH", functional_currency="EUR")
    return World(
        crm=factories.a_connection("salesforce", "salesforce", label="Salesforce"),
        billing=factories.a_connection("stripe", "stripe", label="Stripe"),
        teller=Teller(entity),
    )
