from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from revops.console.graph import MOST, graph_of
from revops.console.moments import evidence, moments_of
from revops.console.verdict import verdict
from revops.delivery.models import Attempt, OutboundCommand
from revops.kernel import strict_json
from revops.kernel.keys import sha256
from revops.lineage import telling
from revops.lineage.queries import Hop, Thread, rows, thread
from revops.pipeline.flows.capabilities import CAPABILITIES
from revops.store import sql
from tests import factories
from tests.console.company import Company, Story, build

PAID = {"state": "paid", "open": 0, "total": 100, "currency": "USD", "payment_state": "succeeded"}


@pytest.fixture
def company(db: None) -> Company:
    return build()


@pytest.fixture
def told(company: Company) -> Story:
    return company.stories["posted"]


def tell(company: Company, subject: tuple[str, int], **values: Any) -> OutboundCommand:
    """One statement to the CRM, with one attempt."""
    number = OutboundCommand.objects.count() + 1
    crm = factories.a_connection("crm", label="Salesforce")
    payload = strict_json.dumps(values.pop("payload", PAID))
    at = company.now - timedelta(hours=1)
    state = values.pop("state", "posted")
    made: dict[str, Any] = {
        "connection": crm, "legal_entity": company.entity, "document_type": "crm.invoice_state",
        "business_key": f"stripe:{number}", "kind": "crm.invoice_state", "key": f"key-{number}",
        "payload": payload, "payload_sha256": sha256(payload), "subject_kind": subject[0],
        "subject_id": subject[1], "currency": "USD", "amount": 100, "state": state, "next_at": at,
        "correlation_id": "co-told", "created_at": at,
        "external_id": "a0x" if state == "posted" else None,
        "finished_at": at + timedelta(seconds=2) if state in ("posted", "cancelled") else None,
    }  # fmt: skip
    command = OutboundCommand.objects.create(**(made | values))
    Attempt.objects.create(
        command=command, number=1, kind="send", fence=1, intent_at=at, request_sha256="x",
        outcome="ok" if state == "posted" else "refused", finished_at=at + timedelta(seconds=1),
    )  # fmt: skip
    return command


def of_invoice(told: Story, **values: Any) -> Thread:
    found = thread("invoice", told.invoice.pk, **values)
    assert found is not None
    return found


class TestTold:
    def test_is_a_hop_of_the_record_in_words(self, company: Company, told: Story) -> None:
        command = tell(company, ("invoice", told.invoice.pk))
        (hop,) = of_invoice(told).of("told")
        assert (hop.label, hop.name, hop.system) == ("Invoice state", "paid", "Salesforce")
        assert (hop.status, hop.status_word, hop.at) == ("done", "Told", command.finished_at)
        assert hop.after == (f"invoice-{told.invoice.pk}",)
        assert ("Salesforce", "a0x") in hop.ids
        assert [one.outcome for one in hop.tries] == ["ok"]

    def test_is_not_part_of_a_strip(self, company: Company, told: Story) -> None:
        tell(company, ("invoice", told.invoice.pk))
        assert not of_invoice(told, brief=True).of("told")

    def test_is_a_problem_when_it_was_refused(self, company: Company, told: Story) -> None:
        tell(company, ("invoice", told.invoice.pk), state="exception", reason="No such account.")
        (hop,) = of_invoice(told).problems
        assert (hop.status, hop.missing) == ("refused", "No such account.")

    def test_was_not_told_when_a_newer_state_replaced_it(
        self, company: Company, told: Story
    ) -> None:
        tell(company, ("invoice", told.invoice.pk), state="cancelled", reason="A newer one came.")
        found = of_invoice(told)
        (hop,) = found.of("told")
        assert (hop.status_word, hop.note) == ("Not told", "A newer one came")
        assert not found.problems

    def test_had_not_ended_before_it_ended(self, company: Company, told: Story) -> None:
        command = tell(company, ("invoice", told.invoice.pk))
        before = of_invoice(told, as_of=command.created_at)
        (hop,) = before.of("told")
        assert (hop.status, hop.at) == ("waiting", None)
        assert ("Salesforce", "a0x") not in hop.ids
        earlier = of_invoice(told, as_of=command.created_at - timedelta(seconds=1))
        assert not earlier.of("told")

    def test_has_a_moment_and_changes_the_evidence(self, company: Company, told: Story) -> None:
        before = of_invoice(told)
        command = tell(company, ("invoice", told.invoice.pk))
        after = of_invoice(told)
        assert command.finished_at in {moment.at for moment in moments_of(after.hops)}
        assert evidence(before) != evidence(after)

    def test_leads_to_its_thread_by_its_number(self, company: Company, told: Story) -> None:
        command = tell(company, ("invoice", told.invoice.pk))
        found = thread("command", command.pk)
        assert found is not None
        assert found.subject.key == f"told-{command.pk}"
        assert ("invoice", told.invoice.pk) in {(hop.kind, hop.id) for hop in found.hops}

    def test_of_a_customer_above_shows_the_first_alone(self, company: Company, told: Story) -> None:
        customer = ("customer", told.customer.pk)
        kinds = {"kind": "crm.customer_link", "document_type": "crm.customer_link"}
        first = tell(company, customer, payload={"ids": {"stripe": "cus_1"}}, **kinds)
        second = tell(company, customer, payload={"ids": {"tryton": "7"}}, **kinds)
        assert [hop.id for hop in of_invoice(told).of("told")] == [first.pk]
        own = thread("customer", told.customer.pk)
        assert own is not None
        assert [hop.id for hop in own.of("told")] == [first.pk, second.pk]

    def test_costs_no_query_more(
        self, company: Company, told: Story, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []
        before = sql.rows

        def counted(statement: str, params: Any = None) -> list[Any]:
            asked.append(statement)
            return before(statement, params)

        monkeypatch.setattr(rows.sql, "rows", counted)
        of_invoice(told)
        alone = len(asked)
        for _ in range(5):
            tell(company, ("invoice", told.invoice.pk))
        asked.clear()
        assert len(of_invoice(told).of("told")) == 5
        assert len(asked) == alone


class TestVerdict:
    def test_says_first_that_it_is_in_the_books(self, company: Company, told: Story) -> None:
        tell(company, ("invoice", told.invoice.pk), state="exception", reason="No such account.")
        said = verdict(of_invoice(told), [])
        assert "is in Tryton US" in said.sentence
        assert said.sub == "Salesforce refused “Invoice state”: no such account."
        assert said.tone == "warn"

    @pytest.mark.parametrize(
        ("state", "words"),
        [
            ("posted", "Salesforce was told “Invoice state”."),
            ("exception", "Salesforce refused “Invoice state”: no such account."),
            ("unknown", "Salesforce may or may not have “Invoice state”: it did not answer."),
            ("cancelled", "Salesforce was not told “Invoice state”."),
            ("pending", "“Invoice state” is on its way to Salesforce."),
        ],
    )
    def test_of_a_statement_is_about_the_statement(
        self, company: Company, told: Story, state: str, words: str
    ) -> None:
        reason = "No such account." if state == "exception" else ""
        command = tell(company, ("invoice", told.invoice.pk), state=state, reason=reason)
        found = thread("command", command.pk)
        assert found is not None
        assert verdict(found, []).sentence == words


class TestDrawing:
    def test_counts_alike_statements_and_keeps_others_apart(self) -> None:
        def said(id: int, label: str) -> Hop:
            return Hop(
                kind="told", id=id, label=label, name="paid", system="CRM", status="done",
                after=("invoice-1",),
            )  # fmt: skip

        first = Hop("invoice", 1, "Invoice", "INV-1", "Billing", "paid")
        alike = [said(n, "Invoice state") for n in range(1, MOST + 2)]
        made = graph_of([first, *alike, said(99, "Payment signal")], chosen="", address="/{key}")
        assert [node.count for node in made.roots[0].children] == [MOST + 1, 1]


class TestWords:
    def test_every_capability_has_a_title_and_words(self) -> None:
        for kind, capability in CAPABILITIES.items():
            assert telling.title(kind) == capability.title
            assert len(capability.title) <= 20, "longer than a box of the drawing"
            assert kind in telling._WORDS, kind

    @pytest.mark.parametrize(
        ("kind", "payload", "words"),
        [
            ("crm.invoice_state", PAID, "paid"),
            ("crm.invoice_state", PAID | {"state": "open", "open": 100, "payment_state": "failed"},
             "open, payment failed, USD\u00a01.00 open"),
            ("crm.renewal_value", {"value": 500, "currency": "JPY", "renews_on": "2027-01-01",
                                   "risk": "high"}, "JPY\u00a0500, renews 2027-01-01, risk high"),
            ("crm.health", {"score": "61", "band": "yellow"}, "61 of 100, yellow"),
            ("success.customer", {"name": "Alder", "arr": None, "currency": None}, "Alder"),
            ("success.entitlements", {"quantity": "5", "unit": "seats", "feature": "team",
                                      "used": None, "state": "active"}, "5 seats team, active"),
            ("success.payment_signal", {"kind": "invoice_paid", "amount": 250, "currency": "EUR"},
             "invoice paid, EUR\u00a02.50"),
            ("billing.subscription.create", {"items": [{"price": "team", "quantity": 3}]},
             "3 × team"),
            ("billing.credit_note.create", {"lines": [{"amount": 40}, {"amount": 2}],
                                            "currency": "USD", "memo": "Outage"},
             "USD\u00a00.42, Outage"),
            ("tax.commit", {"lines": [{"tax": 82}, {"tax": 8}], "currency": "USD",
                            "number": "INV-7"}, "USD\u00a00.90 of tax, INV-7"),
            ("tax.void", {"code": "rc1-x"}, "document rc1-x"),
            ("no.such_kind", {"a": 1}, ""),
            ("crm.health", {}, ""),
            ("crm.health", [1], ""),
        ],
    )  # fmt: skip
    def test_say_what_the_payload_says(self, kind: str, payload: object, words: str) -> None:
        assert telling.said(kind, strict_json.dumps(payload)) == words


class TestOneCustomer:
    def test_stands_once_in_a_strip_though_two_systems_know_it(
        self, company: Company, told: Story
    ) -> None:
        crm = factories.a_connection("crm2", label="CRM")
        other = factories.a_customer(crm, name="Alder Health")
        other.party = told.customer.party
        other.save()
        told.customer.parent = other
        told.customer.save()
        found = of_invoice(told)
        assert len(found.of("customer")) == 2
        assert [hop.kind for hop in found.steps].count("customer") == 1

    def test_and_the_customer_above_it_are_two(self, company: Company, told: Story) -> None:
        group = factories.a_customer(company.billing, name="Alder Group")
        told.customer.parent = group
        told.customer.save()
        assert [hop.kind for hop in of_invoice(told).steps].count("customer") == 2
