"""What stands between billing's invoices and those that the ERP keeps as its own documents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.models import Connection
from revops.canonical.models import Invoice
from revops.kernel import clock
from revops.reconciliation.models import Holding
from tests import factories as make
from tests.reconciliation.recorded import DAY, a_load, a_payment, booked, found, open_books

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _books(db: None) -> None:
    open_books()


class TestOwnDocuments:
    """What billing lists, and invoices that the ERP keeps as its own."""

    @pytest.fixture(autouse=True)
    def _lists(self, _books: None) -> None:
        self.billing, self.erp = make.a_connection(), make.a_connection("erp", "tryton")
        self.loads = {one.slug: a_load(one, "invoice") for one in (self.billing, self.erp)}

    def _billed(self, number: str, total: int = 5_000, due: int = 0, **values: Any) -> Invoice:
        state = values.pop("state", "open")
        invoice = make.an_invoice(
            self.billing, source_id=f"in_{number}", issued_on=DAY, net=total, total=total,
            applied=total - due, state="void" if state == "void" else "issued",
        )  # fmt: skip
        made = {"key": invoice.source_id, "amount": total, "due": due, "state": state} | values
        self._hold(self.billing, invoice.source_id, **made)
        return invoice

    def _kept(
        self, invoice: Invoice, total: int = 5_000, due: int = 0, *, kind: str = "invoice.post",
        again: int = 1, **values: Any,
    ) -> None:  # fmt: skip
        entry = booked(
            invoice, "invoice", total, side="1100", business_key=f"billing:{invoice.source_id}"
        )
        command = make.a_command(
            entry, kind=kind, state="posted", external_id=f"invoice:{entry.pk}"
        )
        for number in range(again):
            made = {"key": command.key, "amount": total, "due": due, "state": "posted"} | values
            self._hold(self.erp, f"invoice:{entry.pk}-{number}", **made)

    def _hold(self, connection: Connection, external_id: str, **values: Any) -> None:
        load = self.loads[connection.slug]
        given = {
            "connection": connection, "kind": "invoice", "external_id": external_id, "tax": 0,
            "currency": "USD", "dated": DAY, "legal_entity": make.a_legal_entity(),
            "touched_at": clock.now() - timedelta(days=3), "first_in": load, "seen_in": load,
        } | values  # fmt: skip
        Holding.objects.create(**given)

    def _found(self, check: str) -> list[tuple[str, int]]:
        return found(check, self.billing, self.erp)

    def test_are_in_both_once_with_total_and_tax(self) -> None:
        self._kept(self._billed("1"))
        # What went as a journal is none of the ERP's documents, and nobody made one of these.
        journal = self._billed("journal")
        make.a_command(
            booked(journal, "invoice", 5_000, side="1100", business_key="billing:in_journal")
        )
        self._hold(self.erp, "invoice:hand", key="", amount=900, state="posted", due=900)
        assert self._found("erp_documents") == []

        self._kept(self._billed("amount"), 4_900)
        self._kept(self._billed("tax", tax=400), tax=300)
        self._kept(self._billed("day"), dated=DAY + timedelta(days=1))
        self._kept(self._billed("twice", 800), 800, again=2)
        self._kept(self._billed("gone", 600), 600, state="cancelled")
        never = make.an_invoice(self.billing, source_id="in_never", total=700, net=700)
        self._kept(never, 700)
        assert self._found("erp_documents") == [
            ("amount", 100), ("duplicate", -800), ("missing_left", -700), ("missing_right", 600),
            ("period", 0), ("tax", 0),
        ]  # fmt: skip

    def test_owe_the_same_once_everything_has_come(self) -> None:
        self._kept(self._billed("1", due=2_000), due=2_000)
        self._kept(self._billed("void", due=5_000, state="void"))
        self._kept(self._billed("untied", due=0), due=5_000)
        # Billing told of a payment that we do not know yet, and one of ours is on its way.
        ahead = self._billed("ahead", due=5_000)
        Holding.objects.filter(key=ahead.source_id).update(due=1_000)
        self._kept(ahead, due=5_000)
        waiting = self._billed("waiting", due=0)
        self._kept(waiting, due=5_000)
        paid = a_payment("waiting", 5_000)
        entry = booked(paid, "payment", -5_000, side="1100", item="invoice/billing:in_waiting")
        make.a_command(entry)
        assert self._found("erp_open") == [("amount", -5_000)]
