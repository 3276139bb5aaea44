"""Whom an ERP has to know: of its postings, those count that make a customer there."""

from __future__ import annotations

import pytest

from connectors import registry
from connectors.postings import INVOICE, JOURNAL
from revops.mappings.models import ErpRoute
from revops.reconciliation.models import Load
from revops.reconciliation.operations import holding
from tests import factories as make
from tests.reconciliation.recorded import (
    DAY,
    LONG_AGO,
    SINCE,
    a_load,
    a_version,
    booked,
    found,
    open_books,
)

pytestmark = pytest.mark.django_db


class TestAPosting:
    @pytest.mark.parametrize(
        ("connector", "missing"),
        [("tryton", [JOURNAL, INVOICE]), ("oracle_fusion", [INVOICE])],
    )
    def test_that_makes_no_customer_in_its_erp_leaves_none_to_be_missed(
        self, connector: str, missing: list[str]
    ) -> None:
        open_books()
        erp, entity = make.a_connection("erp", connector), make.a_legal_entity()
        ErpRoute.objects.create(
            legal_entity=entity, connection=erp, valid=SINCE, version=a_version()
        )
        for kind in (JOURNAL, INVOICE):
            source = f"cus_{kind.partition('.')[0]}"
            customer = make.a_customer(make.a_connection(), source_id=source, name=kind)
            bill = make.an_invoice(
                make.a_connection(), source_id=f"in_{kind}", customer=customer, issued_on=DAY
            )
            entry = booked(bill, "invoice", 10_000, side="1100", customer=source)
            make.a_command(
                entry, connection=erp, kind=kind, state="posted", external_id=f"its:{kind}",
                finished_at=LONG_AGO,
            )  # fmt: skip
        load = a_load(erp, "customer")
        Load.objects.filter(pk=load.pk).update(starts=holding.BEGINNING)
        load.refresh_from_db()
        holding.take(load, [], whole=True)
        assert found("customers_erp", right=erp) == [("missing_right", 0)] * len(missing)
        assert set(registry.manifest(connector).makes_customers) >= set(missing)
