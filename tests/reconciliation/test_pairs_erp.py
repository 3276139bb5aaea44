"""What stands between billing's list and the ERP's postings: credits and refunds. One row of
each type of difference is planted beside one that agrees, and each is found as what it is.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from revops.canonical.models.base import Record
from revops.kernel import clock
from revops.ledger.models import JournalEntry
from revops.mappings.models import ErpRoute
from revops.reconciliation.models import Holding
from tests import factories as make
from tests.reconciliation.recorded import (
    DAY,
    FOUND,
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
            legal_entity=make.a_legal_entity(), connection=erp, valid=SINCE, version=a_version()
        )
        kinds = ((erp, "journal"), *((billing, kind) for kind in LISTS))
        self.loads = {connection.slug: a_load(connection, kind) for connection, kind in kinds}

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
