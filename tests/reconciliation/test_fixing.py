"""A tax that the ERP has on another account leads to the line of the map, with that account."""

from __future__ import annotations

from datetime import date, timedelta
from html import unescape

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.models import User
from exceptions.models import Case
from revops.kernel import clock
from revops.mappings.models import LegalEntity, MappingVersion, TaxMap
from revops.reconciliation.fixing import KIND, TaxMapBehind
from revops.reconciliation.models import Holding, Load, Pair
from revops.reconciliation.operations import runs
from tests import factories as make
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db

DAY = date(2026, 10, 15)


@pytest.fixture
def case() -> Case:
    """Ours has 20.00 of tax on 2100; the ERP has them on 2110, where other codes are owed."""
    entity = make.a_legal_entity()
    a_row(entity, "US-WA", "2100")
    a_row(entity, "US-OR", "2110")
    entry = make.a_journal(
        entity, lines=(("1200", 12_000), ("4000", -10_000), ("2100", -2_000)),
        taxed={"2100": "US-WA"}, accounting_date=DAY,
    )  # fmt: skip
    erp = make.a_connection("erp", "tryton")
    command = make.a_command(entry, connection=erp, state="posted", external_id="7")
    now = clock.now()
    load = Load.objects.create(
        connection=erp, kind="journal", starts=DAY.replace(day=1), ends=DAY.replace(day=31),
        state="done", by="test", began_at=now, ended_at=now,
    )  # fmt: skip
    Holding.objects.create(
        connection=erp, kind="journal", external_id="7", legal_entity=entity, key=command.key,
        currency="USD", amount=12_000, dated=DAY, state="posted", first_in=load, seen_in=load,
        accounts={"USD": {"1200": 12_000, "4000": -10_500, "2110": -2_000, "2100": 500}},
        touched_at=now - timedelta(days=2),
    )  # fmt: skip
    pair = Pair.objects.create(check_slug="erp_journals", right=erp)
    runs.run(pair_id=pair.pk, entity_id=entity.pk, period_code="2026-10", full=True, by="test")
    return Case.objects.get(kind=KIND)


def a_row(entity: LegalEntity, code: str, account: str) -> TaxMap:
    version = MappingVersion.objects.create(note="Opening maps", made_by="Setup")
    return TaxMap.objects.create(
        legal_entity=entity, code=code, account=make.a_ledger_account(account, f"Tax {account}"),
        version=version, valid=DateRange(date(2026, 1, 1), None),
    )  # fmt: skip


class TestTheTaxMapBehind:
    def test_is_one_press_away_with_the_erps_account_filled_in(
        self, case: Case, sign_in: SignIn, rob: User
    ) -> None:
        client = sign_in(rob)
        page = unescape(client.get(f"/exceptions/causes/{case.cause_key}/").content.decode())
        row = TaxMap.objects.get(code="US-WA")
        address = (
            f"/mappings/tax-codes/?edit={row.pk}&q=US-WA&on=2026-10-15&from=2026-10-15&account=2110"
        )
        assert f'href="{address}#editor">Correct the map of tax code US-WA' in page
        editor = client.get(address).content.decode()
        assert '<option value="2110" selected>' in editor
        assert 'value="2026-10-15"' in editor

    def test_of_a_code_that_only_the_line_for_all_others_maps_begins_one_of_its_own(
        self, case: Case, rob: User
    ) -> None:
        TaxMap.objects.filter(code="US-WA").update(code="*")
        panel = TaxMapBehind(KIND).panel(case.cause_key, {}, user=rob, at=clock.now())
        assert panel is not None
        assert panel.elsewhere is not None
        assert "?edit=new&key=US-WA&of=NW-US&from=2026-10-15&account=2110#" in panel.elsewhere[1]

    def test_leads_nowhere_for_what_no_tax_code_is_known_of(self, case: Case, rob: User) -> None:
        Case.objects.filter(pk=case.pk).update(record_kind="", record_id=None)
        assert TaxMapBehind(KIND).panel(case.cause_key, {}, user=rob, at=clock.now()) is None
