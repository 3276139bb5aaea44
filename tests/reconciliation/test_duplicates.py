"""What an ERP holds twice is put right whichever of the two was taken for ours."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from revops.delivery.models import OutboundCommand
from revops.kernel import clock
from revops.reconciliation.models import Break, Holding, Load, Pair
from revops.reconciliation.operations import mending, runs
from tests import factories as make

pytestmark = pytest.mark.django_db

DAY = date(2026, 10, 15)


class Books:
    """One journal of ours, posted as ``posted``; the ERP lists it under ``ids``, all alike."""

    def __init__(self, posted: str, ids: list[str]) -> None:
        self.entity = make.a_legal_entity()
        entry = make.a_journal(
            self.entity, lines=(("1200", 12_000), ("4000", -12_000)), accounting_date=DAY
        )
        erp = make.a_connection("erp", "tryton")
        command = make.a_command(entry, connection=erp, state="posted", external_id=posted)
        now = clock.now()
        load = Load.objects.create(
            connection=erp, kind="journal", starts=DAY.replace(day=1), ends=DAY.replace(day=31),
            state="done", by="test", began_at=now, ended_at=now,
        )  # fmt: skip
        for one in ids:
            Holding.objects.create(
                connection=erp, kind="journal", external_id=one, legal_entity=self.entity,
                key=command.key, currency="USD", amount=12_000, dated=DAY, state="posted",
                first_in=load, seen_in=load, accounts={"USD": {"1200": 12_000, "4000": -12_000}},
                touched_at=now - timedelta(days=2),
            )  # fmt: skip
        self.pair = Pair.objects.create(check_slug="erp_journals", right=erp)

    def breaks(self) -> list[Break]:
        runs.run(
            pair_id=self.pair.pk, entity_id=self.entity.pk, period_code="2026-10", full=True,
            by="test",
        )  # fmt: skip
        found = Break.objects.filter(pair=self.pair).exclude(state="settled").order_by("pk")
        return list(found)


def reversed_by(found: Break) -> list[str]:
    return [one.external_id for one in mending.plan(found).reverses]


class TestDuplicates:
    def test_numbers_count_in_their_order(self) -> None:
        """As text 100 would come before 99."""
        (found,) = Books("move:99", ["move:99", "move:100"]).breaks()
        assert (found.type, found.right[0]["id"]) == ("duplicate", "move:100")
        assert reversed_by(found) == ["move:100"]

    def test_the_copy_goes_where_ours_was_taken_for_it(self) -> None:
        (found,) = Books("entry:b7", ["entry:b7", "entry:a1"]).breaks()
        assert (found.type, found.right[0]["id"]) == ("duplicate", "entry:b7")
        assert reversed_by(found) == ["entry:a1"]

    @pytest.mark.parametrize("ours", ["entry:a1", "entry:b7", "entry:c3"])
    def test_of_three_each_copy_goes_once(self, ours: str) -> None:
        ids = ["entry:a1", "entry:b7", "entry:c3"]
        books = Books(ours, ids)
        found = books.breaks()
        plans = sorted(one for each in found for one in reversed_by(each))
        assert plans == sorted(set(ids) - {ours})

    def test_is_in_agreement_once_the_copy_is_reversed(self) -> None:
        books = Books("entry:b7", ["entry:b7", "entry:a1"])
        (found,) = books.breaks()
        assert mending.carry_out(found, mending.plan(found)) == 1
        OutboundCommand.objects.filter(document_type="erp_reversal").update(
            state="posted", external_id="entry:r1", finished_at=clock.now()
        )
        assert books.breaks() == []
