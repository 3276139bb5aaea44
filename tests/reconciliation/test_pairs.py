"""What stands between our records and our books, and customers by the names they go by."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.contract import SnapshotRow
from revops.canonical.models import Party
from revops.canonical.models.base import Record
from revops.events.models import SourceCursor
from revops.kernel import clock
from revops.ledger.models import JournalEntry
from revops.mappings.models import EntityMap, ErpRoute
from revops.reconciliation.models import Load
from revops.reconciliation.operations import holding
from tests import factories as make
from tests.reconciliation.recorded import (
    DAY,
    FOUND,
    LONG_AGO,
    SINCE,
    Recorded,
    a_credit,
    a_load,
    a_payment,
    a_refund,
    a_version,
    booked,
    found,
    open_books,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _books(db: None) -> None:
    open_books()


class TestOurBooks:
    @pytest.mark.parametrize(
        ("check", "record", "document", "side", "sign", "undone_by"),
        [
            ("books_credits", a_credit, "credit", "1100", -1, ""),
            ("books_payments", a_payment, "payment", "1050", 1, "return"),
            ("books_refunds", a_refund, "refund", "1050", -1, "refund_return"),
        ],
    )
    def test_hold_each_record_once_and_as_it_is(
        self, check: str, record: Recorded, document: str, side: str, sign: int, undone_by: str
    ) -> None:
        def entry(of: Record, amount: int, **values: Any) -> JournalEntry:
            return booked(of, document, sign * amount, side=side, **values)

        def undo(of: Record, first: JournalEntry) -> None:
            if undone_by:
                booked(of, undone_by, -sign * 5_000, side=side)
            else:
                booked(of, "void", -sign * 5_000, side=side, reverses=first)

        undone = {"undone": True} if undone_by else {"state": "void"}
        entry(record("1", 5_000), 5_000)
        gone = record("2", 5_000, **undone)
        undo(gone, entry(gone, 5_000))
        assert found(check) == []

        entry(record("amount", 5_000), 4_900)
        entry(record("day", 5_000), 5_000, accounting_date=DAY + timedelta(days=1))
        entry(record("status", 5_000, **undone), 5_000)
        entry(record("currency", 9_000), 9_000, currency="EUR", functional_currency="EUR")
        twice = record("twice", 800)
        for key in ("a", "b"):
            entry(twice, 800, business_key=key)
        lonely = record("left", 600)
        other = record("right", 700, legal_entity=make.a_legal_entity("NW-UK"))
        entry(other, 700)
        assert found(check) == FOUND

        entry(lonely, 600)
        assert ("missing_right", 600) not in found(check)

    def test_of_a_credit_have_its_tax_and_all_that_it_settles(self) -> None:
        """A part of it settles its invoice, and the rest is the customer's balance."""
        memo = a_credit("1", 10_825, tax=825)
        booked(memo, "credit", -10_825, side="2400", tax=825)
        off = a_credit("2", 10_825, tax=825)
        booked(off, "credit", -10_825, side="2410", tax=800)
        # Asked for and not issued; and what a refund before a memo had taken, which is no refund.
        a_credit("3", 500, state="approved")
        booked(memo, "refund", 5_000, side="2410", business_key="billing:cn_1/refunded/x")
        assert found("books_credits") == [("tax", 0)]
        assert found("books_refunds") == []

    def test_of_a_record_that_was_booked_again_count_its_latest_entry(self) -> None:
        paid = a_payment("1", 5_000)
        wrong = booked(paid, "payment", 5_000, side="9999")
        assert found("books_payments") == [("amount", 5_000)]
        booked(paid, "void", -5_000, side="9999", reverses=wrong)
        booked(paid, "payment", 5_000, side="1050", revision=2)
        assert found("books_payments") == []


class TestCustomers:
    @pytest.mark.parametrize(
        ("check", "kind"), [("customers_billing", "customer"), ("customers_success", "company")]
    )
    def test_are_known_by_one_name_in_both(self, check: str, kind: str) -> None:
        for number, name in (("1", "Contoso"), ("2", "Fabrikam")):
            make.a_customer(make.a_connection(), source_id=f"cus_{number}", name=name)
        # Whose books they are is known by our record of them, when the system names none.
        holding.take(a_load(make.a_connection(), kind), map(holding.line, (
            SnapshotRow(kind, "cus_1", "cus_1", "", 0, "2026-10-01", "active", party="Contoso"),
            SnapshotRow(kind, "cus_2", "cus_2", "USD", 0, "2026-10-01", "active",
                        party="Fabrikam Ltd"),
        )), whole=True)  # fmt: skip
        assert found(check, right=make.a_connection()) == [("state", 0)]

    def test_that_a_system_listed_since_it_was_asked_for_news_are_not_missing_yet(self) -> None:
        success, kind = make.a_connection(), "company"
        EntityMap.objects.create(connection=success, hint="", legal_entity=make.a_legal_entity())
        load, now = a_load(success, kind), clock.now()
        holding.take(load, map(holding.line, (
            SnapshotRow(kind, "1P02", "1P02", "", 0, "2026-10-01", "active", party="Contoso"),
        )), whole=True)  # fmt: skip
        load.ended_at = now
        load.save()
        cursor = SourceCursor.objects.create(
            connection=success, next_at=now, polled_at=now - timedelta(minutes=1)
        )
        assert found("customers_success", right=success) == []
        cursor.polled_at = now + timedelta(minutes=1)
        cursor.save()
        assert found("customers_success", right=success) == [("missing_left", 0)]

    def test_of_an_erp_are_those_that_it_was_told_of(self) -> None:
        erp, entity = make.a_connection("erp", "tryton"), make.a_legal_entity()
        ErpRoute.objects.create(
            legal_entity=entity, connection=erp, valid=SINCE, version=a_version()
        )
        told, lost, posted, renamed, _ = (
            make.a_customer(make.a_connection(), source_id=f"cus_{one}", name=one)
            for one in ("Told", "Lost", "Posted", "Renamed", "Untold")
        )
        Party.objects.update(updated_at=LONG_AGO)
        for number, customer in enumerate((told, lost, renamed)):
            entry = make.a_journal(entity, accounting_date=DAY)
            make.a_command(
                entry, connection=erp, kind="customer.upsert", subject_kind="customer",
                subject_id=customer.pk, state="posted", external_id=f"party:{number}",
                finished_at=LONG_AGO,
            )  # fmt: skip
        bill = make.an_invoice(make.a_connection(), customer=posted, issued_on=DAY)
        entry = booked(bill, "invoice", 10_000, side="1100", customer=posted.source_id)
        make.a_command(
            entry, connection=erp, state="posted", external_id="move:1", finished_at=LONG_AGO
        )
        load = a_load(erp, "customer")
        Load.objects.filter(pk=load.pk).update(starts=holding.BEGINNING)
        load.refresh_from_db()

        def listed(*names: tuple[str, str, str]) -> None:
            # Without a day and without a legal entity, as ERPs list whom they know.
            rows = (SnapshotRow("customer", id, key, "", 0, "", "active", party=name)
                    for id, key, name in names)  # fmt: skip
            holding.take(load, map(holding.line, rows), whole=True)

        known = [("party:0", f"PTY-{told.party_id}", "Told"), ("party:9", "CUS_POSTED", "Posted"),
                 ("party:2", "X", "Renamed"), ("party:8", "SUP-1", "A supplier")]  # fmt: skip
        listed(*known, ("party:1", "Y", "Lost"))
        assert found("customers_erp", right=erp) == []
        Party.objects.filter(pk=renamed.party_id).update(name="Another name")
        listed(*known)
        assert found("customers_erp", right=erp) == [("missing_right", 0), ("state", 0)]
