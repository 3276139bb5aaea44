from __future__ import annotations

import pytest

from revops.kernel.money import Money
from revops.lineage.queries.entries import entry
from tests.console.company import Company, build, journal


@pytest.fixture
def company(db: None) -> Company:
    return build()


class TestEntry:
    def test_has_its_lines_with_names_and_sides(self, company: Company) -> None:
        found = entry(company.stories["posted"].entry.pk)
        assert found is not None
        debit, credit = found.lines
        assert (debit.name, debit.debit, debit.credit) == (
            "Accounts receivable",
            Money(1_191_780, "USD"),
            None,
        )
        assert (credit.debit, credit.credit) == (None, Money(1_191_780, "USD"))
        assert found.total == Money(1_191_780, "USD")

    def test_leads_back_to_its_event_and_mapping_version(self, company: Company) -> None:
        told = company.stories["posted"]
        found = entry(told.entry.pk)
        assert found is not None
        assert found.event is not None
        assert found.event.inbound == told.event
        assert found.version is not None
        assert found.version.note == "Opening maps"

    def test_names_what_undoes_it(self, company: Company) -> None:
        told = company.stories["posted"]
        undoing = journal(
            company,
            told.invoice,
            1_191_780,
            company.now,
            "co-void",
            document_type="void",
            business_key="stripe:void",
            description="Void",
            reverses=told.entry,
        )
        found = entry(told.entry.pk)
        assert found is not None
        assert list(found.reversals) == [undoing]

    def test_says_when_an_account_is_not_in_the_chart(self, company: Company) -> None:
        from revops.mappings.models import LedgerAccount

        LedgerAccount.objects.filter(code="2300").delete()
        found = entry(company.stories["posted"].entry.pk)
        assert found is not None
        assert found.lines[1].name == "not in the chart of accounts"

    def test_is_none_for_what_does_not_exist(self, company: Company) -> None:
        assert entry(999_999) is None
