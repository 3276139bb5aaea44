"""
Sides of checks that no vendor's door leads to in the tests: each agrees when the data does, and one
planted difference is one row that differs. The others are shown by ``tests/journeys``.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from connectors.contract import SnapshotRow
from connectors.models import Connection
from revops.canonical.models import Contract, InvoiceLine, Subscription, TaxDocument
from revops.kernel import clock, correlation
from revops.kernel.periods import Span, month
from revops.ledger.models import Recognition, RevenueSchedule
from revops.ledger.schedules import CONVENTIONS, Period, portions
from revops.reconciliation.checks import registry
from revops.reconciliation.models import Load
from revops.reconciliation.operations import holding
from revops.store import sql
from revops.usage.models import RatedLine
from tests import factories as make

pytestmark = pytest.mark.django_db

MARCH = (date(2025, 3, 1), date(2025, 3, 31))


def sides(slug: str, left: int | None = None, right: int | None = None, days: Any = MARCH) -> Any:
    """Both sides by key: (amount, currency, state) of each row."""
    check, entity = registry.get(slug), make.a_legal_entity().pk
    found = []
    for side, own, other in ((check.left, left, right), (check.right, right, left)):
        values = {"entity": entity, "starts": days[0], "ends": days[1], "connection": own,
                  "other": other, "naming": []}  # fmt: skip
        rows = sql.rows(side.query, values)
        found.append({row.key: (row.amount, row.currency, row.state) for row in rows})
        assert len({row.item_key for row in rows}) == len(rows)
    return found


def test_every_side_can_be_asked() -> None:
    for check in registry.all():
        left = None if not check.left.role else 1
        right = None if not check.right.role else 2
        assert sides(check.slug, left, right) == [{}, {}], check.slug


class TestRevenue:
    """The portions in SQL are those of ``revops.ledger.schedules``, to the minor unit."""

    SPANS = (
        (date(2025, 1, 1), date(2025, 12, 31)), (date(2025, 2, 27), date(2025, 4, 2)),
        (date(2025, 3, 3), date(2025, 3, 3)), (date(2024, 12, 15), date(2025, 3, 1)),
        (date(2025, 1, 20), date(2025, 3, 20)), (date(2025, 3, 10), date(2025, 5, 20)),
    )  # fmt: skip
    TOTALS = (120_000, 100_001, -7, 5)

    def _schedules(self, convention: str) -> list[RevenueSchedule]:
        entity = make.a_legal_entity()
        for year, number in [(2024, 12), *((2025, number) for number in range(1, 13))]:
            make.a_period(entity, year=year, month=number)
        entry = make.a_journal(entity, accounting_date=date(2025, 1, 15))
        return [
            make.a_schedule(
                entry, convention=convention, total=total, functional_total=total,
                service_start=start, service_end=end, stopped_on=stopped,
            )
            for start, end in self.SPANS for total in self.TOTALS
            for stopped in (None, date(2025, 3, 12), date(2025, 4, 1))
            if stopped is None or start < stopped <= end
        ]  # fmt: skip

    @pytest.mark.parametrize("convention", sorted(CONVENTIONS))
    def test_what_is_due_is_what_the_schedule_says(self, convention: str) -> None:
        schedules = self._schedules(convention)
        calendar = [Period("2024-12", month(2024, 12))]
        calendar += [Period(f"2025-{n:02}", month(2025, n)) for n in range(1, 13)]
        expected = {}
        for one in schedules:
            due = portions(
                total=one.total, functional_total=one.total, convention=convention,
                service=Span(one.service_start, one.service_end), periods=calendar,
                until=one.stopped_on,
            )  # fmt: skip
            for portion in due:
                if portion.period == "2025-03" and portion.amount:
                    key = f"{one.pk}/2025-03"
                    expected[key] = (portion.amount, "USD", "")
                    Recognition.objects.create(
                        schedule=one, period_code="2025-03", amount=portion.amount,
                        functional_amount=portion.amount,
                    )  # fmt: skip
        assert expected
        due_now, recognised = sides("revenue_recognised")
        assert due_now == expected
        assert recognised == expected

    def test_a_correction_is_part_of_what_was_recognised(self) -> None:
        (one, *_) = self._schedules("daily")
        for revision, amount in ((1, 10_192), (2, -100)):
            Recognition.objects.create(
                schedule=one, period_code="2025-03", revision=revision, amount=amount,
                functional_amount=amount,
            )  # fmt: skip
        assert sides("revenue_recognised")[1] == {f"{one.pk}/2025-03": (10_092, "USD", "")}

    @pytest.mark.parametrize("zone", ["Etc/GMT+12", "Pacific/Kiritimati"])
    @pytest.mark.parametrize("over", [True, False])
    def test_is_due_when_the_last_day_is_over_where_the_books_are(
        self, zone: str, over: bool
    ) -> None:
        """At any hour the day of one of these zones is not UTC's."""
        entity = make.a_legal_entity(zone=zone)
        last = clock.local_date(clock.now(), zone) - timedelta(days=1 if over else 0)
        first = last - timedelta(days=27)
        period = make.a_period(entity, year=last.year, month=last.month, starts=first, ends=last)
        one = make.a_schedule(
            make.a_journal(entity, accounting_date=last), convention="daily", total=2_800,
            functional_total=2_800, service_start=first, service_end=last,
        )  # fmt: skip
        Recognition.objects.create(
            schedule=one, period_code=period.code, amount=2_800, functional_amount=2_800
        )
        due = {f"{one.pk}/{period.code}": (2_800, "USD", "")} if over else {}
        assert sides("revenue_recognised", days=(first, last)) == [due, due]


def a_load(connection: Connection, *rows: SnapshotRow) -> None:
    load = Load.objects.create(
        connection=connection, kind=rows[0].kind, starts=MARCH[0], ends=MARCH[1],
        began_at=clock.now(), by="test",
    )  # fmt: skip
    holding.take(load, (holding.line(row) for row in rows), whole=True)


class TestBank:
    def test_a_payout_is_known_by_its_id_in_the_banks_text(self) -> None:
        make.a_legal_entity()
        gateway, bank = make.a_connection(), make.a_connection("bank", "statement")
        payout = SnapshotRow("payout", "po_7Ab", "po_7Ab", "USD", 5_000, "2025-03-10", "paid",
                             entity="NW-US")  # fmt: skip
        line = SnapshotRow("bank", "l1", "", "USD", 5_000, "2025-03-12", "booked",
                           reference="TRANSFER STRIPE PO_7AB REF 12", entity="NW-US")  # fmt: skip
        other = SnapshotRow("bank", "l2", "", "USD", 900, "2025-03-12", "booked",
                            reference="RENT BACK", entity="NW-US")  # fmt: skip
        a_load(gateway, payout)
        a_load(bank, line, other)
        left, right = sides("bank_payouts", gateway.pk, bank.pk)
        assert left == {"po_7Ab": (5_000, "USD", "")}
        assert right == {"po_7Ab": (5_000, "USD", ""), "": (900, "USD", "")}


class TestUsage:
    def test_a_rated_line_is_billed_by_the_line_that_names_it(self) -> None:
        subscription = _subscription()
        invoice = make.an_invoice(customer=subscription.customer, issued_on=date(2025, 3, 31))
        for position, (amount, billed) in enumerate(((700, 700), (500, 450))):
            rated = RatedLine.objects.create(
                key=f"key{position}", subscription=subscription, customer=subscription.customer,
                legal_entity=make.a_legal_entity(), meter="calls", price_ref="price_calls",
                currency="USD", period_start=MARCH[0], period_end=MARCH[1], used_from=MARCH[0],
                used_to=MARCH[1], quantity=10, free=0, charged=10, records=10, amount=amount,
                state="rated", rated_at=clock.now(), correlation_id=correlation.new_id(),
            )  # fmt: skip
            InvoiceLine.objects.create(
                invoice=invoice, position=position, line_id=f"il_{position}", sku="calls",
                quantity=10, amount=billed, service_start=MARCH[0], service_end=MARCH[1],
                usage_ref=rated.line_id,
            )  # fmt: skip
        left, right = sides("usage_billed")
        assert left == {"key0-1": (700, "USD", ""), "key1-1": (500, "USD", "")}
        assert right == {"key0-1": (700, "USD", ""), "key1-1": (450, "USD", "")}


class TestTax:
    def test_what_the_engine_calculated_stands_beside_the_invoice(self) -> None:
        invoice = make.an_invoice(issued_on=MARCH[0], tax=990, total=10_990)
        TaxDocument.objects.create(
            connection=make.a_connection("tax", "stripe"), source_id="doc_1",
            legal_entity=invoice.legal_entity, correlation_id=correlation.new_id(),
            created_at=clock.now(), updated_at=clock.now(), invoice_ref=invoice.source_id,
            invoice=invoice, currency="USD", total=979, calculated_on=MARCH[0],
        )  # fmt: skip
        left, right = sides("tax_engine")
        assert (left, right) == (
            {invoice.source_id: (979, "USD", "")}, {invoice.source_id: (990, "USD", "")},
        )  # fmt: skip

    def test_what_the_engine_lists_stands_beside_what_was_to_be_told_to_it(self) -> None:
        earlier = make.an_invoice(issued_on=MARCH[0], tax=500)
        engine = make.a_connection("tax", "avalara", parameters={"companies": "NW-US=DEFAULT"})
        type(earlier).objects.filter(pk=earlier.pk).update(
            created_at=engine.created_at - timedelta(days=1)
        )
        recorded, lacking, free, void = (
            make.an_invoice(issued_on=MARCH[0], tax=tax, state=state, created_at=clock.now())
            for tax, state in ((990, "open"), (700, "open"), (0, "open"), (600, "void"))
        )
        a_load(engine, *(
            SnapshotRow("tax", f"SalesInvoice:{row.source_id}", row.source_id, "USD", row.tax,
                        "2025-03-01", state, entity="NW-US")
            for row, state in ((recorded, "committed"), (free, "committed"), (void, "cancelled"))
        ))  # fmt: skip
        left, right = sides("tax_recorded", engine.pk)
        assert left == {recorded.source_id: (990, "USD", ""), free.source_id: (0, "USD", "")}
        # What is not in the books yet is not told to the engine either.
        assert right == left
        make.a_journal(lacking.legal_entity, record_kind="invoice", record_id=lacking.pk)
        right = sides("tax_recorded", engine.pk)[1]
        assert right == left | {lacking.source_id: (700, "USD", "")}
        # A legal entity that does not use the engine misses nothing there.
        type(engine).objects.update(parameters={"companies": "UK-LTD=UK"})
        assert sides("tax_recorded", engine.pk)[1] == {}

    def test_an_engine_that_lists_its_documents_lacks_none_by_what_it_told(self) -> None:
        engine = make.a_connection("tax", "avalara", parameters={"companies": "NW-US=DEFAULT"})
        told, untold = (make.an_invoice(issued_on=MARCH[0], tax=990) for _ in range(2))
        TaxDocument.objects.create(
            connection=engine, source_id="doc_1", legal_entity=told.legal_entity,
            correlation_id=correlation.new_id(), created_at=clock.now(), updated_at=clock.now(),
            invoice_ref=told.source_id, invoice=told, currency="USD", total=979,
            calculated_on=MARCH[0],
        )  # fmt: skip
        assert list(sides("tax_engine")[1]) == [told.source_id]
        type(engine).objects.update(parameters={})
        assert set(sides("tax_engine")[1]) == {told.source_id, untold.source_id}


class TestContracts:
    @pytest.mark.parametrize(
        ("unit", "ends", "year"),
        [(120_000, date(2026, 2, 28), 1_200_000), (120_000, date(2027, 2, 28), 600_000)],
    )
    def test_a_contract_and_its_subscription_are_compared_by_the_year(
        self, unit: int, ends: date, year: int
    ) -> None:
        subscription = _subscription(items=[{"sku": "p", "quantity": 10, "unit_amount": unit}])
        contract = Contract.objects.create(
            connection=make.a_connection("crm", "salesforce"), source_id="800A",
            legal_entity=make.a_legal_entity(), correlation_id=correlation.new_id(),
            created_at=clock.now(), updated_at=clock.now(), customer=subscription.customer,
            number="C-1", currency="USD", total=1_200_000, starts_on=MARCH[0], ends_on=ends,
        )  # fmt: skip
        Subscription.objects.filter(pk=subscription.pk).update(
            contract=contract, contract_ref="800A"
        )
        left, right = sides("contract_billing")
        assert left == {str(contract.pk): (year, "USD", "")}
        assert right == {str(contract.pk): (1_200_000, "USD", "")}


def _subscription(**values: Any) -> Subscription:
    customer = make.a_customer()
    return Subscription.objects.create(
        connection=customer.connection, source_id="sub_1", legal_entity=make.a_legal_entity(),
        correlation_id=correlation.new_id(), created_at=clock.now(), updated_at=clock.now(),
        customer=customer, currency="USD", started_on=MARCH[0], **values,
    )  # fmt: skip
