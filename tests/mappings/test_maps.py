"""Mapping taxes: from a day on, under a new version, and never two accounts for one day."""

from __future__ import annotations

from datetime import date

import pytest

from revops.mappings.models import LedgerAccount, LegalEntity, MappingVersion, TaxMap
from revops.mappings.operations import MapRefused, map_tax
from tests import factories

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)


@pytest.fixture
def entity(db: None) -> LegalEntity:
    for code in ("2100", "2110"):
        LedgerAccount.objects.get_or_create(code=code, defaults={"name": f"Tax {code}"})
    return factories.a_legal_entity("MAP")


def account_on(entity: LegalEntity, day: date) -> list[str]:
    rows = TaxMap.objects.filter(legal_entity=entity, code="vat", valid__contains=day)
    return [row.account.code for row in rows]


class TestMapTax:
    def test_counts_from_its_day_and_leaves_what_was_before(self, entity: LegalEntity) -> None:
        first = map_tax(entity, "vat", account="2100", since=MAY, by="Ada")
        second = map_tax(entity, "vat", account="2110", since=JUNE, by="Ada")

        assert account_on(entity, date(2026, 4, 30)) == []
        assert account_on(entity, date(2026, 5, 31)) == ["2100"]
        assert account_on(entity, JUNE) == ["2110"]
        assert second.pk > first.pk
        assert "vat" in second.note
        assert "2100 → 2110 since 2026-06-01" in second.note
        assert second.made_by == "Ada"

    def test_a_row_of_the_same_day_is_corrected(self, entity: LegalEntity) -> None:
        map_tax(entity, "vat", account="2100", since=MAY, by="Ada")
        version = map_tax(entity, "vat", account="2110", since=MAY, by="Ada")

        assert account_on(entity, MAY) == ["2110"]
        assert TaxMap.objects.get(legal_entity=entity, code="vat").version == version

    @pytest.mark.parametrize(
        ("account", "since", "words"),
        [
            ("2110", MAY, "begins after"),
            ("2100", JUNE, "already"),
            ("9999", JUNE, "no 9999"),
        ],
    )
    def test_is_refused_with_a_reason_and_changes_nothing(
        self, entity: LegalEntity, account: str, since: date, words: str
    ) -> None:
        map_tax(entity, "vat", account="2100", since=JUNE, by="Ada")
        versions = MappingVersion.objects.count()

        with pytest.raises(MapRefused, match=words):
            map_tax(entity, "vat", account=account, since=since, by="Ada")

        assert account_on(entity, JUNE) == ["2100"]
        assert MappingVersion.objects.count() == versions
