"""Cases, journals and threads as services read them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from exceptions.models import CaseEntry, CaseState
from revops.delivery.decide import State
from revops.kernel import clock
from tests.api.calls import PROBLEM, Caller
from tests.factories import (
    a_case,
    a_command,
    a_connection,
    a_journal,
    a_legal_entity,
    a_reference,
    an_event,
    an_invoice,
)

CASES = "/api/v1/cases/"
JOURNALS = "/api/v1/journals/"


@pytest.fixture
def reader(db: None) -> Caller:
    return Caller()


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


class TestCases:
    def test_tell_the_amount_in_minor_units_with_its_currency(self, reader: Caller) -> None:
        a_case(at_stake=199_900, currency="JPY")
        (row,) = reader.get(CASES).json()["results"]
        assert row["at_stake"] == {"minor": 199_900, "currency": "JPY"}

    def test_tell_an_unknown_amount_as_null_and_not_as_nothing(self, reader: Caller) -> None:
        a_case(at_stake=None)
        (row,) = reader.get(CASES).json()["results"]
        assert row["at_stake"] is None

    def test_are_filtered(self, reader: Caller) -> None:
        kept = a_case(
            kind="in_doubt",
            state=CaseState.IN_DOUBT,
            legal_entity=a_legal_entity("NW-DE"),
            period_code="2026-09",
            connection_slug="erp",
        )
        a_case()
        for name, value in {
            "kind": "in_doubt",
            "state": "in_doubt",
            "entity": "NW-DE",
            "period": "2026-09",
            "connection": "erp",
        }.items():
            assert ids(reader.get(CASES, **{name: value})) == [str(kept)], name

    def test_without_the_resolved_ones(self, reader: Caller) -> None:
        open_case = a_case()
        done = a_case(state=CaseState.RESOLVED, resolved_at=clock.now())
        assert ids(reader.get(CASES, state="unresolved")) == [str(open_case)]
        assert ids(reader.get(CASES, state="resolved")) == [str(done)]
        assert len(ids(reader.get(CASES))) == 2

    def test_come_in_pages_that_new_cases_do_not_shift(self, reader: Caller) -> None:
        first = [str(a_case()) for _ in range(7)]
        page = reader.get(CASES, limit=3).json()
        a_case()
        seen = [row["id"] for row in page["results"]]
        while page["next"]:
            page = reader.client.get(page["next"], headers=reader.headers).json()
            seen += [row["id"] for row in page["results"]]
        assert seen == list(reversed(first))

    def test_keep_the_filter_from_page_to_page(self, reader: Caller) -> None:
        for _ in range(3):
            a_case(kind="a")
            a_case(kind="b")
        rows = list(reader.all_pages(CASES, kind="a", limit=1))
        assert [row["kind"] for row in rows] == ["a", "a", "a"]

    @pytest.mark.parametrize(
        ("query", "name"),
        [
            ({"state": "broken"}, "state"),
            ({"limit": 0}, "limit"),
            ({"limit": 201}, "limit"),
            ({"limit": "many"}, "limit"),
            ({"kindd": "a"}, "kindd"),
            ({"user__password__startswith": "a"}, "user__password__startswith"),
            ({"cursor": "nonsense"}, "cursor"),
            ({"cursor": "é"}, "cursor"),
            ({"kind": ["a", "b"]}, "kind"),
        ],
    )
    def test_refuse_a_parameter_that_makes_no_sense(
        self, reader: Caller, query: dict[str, Any], name: str
    ) -> None:
        answer = reader.get(CASES, **query)
        assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)
        assert [error["path"] for error in answer.json()["errors"]] == [name]

    def test_are_read_one_by_one_with_their_story(self, reader: Caller, ana: Any) -> None:
        case = a_case(facts=[["Amount", "USD 100.00"]], blocked_steps=["Post the journal"])
        CaseEntry.objects.create(case=case, at=clock.now(), text="Opened.")
        CaseEntry.objects.create(case=case, at=clock.now(), text="Looking.", by=ana)
        found = reader.get(f"{CASES}{case}/").json()
        assert found["facts"] == [["Amount", "USD 100.00"]]
        assert found["blocked_steps"] == ["Post the journal"]
        assert [(row["text"], row["by"]) for row in found["story"]] == [
            ("Opened.", None),
            ("Looking.", "Ana Lima"),
        ]

    @pytest.mark.parametrize(
        "reference", ["EXC-999999", "JE-1", "12", "EXC-", "EXC-9" * 20, "EXC-٣"]
    )
    def test_say_when_there_is_no_such_case(self, reader: Caller, reference: str) -> None:
        answer = reader.get(f"{CASES}{reference}/")
        assert (answer.status_code, answer["Content-Type"]) == (404, PROBLEM)


@pytest.mark.django_db(transaction=True)
class TestJournals:
    def test_tell_how_their_posting_stands(self, reader: Caller) -> None:
        entry = a_journal()
        a_command(entry, state=State.POSTED.value, external_id="77", external_number="2026/77")
        (row,) = reader.get(JOURNALS).json()["results"]
        (posting,) = row["postings"]
        assert (posting["state"], posting["external_number"]) == ("posted", "2026/77")

    def test_are_filtered(self, reader: Caller) -> None:
        kept = a_journal(
            a_legal_entity("NW-DE"),
            lines=(("1500", 500), ("2400", -500)),
            business_key="stripe:in_kept",
            accounting_date=date(2026, 9, 30),
        )
        a_command(kept, state=State.UNKNOWN.value)
        a_journal()
        for name, value in {
            "entity": "NW-DE",
            "period": "2026-09",
            "account": "1500",
            "state": "in_doubt",
            "business_key": "stripe:in_kept",
        }.items():
            assert ids(reader.get(JOURNALS, **{name: value})) == [str(kept)], name

    def test_are_found_when_no_erp_was_asked(self, reader: Caller) -> None:
        a_command(a_journal())
        lonely = a_journal()
        assert ids(reader.get(JOURNALS, state="not_routed")) == [str(lonely)]

    def test_have_lines_that_add_up_to_nothing(self, reader: Caller) -> None:
        entry = a_journal(lines=(("1200", 11_900), ("2400", -10_000), ("2100", -1_900)))
        lines = reader.get(f"{JOURNALS}{entry}/").json()["lines"]
        assert [line["amount"]["minor"] for line in lines] == [11_900, -10_000, -1_900]

    def test_come_in_pages(self, reader: Caller) -> None:
        made = [str(a_journal()) for _ in range(4)]
        assert [row["id"] for row in reader.all_pages(JOURNALS, limit=1)] == made[::-1]

    def test_say_when_there_is_no_such_entry(self, reader: Caller) -> None:
        assert reader.get(f"{JOURNALS}JE-99999999/").status_code == 404

    def test_cost_the_same_queries_however_many_there_are(
        self, reader: Caller, django_assert_num_queries: Any
    ) -> None:
        for _ in range(5):
            a_command(a_journal())
        reader.get(JOURNALS)
        # The token, the entries with entity and period, the commands with their connection.
        with django_assert_num_queries(3):
            assert len(ids(reader.get(JOURNALS))) == 5


@pytest.mark.django_db(transaction=True)
class TestLineage:
    def test_follows_a_record_to_its_journal(self, reader: Caller) -> None:
        invoice = an_invoice()
        entry = a_journal(record_kind="invoice", record_id=invoice.pk)
        a_command(entry, state=State.POSTED.value, external_id="77")
        found = reader.get(f"/api/v1/lineage/invoice/{invoice.pk}/").json()
        kinds = [hop["kind"] for hop in found["hops"]]
        assert kinds.index("invoice") < kinds.index("journal") < kinds.index("posting")
        (subject,) = (hop for hop in found["hops"] if hop["key"] == found["subject"])
        assert subject["amount"] == {"minor": 10_000, "currency": "USD"}

    @pytest.mark.parametrize("path", ["invoice/999999", "nonsense/1", "case/1"])
    def test_says_when_there_is_no_thread(self, reader: Caller, path: str) -> None:
        answer = reader.get(f"/api/v1/lineage/{path}/")
        assert (answer.status_code, answer["Content-Type"]) == (404, PROBLEM)

    def test_is_found_by_any_id(self, reader: Caller) -> None:
        invoice = an_invoice()
        a_reference(invoice, "in_abc")
        entry = a_journal(record_kind="invoice", record_id=invoice.pk)
        command = a_command(entry)
        case = a_case(command=command)
        for reference in ("in_abc", str(entry), str(command), command.key, str(case)):
            found = reader.get(f"/api/v1/lineage/{reference}/")
            assert found.status_code == 200, reference
            assert any(hop["key"] == f"journal-{entry.pk}" for hop in found.json()["hops"])

    def test_asks_back_when_two_systems_use_the_id(self, reader: Caller) -> None:
        for slug in ("one", "two"):
            a_reference(an_invoice(a_connection(slug)), "1001")
        answer = reader.get("/api/v1/lineage/1001/")
        assert (answer.status_code, answer["Content-Type"]) == (409, PROBLEM)
        assert [match["system"] for match in answer.json()["matches"]] == ["One", "Two"]

    def test_starts_at_an_event_too(self, reader: Caller) -> None:
        event = an_event()
        found = reader.get(f"/api/v1/lineage/event/{event.pk}/").json()
        assert found["subject"] == f"event-{event.pk}"

    @pytest.mark.parametrize("reference", ["nothing", "EXC-99999", "JE-99999", "%00", "x" * 300])
    def test_says_when_no_system_has_the_id(self, reader: Caller, reference: str) -> None:
        answer = reader.get(f"/api/v1/lineage/{reference}/")
        assert (answer.status_code, answer["Content-Type"]) == (404, PROBLEM)


@pytest.mark.django_db
class TestFind:
    def test_leads_to_the_thread(self, reader: Caller) -> None:
        invoice = an_invoice()
        a_reference(invoice, "in_abc")
        (match,) = reader.get("/api/v1/find", q="in_abc").json()["matches"]
        assert match["why"] == "external id"
        found = reader.get(match["address"]).json()
        assert found["subject"] == f"invoice-{invoice.pk}"

    def test_leads_to_a_case(self, reader: Caller) -> None:
        case = a_case()
        (match,) = reader.get("/api/v1/find", q=str(case)).json()["matches"]
        assert reader.get(match["address"]).json()["id"] == str(case)

    def test_tells_where_it_looked_in_vain(self, reader: Caller) -> None:
        a_connection("billing")
        found = reader.get("/api/v1/find", q="nothing").json()
        assert found["matches"] == []
        assert found["checked"] == [{"system": "Billing", "heard_at": None}]

    @pytest.mark.parametrize("query", [{}, {"q": ""}, {"q": "x" * 201}, {"q": "ana@example.com"}])
    def test_wants_an_id(self, reader: Caller, query: dict[str, str]) -> None:
        answer = reader.get("/api/v1/find", **query)
        assert answer.status_code == 400
        assert [error["path"] for error in answer.json()["errors"]] == ["q"]
