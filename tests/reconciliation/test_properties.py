"""Whatever the rows are: differences add up, and looking at what changed is looking at all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from revops.kernel import clock
from revops.reconciliation.engine.adding import adds_up
from revops.reconciliation.engine.deciding import cluster
from revops.reconciliation.engine.explaining import next_to_last, remainder_last
from revops.reconciliation.engine.lags import percentile
from revops.reconciliation.engine.rows import Row, Terms
from revops.reconciliation.models import Break, Holding
from revops.reconciliation.operations import runs
from tests.reconciliation.lists import CHECK, DAY, Lists

AMOUNTS = st.sampled_from([100, 101, 250, -100, 0])
STATES = st.sampled_from(["open", "posted", "void"])


def rows(side: str) -> st.SearchStrategy[list[Row]]:
    made = st.builds(
        lambda amount, currency, state, days, tax, gone: (
            amount, currency, state, DAY + timedelta(days=days), tax, gone
        ),
        AMOUNTS, st.sampled_from(["USD", "EUR"]), STATES, st.integers(0, 3),
        st.sampled_from([None, 0, 9]), st.sampled_from(["", "X-1"]),
    )  # fmt: skip
    return st.lists(made, max_size=3).map(
        lambda found: [
            Row(
                id=f"{side}{place}", key="k", amount=one[0], currency=one[1], state=one[2],
                dated=one[3], tax=one[4], gone=one[5],
            )
            for place, one in enumerate(found)
        ]
    )  # fmt: skip


def by_currency(left: list[Row], right: list[Row]) -> dict[str, int]:
    found: dict[str, int] = {}
    for sign, held in ((1, left), (-1, right)):
        for row in held:
            found[row.currency] = found.get(row.currency, 0) + sign * row.amount
    return {currency: off for currency, off in found.items() if off}


class TestRowsOfOneKey:
    @given(rows("l"), rows("r"), st.integers(0, 5), st.booleans())
    @settings(max_examples=100)
    def test_differ_by_what_their_breaks_say(
        self, left: list[Row], right: list[Row], within: int, taxed: bool
    ) -> None:
        if not left and not right:
            return
        compares = CHECK.compares if taxed else CHECK.compares - {"tax", "state"}
        terms = Terms(
            compares=compares, today=DAY + timedelta(days=90), lag_days=2, states=CHECK.states,
            amount_within=within, days_within=0,
        )  # fmt: skip
        found = cluster(left, right, terms, {})
        told: dict[str, int] = {}
        for one in found:
            told[one.currency] = told.get(one.currency, 0) + one.difference
        assert {key: off for key, off in told.items() if off} == by_currency(left, right)
        assert len({one.fingerprint for one in found}) == len(found)
        again = cluster(left[::-1], right[::-1], terms, {})
        assert {one.fingerprint for one in again} == {one.fingerprint for one in found}


class TestShares:
    @given(
        st.integers(-(10**9), 10**9),
        st.lists(st.integers(0, 31), min_size=2, max_size=14).filter(any),
    )
    def test_by_every_method_add_up(self, total: int, weights: list[int]) -> None:
        assert sum(remainder_last(total, weights)) == total
        assert sum(next_to_last(total, weights)) == total


class TestAddingUp:
    @given(st.lists(st.integers(1, 500), min_size=2, max_size=9), st.data())
    def test_finds_rows_that_do(self, amounts: list[int], data: st.DataObject) -> None:
        size = data.draw(st.integers(2, min(4, len(amounts))))
        target = sum(amounts[:size])
        found = adds_up(target, amounts)
        assert found is not None
        assert sum(amounts[place] for place in found) == target
        assert len(found) <= size


class TestLags:
    @given(st.dictionaries(st.integers(0, 20), st.integers(1, 50), min_size=1))
    def test_hold_for_as_many_as_they_say(self, days: dict[int, int]) -> None:
        found = percentile(days)
        pairs = sum(days.values())
        assert (found is None) == (pairs < 20)
        if found is not None:
            within = sum(count for length, count in days.items() if length <= found)
            assert within * 100 >= pairs * 95


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["bill", "post", "amount", "gone", "moved", "key"]), st.integers(0, 7)
    ),
    max_size=6,
)


@pytest.mark.django_db
class TestWhatChanged:
    @given(
        st.lists(st.sampled_from(["both", "left", "right", "off"]), min_size=4, max_size=8),
        CHANGES,
    )
    @settings(
        max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    def test_looked_at_alone_gives_what_looking_at_all_gives(
        self, monkeypatch: pytest.MonkeyPatch, start: list[str], changes: list[tuple[str, int]]
    ) -> None:
        monkeypatch.setattr(runs, "WHOLE_BELOW", 0)
        Break.objects.all().delete()
        Holding.objects.all().delete()
        lists = Lists()
        for number, how in enumerate(start):
            if how != "right":
                lists.bill(f"K{number}", 100 + number, party=f"P{number}")
            if how != "left":
                lists.post(f"K{number}", 100 + number + 7 * (how == "off"), party=f"P{number}")
        lists.run()
        for step, (what, number) in enumerate(changes):
            _change(lists, what, number, step)
        part = lists.run(full=False)
        found = _told()
        whole = lists.run()
        assert part.touched is not None
        assert (part.figures, part.evidence) == (whole.figures, whole.evidence)
        assert found == _told()
        assert [one["unclassified"] for one in whole.figures.values()] == [0] * len(whole.figures)


def _told() -> list[tuple[str, ...]]:
    standing = Break.objects.exclude(state="settled").order_by("fingerprint")
    return [
        (one.fingerprint, one.type, one.state, str(one.difference), one.reason) for one in standing
    ]


def _change(lists: Lists, what: str, number: int, step: int) -> None:
    now = clock.now()
    held = Holding.objects.filter(gone_in=None, key=f"K{number}").order_by("pk").first()
    if what in ("bill", "post"):
        put = lists.bill if what == "bill" else lists.post
        put(f"K{number}", 100 + number, external_id=f"new-{what}-{step}", touched_at=now)
    elif held is None:
        return
    elif what == "gone":
        lists.gone(held)
    elif what == "amount":
        lists.edited(held, amount=held.amount + 5)
    elif what == "moved":
        lists.edited(held, dated=DAY + timedelta(days=30))
    else:
        held.before = {"key": held.key, "amount": held.amount}
        held.key, held.touched_at = f"K{number}-moved", now
        held.save()
