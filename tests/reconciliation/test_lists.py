"""What systems list is kept as it is, and what a person's file may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, cast

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from accounts.models import Assignment, User
from accounts.queries import NotAllowed, OutOfScope
from connectors.contract import CallFailed, Outcome, SnapshotRow
from connectors.models import Connection
from revops.kernel import clock
from revops.mappings.models import EntityMap
from revops.pipeline import sources
from revops.reconciliation.checks import registry
from revops.reconciliation.models import Holding, Load, LoadState
from revops.reconciliation.operations import files, holding, loading, pairs
from revops.reconciliation.operations.files import ListRefused
from revops.reconciliation.queries import lists
from tests import factories as make
from tests.cast import person
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db

ROW = SnapshotRow(
    kind="invoice", external_id="in_1", key="in_1", currency="USD", amount=10_000,
    dated="2026-10-15", state="open", number="INV-1", party="Contoso", entity="NW-US", tax=800,
)  # fmt: skip
OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))
STATEMENT = """date,amount,currency,reference,entity
2026-10-05,120.00,USD,STRIPE PAYOUT po_1,NW-US
2026-10-05,120.00,USD,STRIPE PAYOUT po_1,NW-US
2026-10-06,-12.50,USD,Fee,NW-US
"""


@pytest.fixture
def billing() -> Connection:
    make.a_legal_entity()
    return make.a_connection("lister")


@pytest.fixture
def bank() -> Connection:
    make.a_legal_entity()
    return make.a_connection("bank", "statement", label="House bank")


@pytest.fixture
def ana() -> User:
    return person("ana")


def _take(connection: Connection, *rows: SnapshotRow, whole: bool = True) -> Load:
    begun = Load.objects.create(
        connection=connection, kind=rows[0].kind if rows else "invoice", starts=OCTOBER[0],
        ends=OCTOBER[1], began_at=clock.now(), by="test",
    )  # fmt: skip
    holding.take(begun, (holding.line(row) for row in rows), whole=whole)
    return begun


class TestHolding:
    def test_a_list_is_kept_with_its_totals(self, billing: Connection) -> None:
        other = replace(ROW, external_id="in_2", key="in_2", amount=2_500, state="paid")
        load = _take(billing, ROW, other)
        assert (load.state, load.rows, load.changed, load.gone) == (LoadState.DONE, 2, 0, 0)
        assert load.totals == [
            {"entity": "NW-US", "currency": "USD", "state": "open", "count": 1, "amount": 10_000},
            {"entity": "NW-US", "currency": "USD", "state": "paid", "count": 1, "amount": 2_500},
        ]
        held = Holding.objects.get(external_id="in_1")
        assert (held.amount, held.tax, held.party) == (10_000, 800, "Contoso")
        assert held.legal_entity is not None
        assert held.legal_entity.code == "NW-US"

    def test_the_same_list_changes_nothing_and_has_the_same_hash_in_any_order(
        self, billing: Connection
    ) -> None:
        other = replace(ROW, external_id="in_2", key="in_2")
        first = _take(billing, ROW, other)
        before = Holding.objects.get(external_id="in_1").touched_at
        again = _take(billing, other, ROW)
        assert (again.changed, again.gone) == (0, 0)
        assert again.sha256 == first.sha256
        assert Holding.objects.get(external_id="in_1").touched_at == before

    def test_what_reads_differently_keeps_what_it_was(self, billing: Connection) -> None:
        _take(billing, ROW)
        load = _take(billing, replace(ROW, amount=9_000))
        held = Holding.objects.get()
        assert (load.changed, held.amount, held.changed_in_id) == (1, 9_000, load.pk)
        assert held.before is not None
        assert (held.before["amount"], held.before["dated"]) == (10_000, "2026-10-15")

    def test_a_state_that_goes_on_is_no_edit(self, billing: Connection) -> None:
        _take(billing, ROW)
        assert _take(billing, replace(ROW, state="paid")).changed == 1
        assert Holding.objects.get().before is None

    def test_what_is_listed_no_longer_is_gone_until_it_comes_back(
        self, billing: Connection
    ) -> None:
        other = replace(ROW, external_id="in_2", key="in_2")
        _take(billing, ROW, other)
        load = _take(billing, ROW)
        assert (load.gone, Holding.objects.get(external_id="in_2").gone_in_id) == (1, load.pk)
        _take(billing, ROW, other)
        assert Holding.objects.get(external_id="in_2").gone_in_id is None

    def test_of_other_days_nothing_is_gone(self, billing: Connection) -> None:
        _take(billing, ROW, replace(ROW, external_id="in_2", dated="2026-09-30"))
        assert _take(billing, ROW).gone == 0

    def test_an_instant_is_dated_where_the_books_are(self, billing: Connection) -> None:
        _take(billing, replace(ROW, dated="2026-10-16", at="2026-10-16T02:30:00+00:00"))
        assert Holding.objects.get().dated == date(2026, 10, 15)

    def test_our_own_record_says_whose_books_it_is_in(self, billing: Connection) -> None:
        uk = make.a_legal_entity("NW-UK")
        make.an_invoice(billing, source_id="in_1", legal_entity=uk)
        _take(billing, replace(ROW, entity=""))
        assert Holding.objects.get().legal_entity == uk

    def test_texts_that_the_database_would_not_take_are_cut_or_cleaned(
        self, billing: Connection
    ) -> None:
        odd = "tab\there\\n, null\x00 and more" + "x" * 300
        _take(billing, replace(ROW, reference=odd, party="Łódź\nGmbH"))
        held = Holding.objects.get()
        assert held.reference.startswith("tab here\\n, null")
        assert (len(held.reference), held.party) == (240, "Łódź GmbH")


class _Lister:
    """A system with a list of three pages, or one that fails after the second."""

    def __init__(self, fails: bool) -> None:
        self.fails = fails

    async def snapshot(
        self, client: Any, settings: Any, *, kind: str, start: str, end: str, cursor: str
    ) -> tuple[Sequence[SnapshotRow], str]:
        page = int(cursor or 0)
        if self.fails and page == 2:
            raise CallFailed(Outcome.TRANSIENT, "The system did not answer in time.")
        assert (start, end) == ("2026-09-30", "2026-11-01")  # a day more: zones differ
        rows = [replace(ROW, external_id=f"in_{page}{n}", key=f"in_{page}{n}") for n in range(3)]
        return rows, "" if page == 2 else str(page + 1)


class TestLoading:
    def _load(self, connection: Connection, monkeypatch: pytest.MonkeyPatch, *, fails: bool) -> Any:
        source = replace(sources.by_id(connection.pk), connector=_Lister(fails))
        monkeypatch.setattr(sources, "by_id", lambda _: source)
        return loading.load(connection.pk, "invoice", *OCTOBER, by="test")

    def test_reads_page_after_page(
        self, billing: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        load = self._load(billing, monkeypatch, fails=False)
        assert (load.state, load.rows, Holding.objects.count()) == (LoadState.DONE, 9, 9)
        assert loading.latest(billing.pk, "invoice") == load

    def test_a_system_that_fails_halfway_leaves_the_last_good_list(
        self, billing: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        good = self._load(billing, monkeypatch, fails=False)
        bad = self._load(billing, monkeypatch, fails=True)
        assert (bad.state, bad.error) == (LoadState.FAILED, "The system did not answer in time.")
        assert not Holding.objects.exclude(gone_in=None).exists()
        assert loading.latest(billing.pk, "invoice") == good

    def test_what_a_system_does_not_list_is_said(self, bank: Connection) -> None:
        with pytest.raises(loading.NotListed, match="House bank has no list of “bank”"):
            loading.load(bank.pk, "bank", *OCTOBER, by="test")


class TestFiles:
    def _bring(self, bank: Connection, by: User, text: str, **given: Any) -> Load:
        given = {"kind": "bank", "name": "october.csv", "whole": False} | given
        return files.from_file(connection_id=bank.pk, content=text.encode(), by=by, **given)

    def test_a_statement_is_kept_once_although_a_line_stands_twice_on_it(
        self, bank: Connection, ana: User
    ) -> None:
        load = self._bring(bank, ana, STATEMENT)
        assert (load.rows, load.starts, load.ends) == (3, date(2026, 10, 5), date(2026, 10, 6))
        assert sorted(Holding.objects.values_list("amount", flat=True)) == [-1_250, 12_000, 12_000]
        assert self._bring(bank, ana, STATEMENT.replace(",", ";")).changed == 0
        assert Holding.objects.count() == 3

    def test_a_wrong_row_refuses_all_of_it_line_by_line(self, bank: Connection, ana: User) -> None:
        wrong = (
            "date,amount,currency,id,entity\n2026-10-05,1,USD,a,NW-US\n05.10.2026,1,USD,b,NW-US\n"
            "2026-10-05,1.234,USD,c,NW-US\n2026-10-05,1,XXX,d,NW-US\n2026-10-05,1,USD,a,NW-US\n"
            "2026-10-05,1,USD,e,NOWHERE\n2026-10-05,1,USD,f,\n"
        )
        with pytest.raises(ListRefused) as refused:
            self._bring(bank, ana, wrong)
        assert [line for line, _ in refused.value.problems] == [3, 4, 5, 6, 7, 8]
        assert [text.split(" ")[0] for _, text in refused.value.problems] == [
            "date", "“1.234”", "“XXX”", "The", "“NOWHERE”", "Whose",
        ]  # fmt: skip
        assert not Load.objects.exists()

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "Missing: date, amount, currency"),
            ("date,amount,currency,colour\n", "colour"),
            ("date,amount,currency\n", "no rows"),
        ],
    )
    def test_a_file_that_is_no_list_is_refused(
        self, bank: Connection, ana: User, text: str, said: str
    ) -> None:
        with pytest.raises(ListRefused, match=said):
            self._bring(bank, ana, text)

    def test_a_connection_says_whose_account_it_is(self, bank: Connection, ana: User) -> None:
        EntityMap.objects.create(connection=bank, hint="", legal_entity=make.a_legal_entity())
        self._bring(bank, ana, "date,amount,currency\n2026-10-05,1,USD\n")
        assert Holding.objects.get().legal_entity == make.a_legal_entity()

    def test_all_of_its_days_lets_go_of_what_is_not_on_it(
        self, bank: Connection, ana: User
    ) -> None:
        self._bring(bank, ana, STATEMENT)
        shorter = "\n".join(STATEMENT.splitlines()[:1] + STATEMENT.splitlines()[2:])
        assert self._bring(bank, ana, shorter).gone == 0
        assert self._bring(bank, ana, shorter, whole=True).gone == 1

    def test_only_who_may_compare_brings_one(self, bank: Connection) -> None:
        with pytest.raises(NotAllowed):
            self._bring(bank, person("sue"), STATEMENT)

    def test_somebody_of_one_entity_brings_none_of_another(self, bank: Connection) -> None:
        make.a_legal_entity("NW-UK")
        local = person("ana")
        Assignment.objects.filter(user=local).update(legal_entity="NW-UK")
        with pytest.raises(OutOfScope):
            self._bring(bank, local, STATEMENT)


class TestPairs:
    def test_follow_from_what_is_configured(self, billing: Connection, bank: Connection) -> None:
        made = {(pair.check_slug, pair.left_id, pair.right_id) for pair in pairs.sync()}
        assert {
            ("billing_invoices", billing.pk, None), ("bank_payouts", billing.pk, bank.pk),
            ("payout_contents", billing.pk, billing.pk), ("books_invoices", None, None),
        } <= made  # fmt: skip
        assert not {slug for slug, *_ in made} & {"erp_journals", "crm_bookings"}
        assert len(pairs.sync()) == len(made)

    def test_one_whose_system_lists_no_longer_is_switched_off(
        self, billing: Connection, bank: Connection
    ) -> None:
        pairs.sync()
        Connection.objects.filter(pk=bank.pk).update(connector="tryton")
        assert "bank_payouts" not in {pair.check_slug for pair in pairs.sync()}
        Connection.objects.filter(pk=bank.pk).update(connector="statement")
        assert "bank_payouts" in {pair.check_slug for pair in pairs.sync()}

    def test_compare_the_entities_that_both_sides_know(
        self, billing: Connection, bank: Connection
    ) -> None:
        us, uk = make.a_legal_entity(), make.a_legal_entity("NW-UK")
        for connection, entity, hint in ((billing, us, ""), (billing, uk, "uk"), (bank, us, "")):
            EntityMap.objects.create(connection=connection, legal_entity=entity, hint=hint)
        found = {pair.check_slug: pair for pair in pairs.sync()}
        assert pairs.entities_of(found["bank_payouts"]) == [us.pk]
        assert set(pairs.entities_of(found["billing_invoices"])) == {us.pk, uk.pk}


class TestPage:
    def _bring(self, browser: Client, text: str) -> HttpResponse:
        file = SimpleUploadedFile("october.csv", text.encode())
        answer = browser.post("/reconciliation/lists/bring", {"list": "bank/bank", "file": file})
        return cast(HttpResponse, answer)

    def test_a_file_is_kept_and_stands_among_the_lists(
        self, bank: Connection, ana: User, sign_in: SignIn
    ) -> None:
        browser = sign_in(ana)
        wrong = self._bring(browser, STATEMENT.replace("-12.50", "12,5.0"))
        assert wrong.status_code == 422
        assert "Nothing was kept" in wrong.content.decode()
        assert self._bring(browser, STATEMENT).status_code == 302
        page = browser.get("/reconciliation/lists/").content.decode()
        assert "3 rows of House bank are kept" in page
        assert "2026-10-06" in page

    def test_who_only_looks_has_no_form(self, bank: Connection, rae: User, sign_in: SignIn) -> None:
        page = sign_in(rae).get("/reconciliation/lists/").content.decode()
        assert "House bank" in page
        assert 'name="file"' not in page

    def test_every_kind_that_is_compared_has_a_word(self) -> None:
        kinds = {side.kind for check in registry.all() for side in (check.left, check.right)}
        assert kinds - {""} <= set(lists.WORDS)

    def test_calls_kinds_by_their_words(self, ana: User, sign_in: SignIn) -> None:
        make.a_connection("erp", "tryton")
        make.a_connection("tax", "avalara")
        page = sign_in(ana).get("/reconciliation/lists/").content.decode()
        for word in ("Credit memos", "Customers", "Tax documents"):
            assert f'<td data-label="List">{word}</td>' in page
        assert "redit_memo" not in page
