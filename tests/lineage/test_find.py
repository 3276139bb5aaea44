from __future__ import annotations

import pytest

from revops.lineage.queries.find import checked, find
from tests import factories
from tests.console.company import Company, build


@pytest.fixture
def company(db: None) -> Company:
    return build()


class TestFind:
    def test_knows_every_system_s_id_of_one_story(self, company: Company) -> None:
        told = company.stories["posted"]
        factories.a_reference(told.invoice, "ERP-77", connection=company.erp, type="move")
        for text, expected in (
            (told.invoice.number, ("invoice", told.invoice.pk)),
            (told.invoice.number.lower(), ("invoice", told.invoice.pk)),
            (f"  {told.invoice.number} ", ("invoice", told.invoice.pk)),
            ("ERP-77", ("invoice", told.invoice.pk)),
            (told.event.source_event_id, ("event", told.event.pk)),
            (f"EVT-{told.event.pk}", ("event", told.event.pk)),
            (f"je-{told.entry.pk}", ("journal", told.entry.pk)),
            (f"CMD-{told.command.pk}", ("command", told.command.pk)),
            (told.command.key, ("command", told.command.pk)),
            (told.entry.correlation_id, ("journal", told.entry.pk)),
            (told.invoice.source_id, ("event", told.event.pk)),
        ):
            (match,) = find(text)
            assert (match.kind, match.id) == expected, text

    def test_finds_a_case_by_our_own_id(self, company: Company) -> None:
        case = factories.a_case()
        (match,) = find(f"EXC-{case.pk}")
        assert (match.kind, match.id, match.label) == ("case", case.pk, "Case")

    def test_lists_all_when_two_systems_use_one_id(self, company: Company) -> None:
        other = factories.a_connection("chargebee", label="Chargebee")
        told = company.stories["posted"]
        twin = factories.an_invoice(other, number=told.invoice.number)
        factories.a_reference(twin, told.invoice.number, type="invoice_number")
        assert {match.system for match in find(told.invoice.number)} == {"Stripe", "Chargebee"}

    @pytest.mark.parametrize(
        "text",
        ["", "   ", "nothing", "JE-999999", "EXC-0", "x" * 300, "a\x00b", "%", "JE-1' OR 1=1"],
    )
    def test_finds_nothing_where_there_is_nothing(self, company: Company, text: str) -> None:
        assert find(text) == []

    def test_says_which_systems_it_looked_through(self, company: Company) -> None:
        assert [system.label for system in checked()] == ["Stripe", "Tryton US"]
