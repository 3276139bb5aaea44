from __future__ import annotations

from datetime import UTC, datetime, timedelta

from revops.console.moments import evidence, moments_of, slide_of
from revops.lineage.queries.hops import Hop, Thread

START = datetime(2026, 10, 31, 12, 0, tzinfo=UTC)


def a_hop(id: int, minutes: int | None, status: str = "issued") -> Hop:
    known = START + timedelta(minutes=minutes) if minutes is not None else None
    return Hop(
        kind="invoice", id=id, label="Invoice", name=f"INV-{id}", system="Billing", status=status,
        known=known,
    )  # fmt: skip


class TestMoments:
    def test_are_in_the_order_of_learning(self) -> None:
        found = moments_of([a_hop(1, 5), a_hop(2, 1), a_hop(3, None)])
        assert [moment.at for moment in found] == [
            START + timedelta(minutes=1),
            START + timedelta(minutes=5),
        ]
        assert found[0].words == "invoice issued"

    def test_one_instant_is_one_moment(self) -> None:
        assert len(moments_of([a_hop(1, 5), a_hop(2, 5)])) == 1


class TestSlide:
    def test_keeps_its_numbers_when_more_is_learnt(self) -> None:
        before = slide_of([a_hop(1, 1), a_hop(2, 5)], "1").chosen
        after = slide_of([a_hop(1, 1), a_hop(2, 5), a_hop(3, 9)], "1").chosen
        assert before is not None
        assert after is not None
        assert before.at == after.at

    def test_is_now_for_what_is_no_moment(self) -> None:
        for number in ("", "2", "99", "-1", "x", "²"):
            slide = slide_of([a_hop(1, 1), a_hop(2, 5)], number)
            assert (slide.chosen, slide.value, slide.words) == (None, 2, "Now")


class TestEvidence:
    def test_is_the_same_for_the_same_facts_and_differs_for_others(self) -> None:
        thread = Thread("invoice", 1, [a_hop(1, 1)])
        assert evidence(thread) == evidence(Thread("invoice", 1, [a_hop(1, 1)]))
        assert evidence(thread) != evidence(Thread("invoice", 1, [a_hop(1, 1, "paid")]))
