from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from connectors.contract import Outcome, Receipt
from connectors.systems.avalara import payloads as avalara
from revops.canonical.models import Credit, ExternalReference
from revops.kernel import clock
from revops.pipeline.flows.advance import look_again
from revops.pipeline.models import StepRun
from revops.store import sql
from tests.factories import a_connection, a_gate
from tests.pipeline.flows.records import an_invoice
from tests.pipeline.flows.stage import Stage, System

CODE = "rc1-" + "t" * 32


@pytest.fixture
def engine(stage: Stage) -> System:
    companies = f"{stage.entity.code}=DEFAULT"
    system = System(a_connection("tax", "avalara", parameters={"companies": companies}))
    a_gate(system.connection)
    stage.northwind.address = {"line1": "1 Main", "region": "CA", "country": "US"}
    stage.northwind.save()
    system.outcomes["tax.commit"] = Receipt(Outcome.OK, external_id=CODE)
    return system


def again(*systems: System) -> None:
    StepRun.objects.filter(state="unready").update(next_at=clock.now())
    with sql.atomic():
        look_again()
    for system in systems:
        system.drain()


class TestTaxEngine:
    def test_an_invoice_is_recorded_as_billed_and_voided_with_it(
        self, stage: Stage, engine: System
    ) -> None:
        invoice = an_invoice(stage)
        stage.begin("invoice.voided/1", invoice)
        engine.drain()
        assert not engine.heard
        stage.begin("invoice.issued/1", invoice)
        engine.drain()
        (told,) = engine.told("tax.commit")
        asked = avalara.wanted("tax.commit", told)
        assert isinstance(asked, avalara.Commit)
        assert (asked.type, asked.document_id, asked.dated) == (
            "SalesInvoice", "in_1042", date(2025, 1, 1),
        )  # fmt: skip
        assert sum(line.tax for line in asked.lines) == 99_000
        reference = ExternalReference.objects.get(type="tax_document")
        assert (reference.record_kind, reference.record_id) == ("invoice", invoice.pk)

        again(engine)  # the void that came first goes on
        (voided,) = engine.told("tax.void")
        assert avalara.wanted("tax.void", voided)
        assert voided["code"] == CODE

    def test_a_credit_note_is_recorded_as_a_return_of_its_invoices_day(
        self, stage: Stage, engine: System
    ) -> None:
        credit = a_credit(stage)
        stage.begin("credit.issued/1", credit)
        engine.drain()
        (told,) = engine.told("tax.commit")
        asked = avalara.wanted("tax.commit", told)
        assert isinstance(asked, avalara.Commit)
        assert (asked.type, asked.original_on) == ("ReturnInvoice", date(2025, 1, 1))

    def test_a_legal_entity_without_the_engine_is_left_alone(
        self, stage: Stage, engine: System
    ) -> None:
        engine.connection.parameters = {"companies": "XX=OTHER"}
        engine.connection.save()
        stage.begin("invoice.issued/1", an_invoice(stage))
        engine.drain()
        step = StepRun.objects.get(step="tax.commit")
        assert (step.state, step.note) == (
            "skipped", "This legal entity does not use the tax engine.",
        )  # fmt: skip

    def test_a_customer_without_a_country_is_waited_for(self, stage: Stage, engine: System) -> None:
        stage.northwind.address = {}
        stage.northwind.save()
        stage.begin("invoice.issued/1", an_invoice(stage))
        step = StepRun.objects.get(step="tax.commit")
        assert step.state == "unready"
        assert "no country" in step.note
        in_sales = stage.party.customers.get(connection=stage.crm.connection)
        in_sales.address = {"country": "US", "region": "TX"}
        in_sales.save()
        again(engine)
        (told,) = engine.told("tax.commit")
        assert told["address"]["region"] == "TX"


def a_credit(stage: Stage, **values: Any) -> Credit:
    invoice = an_invoice(stage)
    base = {
        name: getattr(invoice, name)
        for name in ("connection", "legal_entity", "correlation_id", "created_at", "updated_at")
    }
    return Credit.objects.create(
        **base, source_id="cn_1", customer=stage.northwind, invoice=invoice, number="CN-1",
        credit_type="goodwill", settles="invoice", currency="USD", net=1_000, tax=82, total=1_082,
        state="issued", issued_on=date(2025, 2, 1), **values,
    )  # fmt: skip
