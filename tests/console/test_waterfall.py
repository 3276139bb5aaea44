from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from revops.console.waterfall import Axis, Lane, axis_of
from revops.console.waterfall import lanes as lanes_on
from revops.lineage.queries.hops import Hop

START = datetime(2026, 10, 31, 12, 0, tzinfo=UTC)


def a_hop(**values: Any) -> Hop:
    made: dict[str, Any] = {
        "kind": "invoice",
        "id": 1,
        "label": "Invoice",
        "name": "INV-1",
        "system": "Billing",
        "status": "issued",
        "at": START,
    }
    return Hop(**(made | values))


def lanes(hops: list[Hop], *, now: datetime) -> tuple[Axis | None, list[Lane]]:
    axis = axis_of(hops, now=now)
    return axis, lanes_on(hops, axis)


class TestAxis:
    def test_spans_from_the_first_moment_to_the_last(self) -> None:
        axis, _ = lanes([a_hop(), a_hop(at=START + timedelta(hours=12))], now=START)
        assert axis is not None
        assert axis.place(START) == 0
        assert axis.place(START + timedelta(hours=12)) == 9230
        assert len(axis.ticks) == 4

    def test_reaches_until_now_while_something_is_missing(self) -> None:
        late = a_hop(began=START, at=None, missing="It was refused.")
        now = START + timedelta(days=3)
        axis, _ = lanes([a_hop(), late], now=now)
        assert axis is not None
        assert axis.end > now
        assert axis.ticks[0].startswith("31")

    def test_is_none_without_any_time(self) -> None:
        axis, (lane,) = lanes([a_hop(at=None)], now=START)
        assert axis is None
        assert lane.svg == ""


class TestLanes:
    def test_draw_waiting_as_a_line_and_work_as_a_bar(self) -> None:
        _, (_, lane) = lanes(
            [a_hop(), a_hop(began=START, at=START + timedelta(hours=1))], now=START
        )
        assert 'class="waiting" x1="0.00%" x2="92.30%"' in lane.svg
        assert "Waited 1\N{NO-BREAK SPACE}h" in lane.svg

    def test_draw_what_is_missing_as_a_box_that_says_for_how_long(self) -> None:
        late = a_hop(began=START, at=None, missing="It was refused.")
        _, (_, lane) = lanes([a_hop(), late], now=START + timedelta(hours=5))
        assert 'class="absent"' in lane.svg
        assert "for 5\N{NO-BREAK SPACE}h" in lane.svg

    def test_carry_no_style_and_no_words_of_others_unescaped(self) -> None:
        _, (lane,) = lanes([a_hop(name="<b>", label="<b>")], now=START)
        assert "style=" not in lane.svg
        assert "<b>" not in lane.svg
