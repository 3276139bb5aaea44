from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from revops.lineage.expected import NEXT, Absent, absent
from revops.lineage.kinds import KINDS

TODAY = date(2026, 11, 21)


@dataclass
class Row:
    kind: str
    id: int = 1
    state: str = ""
    dated: date | None = date(2026, 10, 1)
    due_on: date | None = None
    amount: int | None = 100


def found(row: Row, *children: str) -> list[Absent]:
    return absent([row], children={(row.kind, row.id): frozenset(children)}, today=TODAY)


class TestAbsent:
    @pytest.mark.parametrize(
        ("kind", "state", "wanted"),
        [
            ("opportunity", "won", "contract"),
            ("contract", "active", "subscription"),
            ("subscription", "active", "invoice"),
            ("invoice", "overdue", "payment"),
            ("payment", "applied", "payout"),
        ],
    )
    def test_names_the_step_that_should_have_followed(
        self, kind: str, state: str, wanted: str
    ) -> None:
        (gap,) = found(Row(kind, state=state))
        assert (gap.kind, gap.late, gap.after) == (wanted, True, (kind, 1))
        assert found(Row(kind, state=state), wanted) == []

    def test_an_invoice_waits_until_it_is_due(self) -> None:
        (gap,) = found(Row("invoice", state="issued", due_on=date(2026, 11, 30)))
        assert (gap.late, gap.by) == (False, date(2026, 12, 1))

    def test_another_way_on_is_as_good(self) -> None:
        assert found(Row("invoice", state="issued"), "credit") == []
        assert found(Row("opportunity", state="won"), "subscription") == []

    @pytest.mark.parametrize(
        ("kind", "state"),
        [("opportunity", "open"), ("invoice", "void"), ("payment", "failed"), ("contract", "x")],
    )
    def test_waits_for_nothing_where_the_story_ended(self, kind: str, state: str) -> None:
        assert found(Row(kind, state=state)) == []

    def test_waits_for_nothing_after_an_invoice_of_zero_or_without_a_day(self) -> None:
        assert found(Row("invoice", state="issued", amount=0)) == []
        assert found(Row("payment", state="applied", dated=None)) == []

    def test_every_rule_speaks_of_kinds_that_threads_have(self) -> None:
        assert {rule.kind for rule in NEXT} | {to for rule in NEXT for to in rule.to} <= set(KINDS)
