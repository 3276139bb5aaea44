"""
What stands between our records and our books, and between billing's list and the ERP's: credits,
refunds, payments, and invoices that the ERP keeps as its own. One row of each type of difference is
planted beside one that agrees, and each is found as what it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from connectors.contract import SnapshotRow
from connectors.models import Connection
from revops.canonical.models import Credit, Invoice, Party, Payment, Refund
from revops.canonical.models.base import Record
from revops.kernel import clock, correlation
from revops.kernel.keys import sha256
from revops.ledger.models import JournalEntry, JournalLine
from revops.mappings.models import AccountMap, ErpRoute, MappingVersion
from revops.reconciliation.models import Break, Holding, Load, Pair
from revops.reconciliation.operations import holding, runs
from tests import factories as make

pytestmark = pytest.mark.django_db

DAY: Final = date(2026, 10, 10)
ROLES: Final = {
    "receivable": "1100", "processor_clearing": "1050", "customer_credit": "2400",
    "refunds_payable": "2410",
}  # fmt: skip
LONG_AGO: Final = datetime(2026, 10, 2, tzinfo=UTC)
SINCE: Final = DateRange(date(2025, 1, 1), None)
# Everything that one pair of rows of the same key can differ in, and rows without counterpart.
FOUND: Final = [
    ("amount", 100), ("currency", -9_000), ("currency", 9_000), ("duplicate", -800),
    ("missing_left", -700),
    ("missing_right", 600), ("period", 0), ("state", 0),
]  # fmt: skip

Recorded = Callable[..., Record]


@pytest.fixture(autouse=True)
def _books(db: None) -> None:
    entity = make.a_legal_entity()
    make.a_period(entity)
    common = {"legal_entity": entity, "valid": SINCE, "version": _version()}
    AccountMap.objects.bulk_create(
        AccountMap(role=role, account=make.a_ledger_account(code, role), **common)
        for role, code in ROLES.items()
    )


def _version() -> MappingVersion:
    return MappingVersion.objects.create(note="", made_by="test")


def _made(values: dict[str, Any]) -> dict[str, Any]:
    return {
        "connection": make.a_connection(), "legal_entity": make.a_legal_entity(),
        "correlation_id": correlation.new_id(), "created_at": clock.now(),
        "updated_at": clock.now() - timedelta(days=3), "currency": "USD",
    } | values  # fmt: skip


def a_credit(number: str, amount: int, **values: Any) -> Record:
    tax = values.pop("tax", 0)
    made = _made({"issued_on": DAY, "effective_on": DAY - timedelta(days=20), "state": "issued"})
    return Credit.objects.create(
        source_id=f"cn_{number}", customer=make.a_customer(make.a_connection()), total=amount,
        net=amount - tax, tax=tax, credit_type="concession", settles="invoice", **made | values,
    )  # fmt: skip


def a_payment(number: str, amount: int, **values: Any) -> Payment:
    if values.pop("undone", False):
        values |= {"state": "returned", "returned": amount}
    made = _made({"dated": DAY, "state": "applied"})
    return Payment.objects.create(source_id=f"py_{number}", amount=amount, **made | values)


def a_refund(number: str, amount: int, **values: Any) -> Record:
    if values.pop("undone", False):
        values["returned_on"] = DAY
    paid, made = a_payment(number, amount), _made({"dated": DAY})
    return Refund.objects.create(
        source_id=f"re_{number}", payment=paid, amount=amount, **made | values
    )


def booked(record: Record, kind: str, amount: int, *, side: str, **values: Any) -> JournalEntry:
    """An entry of the record on ``side`` with ``amount`` (debit positive), some of it a tax."""
    tax, other, item = values.pop("tax", 0), "4000", values.pop("item", "")
    customer = values.pop("customer", "")
    made: dict[str, Any] = {
        "document_type": kind, "business_key": f"billing:{record.source_id}", "lane": "primary",
        "record_kind": type(record).__name__.lower(), "record_id": record.pk, "revision": 1,
        "currency": "USD", "functional_currency": "USD", "accounting_date": DAY,
        "description": "Entry", "rule": "test", "mapping_version": 1, "amount": abs(amount),
        "content_sha256": sha256("entry"), "correlation_id": correlation.new_id(),
        "recorded_at": clock.now() - timedelta(days=3), "legal_entity": make.a_legal_entity(),
        "period": make.a_period(),
    }  # fmt: skip
    sides = [(side, amount, ""), (other, -amount - tax, ""), ("2100", tax, "US-TX")]
    with transaction.atomic():
        entry = JournalEntry.objects.create(**(made | values))
        JournalLine.objects.bulk_create(
            JournalLine(
                entry=entry, position=place, account=account, amount=moved, functional=moved,
                tax_code=code, item=item if account == side else "", customer_ref=customer,
            )
            for place, (account, moved, code) in enumerate(sides) if moved
        )  # fmt: skip
    return entry


def _a_load(connection: Connection, kind: str) -> Load:
    """A list that was just read."""
    return Load.objects.create(
        connection=connection, kind=kind, state="done", began_at=clock.now(), by="test",
        starts=date(2026, 9, 30), ends=date(2026, 11, 1),
    )  # fmt: skip


def found(check: str, left: Any = None, right: Any = None) -> list[tuple[str, int]]:
    """(type, left − right) of what stands after comparing October, which ties out."""
    pair = Pair.objects.get_or_create(check_slug=check, left=left, right=right)[0]
    run = runs.run(
        pair_id=pair.pk, entity_id=make.a_legal_entity().pk, period_code="2026-10", full=True,
        by="test",
    )  # fmt: skip
    assert (run.state, run.error) == ("done", "")
    assert {one["unclassified"] for one in run.figures.values()} <= {0}
    standing = Break.objects.filter(pair=pair).exclude(state="settled")
    return sorted(standing.values_list("type", "difference"))


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
    def test_are_known_by_one_name_in_both(self) -> None:
        for number, name in (("1", "Contoso"), ("2", "Fabrikam")):
            make.a_customer(make.a_connection(), source_id=f"cus_{number}", name=name)
        holding.take(_a_load(make.a_connection(), "customer"), map(holding.line, (
            SnapshotRow("customer", "c1", "cus_1", "USD", 0, "2026-10-01", "active",
                        party="Contoso", entity="NW-US"),
            SnapshotRow("customer", "c2", "cus_2", "USD", 0, "2026-10-01", "active",
                        party="Fabrikam Ltd", entity="NW-US"),
        )), whole=True)  # fmt: skip
        assert found("customers_billing", right=make.a_connection()) == [("state", 0)]

    def test_of_an_erp_are_those_that_it_was_told_of(self) -> None:
        erp, entity = make.a_connection("erp", "tryton"), make.a_legal_entity()
        ErpRoute.objects.create(
            legal_entity=entity, connection=erp, valid=SINCE, version=_version()
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
        load = _a_load(erp, "customer")
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


LISTS: Final = {"credit": "issued", "refund": "succeeded"}


class TestBillingAndTheErp:
    """Each by its own list, joined by the key of what we had posted."""

    def _listed(self, kind: str, **values: Any) -> Holding:
        billing = make.a_connection()
        made = {"kind": kind, "state": LISTS[kind], "connection": billing} | values
        return self._hold(external_id=made["key"], **made)

    def _posted(self, kind: str, record: Record, amount: int, **values: Any) -> Holding:
        """The ERP lists a posting over the amount, of what our books hold of the record."""
        entry = values.pop("entry", None) or booked(
            record, kind, -amount, side=_SIDES[kind], business_key=f"billing:{record.source_id}"
        )
        command = make.a_command(entry, state="posted", external_id=f"ext_{entry.pk}")
        made: dict[str, Any] = {"currency": "USD"} | values
        made.setdefault("accounts", {made["currency"]: {_SIDES[kind]: -amount, "4000": amount}})
        return self._hold(
            kind="journal", state="posted", connection=make.a_connection("erp", "tryton"),
            external_id=command.external_id, key=command.key, amount=amount, **made,
        )  # fmt: skip

    def _hold(self, **values: Any) -> Holding:
        load = self.loads[values["connection"].slug]
        given = {
            "currency": "USD", "dated": DAY, "legal_entity": make.a_legal_entity(),
            "touched_at": clock.now() - timedelta(days=3), "first_in": load, "seen_in": load,
        } | values  # fmt: skip
        return Holding.objects.create(**given)

    @pytest.fixture(autouse=True)
    def _lists(self, _books: None) -> None:
        billing, erp = make.a_connection(), make.a_connection("erp", "tryton")
        ErpRoute.objects.create(
            legal_entity=make.a_legal_entity(), connection=erp, valid=SINCE, version=_version()
        )
        kinds = ((erp, "journal"), *((billing, kind) for kind in LISTS))
        self.loads = {connection.slug: _a_load(connection, kind) for connection, kind in kinds}

    def _found(self, kind: str) -> list[tuple[str, int]]:
        return found(
            f"billing_erp_{kind}s", make.a_connection(), make.a_connection("erp", "tryton")
        )

    @pytest.mark.parametrize(("kind", "record"), [("credit", a_credit), ("refund", a_refund)])
    def test_list_each_document_once_and_as_it_is(self, kind: str, record: Recorded) -> None:
        def both(number: str, amount: int, **theirs: Any) -> Record:
            made = record(number, amount)
            self._listed(kind, key=made.source_id, amount=amount)
            self._posted(kind, made, theirs.pop("booked", amount), **theirs)
            return made

        both("1", 5_000)
        # What was never billed for, failed, or zero, and journals of other things.
        self._listed(kind, key="zero", amount=0)
        if kind == "refund":
            self._listed(kind, key="failed", amount=500, state="failed")
        before = booked(
            a_credit("before", 300), "refund", -300, side="2410", business_key="billing:x/refunded"
        )
        self._posted(kind, a_payment("x", 1), 300, entry=before)
        assert self._found(kind) == []

        both("amount", 5_000, booked=4_900)
        both("day", 5_000, dated=DAY + timedelta(days=1))
        both("currency", 9_000, currency="EUR")
        twice = both("twice", 800)
        again = booked(
            twice, kind, -800, side=_SIDES[kind], business_key=f"billing:{twice.source_id}~2"
        )
        self._posted(kind, twice, 800, entry=again)
        self._listed(kind, key="left", amount=600)
        self._posted(kind, record("right", 700), 700)
        expected = [one for one in FOUND if one != ("state", 0)]
        assert self._found(kind) == expected

    def test_a_memo_that_was_taken_back_is_void_on_both_sides(self) -> None:
        memo = a_credit("1", 5_000, state="void")
        held = self._listed("credit", key="cn_1", amount=5_000, state="void")
        self._posted("credit", memo, 5_000)
        assert self._found("credit") == [("state", 0)]
        first = JournalEntry.objects.get(document_type="credit")
        booked(memo, "void", 5_000, side="1100", reverses=first)
        assert self._found("credit") == []
        Holding.objects.filter(pk=held.pk).update(state="issued", touched_at=clock.now())
        assert self._found("credit") == [("state", 0)]

    def test_a_refund_that_the_bank_sent_back_is_compared_no_more(self) -> None:
        sent = a_refund("1", 5_000, undone=True)
        self._listed("refund", key="re_1", amount=5_000, state="failed")
        self._posted("refund", sent, 5_000)
        assert self._found("refund") == [("missing_left", -5_000)]
        back = booked(sent, "refund_return", 5_000, side="1050")
        make.a_command(back, state="posted", external_id="ext_back")
        assert self._found("refund") == []


_SIDES: Final = {"credit": "1100", "refund": "1050"}


class TestOwnDocuments:
    """What billing lists, and invoices that the ERP keeps as its own."""

    @pytest.fixture(autouse=True)
    def _lists(self, _books: None) -> None:
        self.billing, self.erp = make.a_connection(), make.a_connection("erp", "tryton")
        self.loads = {one.slug: _a_load(one, "invoice") for one in (self.billing, self.erp)}

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
