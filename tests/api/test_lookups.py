"""Accounts, credit standing and invoices, as whoever is answering a customer asks for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from revops.api.lookups import freshness
from revops.canonical.models import MergeProposal
from revops.delivery.decide import State
from revops.events.models import SourceCursor
from revops.kernel import clock
from revops.mappings.models import LegalEntity
from revops.store import sql
from tests.api.calls import PROBLEM, Caller
from tests.api.lookup_world import (
    a_credit,
    a_debt,
    a_dispute,
    a_payment,
    a_subscription,
    an_account,
)
from tests.factories import (
    a_case,
    a_command,
    a_connection,
    a_journal,
    a_legal_entity,
    a_party,
    an_event,
)

ACCOUNT, CREDIT = "/api/v1/lookups/account/", "/api/v1/lookups/credit/"
INVOICE = "/api/v1/lookups/invoice/"


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    freshness.forget()


@pytest.fixture
def desk() -> Caller:
    return Caller("read:lookups")


@pytest.fixture
def contoso() -> Any:
    """Known to billing and to the CRM, with a tax id."""
    party = a_party(name="Contoso Ltd", tax_id="DE123456789", country="DE")
    billed = an_account("cus_1", party, tax_key="DE:123456789")
    crm = a_connection("crm", "stripe")
    an_account("001A", party, connection=crm, other_ids=[{"system": "gainsight", "id": "1P02"}])
    return billed


def good(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def refused(answer: Any, status: int) -> str:
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM), answer.content
    detail: str = answer.json()["detail"]
    return detail


class TestAccounts:
    @pytest.mark.parametrize("id", ["cus_1", "001A", "1P02"])
    def test_are_found_by_any_systems_id(self, desk: Caller, contoso: Any, id: str) -> None:
        found = good(desk.get(ACCOUNT, id=id))
        assert found["customer"] == {"id": f"PTY-{contoso.party_id}", "name": "Contoso Ltd"}
        assert [(one["system"], one["id"]) for one in found["known_as"]] == [
            ("billing", "cus_1"), ("crm", "001A"),
        ]  # fmt: skip
        assert found["matched_by"] == "id"

    def test_are_found_by_our_own_id_after_a_merge_too(self, desk: Caller, contoso: Any) -> None:
        gone = a_party(name="Contoso", merged_into=contoso.party)
        for party in (contoso.party, gone):
            found = good(desk.get(ACCOUNT, id=f"pty-{party.pk}"))
            assert found["customer"]["id"] == f"PTY-{contoso.party_id}"

    @pytest.mark.parametrize(
        ("name", "agrees"),
        [("contoso, ltd.", "exact"), ("Contoso Limited", "similar"), ("Fabrikam", "different")],
    )
    def test_are_found_by_tax_id_in_any_spelling_and_the_name_is_compared(
        self, desk: Caller, contoso: Any, name: str, agrees: str
    ) -> None:
        found = good(desk.get(ACCOUNT, name=name, tax_id="de 123 456 789", country="DE"))
        assert (found["matched_by"], found["name_agrees"]) == ("tax_id", agrees)

    def test_that_may_be_twice_are_told(self, desk: Caller, contoso: Any) -> None:
        other = an_account("cus_2", a_party(name="Contoso GmbH")).party
        left, right = sorted((contoso.party_id, other.pk))
        MergeProposal.objects.create(
            left_id=left, right_id=right, score="0.91", created_at=clock.now()
        )
        (found,) = good(desk.get(ACCOUNT, id="cus_1"))["may_be_the_same"]
        assert found == {"id": f"PTY-{other.pk}", "name": "Contoso GmbH", "score": "0.91"}

    def test_that_nobody_knows_are_404_in_words(self, desk: Caller, contoso: Any) -> None:
        assert "cus_9" in refused(desk.get(ACCOUNT, id="cus_9"), 404)
        asked = {"name": "Contoso", "tax_id": "DE999999999", "country": "DE"}
        refused(desk.get(ACCOUNT, **asked), 404)

    @pytest.mark.parametrize(
        "asked",
        [{}, {"name": "Contoso"}, {"tax_id": "DE123456789", "country": "DE"},
         {"name": "Contoso", "tax_id": "12", "country": "DE"}],
    )  # fmt: skip
    def test_asked_for_with_too_little_are_422(self, desk: Caller, asked: Any) -> None:
        refused(desk.get(ACCOUNT, **asked), 422)

    def test_of_one_id_in_two_systems_have_to_be_told_apart(
        self, desk: Caller, contoso: Any
    ) -> None:
        other = an_account("cus_1", a_party(name="Fabrikam"), connection=a_connection("old"))
        answer = desk.get(ACCOUNT, id="cus_1")
        assert "more than one customer" in refused(answer, 409)
        assert len(answer.json()["matches"]) == 2
        found = good(desk.get(ACCOUNT, id="cus_1", system="old"))
        assert found["customer"]["id"] == f"PTY-{other.party_id}"

    def test_refuse_a_parameter_that_is_not_known_and_e_mail_addresses(self, desk: Caller) -> None:
        refused(desk.get(ACCOUNT, id="cus_1", colour="red"), 400)
        refused(desk.get(ACCOUNT, id="ap@contoso.example"), 400)

    def test_take_a_fixed_number_of_statements(
        self, desk: Caller, contoso: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []
        for name in ("rows", "one"):
            kept = getattr(sql, name)

            def counted(statement: str, params: Any = None, kept: Any = kept) -> Any:
                asked.append(statement)
                return kept(statement, params)

            monkeypatch.setattr(sql, name, counted)

        def statements(address: str, **query: Any) -> int:
            asked.clear()
            freshness.forget()
            good(desk.get(address, **query))
            return len(asked)

        invoice = a_debt(contoso, 1, 1000)
        questions = [
            (ACCOUNT, {"id": "cus_1"}),
            (CREDIT, {"customer": "cus_1"}),
            (INVOICE, {"id": invoice.number}),
        ]
        assert [statements(path, **query) for path, query in questions] == [5, 4, 5]
        for number in range(15):
            a_debt(an_account(f"more_{number}", contoso.party), number, 1000)
        assert [statements(path, **query) for path, query in questions] == [5, 4, 5]


class TestCreditStanding:
    def test_adds_up_what_is_open_by_currency_and_age(self, desk: Caller, contoso: Any) -> None:
        for days, amount in ((-5, 100), (0, 200), (30, 300), (31, 400), (61, 500), (91, 600)):
            a_debt(contoso, days, amount)
        a_debt(contoso, 10, 1000, applied=600, credited=100)
        a_debt(contoso, 10, 5000, currency="JPY")
        a_debt(contoso, 10, 9999, state="paid", applied=9999)
        a_debt(contoso, 10, 9999, state="void")
        found = good(desk.get(CREDIT, customer="001A"))
        yen, dollars = found["currencies"]
        assert (yen["currency"], yen["open"], yen["overdue"]) == ("JPY", 5000, 5000)
        assert dollars["by_age"] == {
            "not_due": 300, "days_1_30": 600, "days_31_60": 400, "days_61_90": 500,
            "days_over_90": 600,
        }  # fmt: skip
        assert (dollars["open"], dollars["overdue"]) == (2400, 2100)
        assert found["counts"]["open_invoices"] == 8

    def test_tells_balances_disputes_returns_and_what_is_pending(
        self, desk: Caller, contoso: Any
    ) -> None:
        a_credit(contoso, "cn_1", 5000, "issued", settles="balance", applied=1200)
        a_credit(contoso, "cn_2", 7000, "issued", settles="invoice")
        asked = a_credit(contoso, "cr_1", 300, "requested")
        a_credit(contoso, "cr_2", 400, "approved")
        a_credit(contoso, "cr_3", 500, "rejected")
        over = a_payment(contoso, "pay_1", 1000, allocated=900)
        a_payment(contoso, "pay_2", 800, state="failed")
        back = a_payment(
            contoso, "pay_3", 600, allocated=600, returned=600, state="returned",
            returned_on=clock.now().date(),
        )  # fmt: skip
        a_dispute(over, "dp_1", 1000)
        a_dispute(back, "dp_2", 600, state="won")
        found = good(desk.get(CREDIT, customer="cus_1"))
        (dollars,) = found["currencies"]
        assert dollars["credit_balance"] == 3800
        assert dollars["unapplied_payments"] == 100
        assert (dollars["disputed"], dollars["returned_payments"]) == (1000, 600)
        assert dollars["pending_credits"] == 700
        assert found["counts"] == {
            "open_invoices": 0, "overdue_invoices": 0, "disputes": 1, "returned_payments": 1,
            "pending_credits": 2,
        }  # fmt: skip
        a_credit(contoso, "cn_3", 300, "issued", settles="balance", request=asked)
        (dollars,) = good(desk.get(CREDIT, customer="cus_1"))["currencies"]
        assert dollars["pending_credits"] == 400

    @pytest.mark.parametrize(("days", "held"), [(60, False), (61, True)])
    def test_holds_credit_back_when_a_debt_is_old(
        self, desk: Caller, contoso: Any, days: int, held: bool
    ) -> None:
        contoso.legal_entity.zone = "UTC"
        contoso.legal_entity.save()
        a_debt(contoso, days, 100)
        for address, name in ((CREDIT, "customer"), (ACCOUNT, "id")):
            found = good(desk.get(address, **{name: "cus_1"}))["credit_hold"]
            assert found["held"] is held
            assert bool(found["reasons"]) is held

    def test_holds_credit_back_after_a_write_off(self, desk: Caller, contoso: Any) -> None:
        a_debt(contoso, 10, 100, state="written_off")
        found = good(desk.get(CREDIT, customer="cus_1"))
        assert found["credit_hold"]["held"]
        assert found["currencies"][0]["written_off"] == 100
        assert found["currencies"][0]["open"] == 0

    def test_of_a_customer_without_anything_is_empty_and_not_missing(
        self, desk: Caller, contoso: Any
    ) -> None:
        found = good(desk.get(CREDIT, customer="cus_1"))
        assert (found["currencies"], found["credit_hold"]["held"]) == ([], False)


class TestInvoices:
    def test_are_found_by_number_and_by_id(self, desk: Caller, contoso: Any) -> None:
        invoice = a_debt(contoso, 12, 1000, applied=400)
        for id in (invoice.number, invoice.number.lower(), invoice.source_id):
            found = good(desk.get(INVOICE, id=id))
            assert found["number"] == invoice.number
            assert found["open"] == {"minor": 600, "currency": "USD"}
            assert found["overdue_days"] in (11, 12, 13)
            assert (found["posted"], found["postings"], found["cases"]) == (False, [], [])

    def test_tell_where_they_are_posted_and_which_case_is_open(
        self, desk: Caller, contoso: Any
    ) -> None:
        invoice = a_debt(contoso, 0, 10_000)
        entry = a_journal(record_kind="invoice", record_id=invoice.pk)
        command = a_command(
            entry, state=State.POSTED.value, external_id="5512", external_number="2026/42",
            finished_at=clock.now(),
        )  # fmt: skip
        case = a_case(command=command)
        a_case(record_kind="invoice", record_id=invoice.pk, state="resolved",
               resolved_at=clock.now())  # fmt: skip
        found = good(desk.get(INVOICE, id=invoice.number))
        assert found["posted"] is True
        (posting,) = found["postings"]
        assert (posting["journal"], posting["number"]) == (f"JE-{entry.pk}", "2026/42")
        assert (posting["state"], posting["system"]) == ("posted", command.connection.slug)
        assert [one["id"] for one in found["cases"]] == [str(case)]

    def test_that_were_voided_owe_nothing(self, desk: Caller, contoso: Any) -> None:
        invoice = a_debt(contoso, 40, 1000, state="void")
        found = good(desk.get(INVOICE, id=invoice.number))
        assert (found["open"]["minor"], found["overdue_days"]) == (0, 0)

    def test_that_nobody_knows_are_404_and_of_two_systems_409(
        self, desk: Caller, contoso: Any
    ) -> None:
        refused(desk.get(INVOICE, id="INV-0"), 404)
        other = an_account("cus_9", a_party(), connection=a_connection("old"))
        a_debt(contoso, 0, 1, number="SAME-1", source_id="a")
        a_debt(other, 0, 2, number="SAME-1", source_id="b")
        answer = desk.get(INVOICE, id="SAME-1")
        assert "name the system" in refused(answer, 409)
        assert good(desk.get(INVOICE, id="SAME-1", system="old"))["total"]["minor"] == 2


class TestFreshness:
    def test_is_told_for_each_system_and_is_that_of_the_slowest(
        self, desk: Caller, contoso: Any
    ) -> None:
        now = clock.now()
        SourceCursor.objects.create(
            connection=contoso.connection, next_at=now, polled_at=now - timedelta(seconds=20)
        )
        crm = a_connection("crm", "stripe")
        SourceCursor.objects.create(
            connection=crm, next_at=now, polled_at=now - timedelta(seconds=7200)
        )
        found = good(desk.get(ACCOUNT, id="cus_1"))["freshness"]
        billing, other = sorted(found["sources"], key=lambda one: str(one["system"]))
        assert (billing["stale"], other["stale"], found["stale"]) == (False, True, True)
        assert (billing["interval_s"], found["as_of"]) == (300, other["as_of"])

    def test_goes_no_further_than_what_still_waits_to_be_read(
        self, desk: Caller, contoso: Any
    ) -> None:
        now = clock.now()
        SourceCursor.objects.create(connection=contoso.connection, next_at=now, polled_at=now)
        waiting = an_event(contoso.connection, received_at=now - timedelta(hours=1))
        found = good(desk.get(INVOICE, id=a_debt(contoso, 0, 1).number))["freshness"]
        assert found["as_of"] == waiting.received_at.isoformat().replace("+00:00", "Z")
        assert found["stale"] is True

    def test_of_a_system_that_never_told_anything_is_stale(
        self, desk: Caller, contoso: Any
    ) -> None:
        found = good(desk.get(CREDIT, customer="cus_1"))["freshness"]
        assert (found["as_of"], found["stale"]) == (None, True)


class TestReach:
    @pytest.fixture
    def german(self) -> LegalEntity:
        return a_legal_entity("NW-DE", zone="Europe/Berlin", functional_currency="EUR")

    @pytest.fixture
    def narrow(self) -> Caller:
        return Caller("read:lookups", "read:cases", "read:journals", "entity:NW-DE")

    def test_ends_at_the_tokens_legal_entities(
        self, narrow: Caller, contoso: Any, german: LegalEntity
    ) -> None:
        ours = a_debt(contoso, 5, 100)
        a_subscription(contoso, "sub_1")
        for path, asked in (
            (ACCOUNT, {"id": "cus_1"}),
            (ACCOUNT, {"id": f"PTY-{contoso.party_id}"}),
            (ACCOUNT, {"name": "Contoso", "tax_id": "DE123456789", "country": "DE"}),
            (CREDIT, {"customer": "cus_1"}),
            (INVOICE, {"id": ours.number}),
            ("/api/v1/lookups/entitlement/", {"subscription": "sub_1", "feature": "calls"}),
        ):
            here = narrow.get(path, **asked)
            nowhere = narrow.get(path, **dict.fromkeys(asked, "nothing") | (
                {"country": "DE"} if "country" in asked else {}))  # fmt: skip
            assert here.status_code == nowhere.status_code == 404, path
            assert "Contoso Ltd" not in here.content.decode()

    def test_shows_of_a_shared_customer_only_its_own_books(
        self, narrow: Caller, contoso: Any, german: LegalEntity
    ) -> None:
        local = an_account("cus_de", contoso.party, legal_entity=german)
        a_debt(contoso, 90, 7000)
        a_debt(local, 5, 300)
        found = good(narrow.get(ACCOUNT, id="cus_de"))
        assert [one["id"] for one in found["known_as"]] == ["cus_de"]
        assert found["credit_hold"]["held"] is False
        standing = good(narrow.get(CREDIT, customer="cus_de"))
        assert [one["open"] for one in standing["currencies"]] == [300]
        wide = good(Caller("read:lookups").get(CREDIT, customer="cus_de"))
        assert [one["open"] for one in wide["currencies"]] == [7300]

    def test_sends_nothing(self) -> None:
        narrow = Caller("events:write", "usage:write", "entity:NW-DE")
        for path in ("/api/v1/events/", "/api/v1/usage/"):
            assert "limited to NW-DE" in refused(narrow.post(path, {}), 403)

    def test_a_limit_alone_is_no_scope(self) -> None:
        with pytest.raises(ValueError, match="at least one scope"):
            Caller("entity:NW-DE")
