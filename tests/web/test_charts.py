from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from revops.web.charts import Point, Words, bars, ranks, sparkline

WORDS = Words("stake", "At stake fell <in> two days", "Day", "At stake")
POINTS = [Point("1 Nov", 40_000, "USD 400.00"), Point("2 Nov", 10_000, "USD 100.00", "crit")]


def part(figure: ElementTree.Element, path: str) -> ElementTree.Element:
    """The first one there, which there is."""
    found = figure.find(path)
    assert found is not None, path
    return found


def parsed(html: str) -> ElementTree.Element:
    return ElementTree.fromstring(html)


class TestBars:
    def test_stand_on_zero_in_proportion(self) -> None:
        high, low = parsed(bars(POINTS, WORDS, height=134)).findall(".//rect")
        assert (high.get("height"), low.get("height")) == ("100.0", "25.0")
        assert float(high.get("y", "")) + 100.0 == float(low.get("y", "")) + 25.0 == 116.0

    def test_spread_across_the_width_in_percent(self) -> None:
        high, low = parsed(bars(POINTS, WORDS)).findall(".//rect")
        assert (high.get("x"), high.get("width")) == ("5.00%", "40.00%")
        assert low.get("x") == "55.00%"

    def test_have_a_sentence_and_a_table_with_the_same_figures(self) -> None:
        figure = parsed(bars(POINTS, WORDS))
        title = part(figure, ".//title")
        assert title.text == WORDS.sentence
        assert part(figure, "svg").get("aria-labelledby") == title.get("id")
        cells = [cell.text for cell in figure.findall(".//td")]
        assert cells == ["USD 400.00", "USD 100.00"]

    def test_carry_no_style_so_that_a_strict_policy_draws_them(self) -> None:
        assert "style=" not in bars(POINTS, WORDS, limit=Point("limit", 30_000, "USD 300.00"))

    def test_stay_inside_when_a_limit_is_higher_than_all(self) -> None:
        figure = parsed(bars(POINTS, WORDS, height=134, limit=Point("limit", 80_000, "")))
        assert part(figure, ".//rect").get("height") == "50.0"
        assert part(figure, ".//line[@class='limit']").get("y1") == "16"

    def test_of_nothing_are_an_empty_axis(self) -> None:
        assert parsed(bars([], WORDS)).findall(".//rect") == []
        assert "0.0" in bars([Point("1 Nov", 0, "0")], WORDS)

    def test_refuse_a_tone_that_does_not_exist(self) -> None:
        with pytest.raises(LookupError, match="tone"):
            bars([Point("1 Nov", 1, "1", "pink")], WORDS)


class TestSparkline:
    def test_runs_from_edge_to_edge_with_zero_as_its_floor(self) -> None:
        line = parsed(sparkline([Point("a", 0, "0"), Point("b", 5, "5")], WORDS))
        spots = part(line, ".//polyline").get("points")
        assert spots == "0.0,30.0 100.0,2.0"

    def test_of_a_single_day_is_drawn(self) -> None:
        line = parsed(sparkline([Point("a", 5, "5")], WORDS))
        assert part(line, ".//polyline").get("points") == "0.0,2.0"


class TestRanks:
    def test_lie_under_each_other_in_proportion_with_all_their_labels(self) -> None:
        figure = parsed(ranks(POINTS, WORDS))
        high, low = figure.findall(".//rect")
        assert (high.get("width"), low.get("width")) == ("100.00%", "25.00%")
        assert float(high.get("y", "")) < float(low.get("y", ""))
        said = [text.text for text in figure.findall(".//text")]
        assert said == ["1 Nov", "USD 400.00", "2 Nov", "USD 100.00"]

    def test_of_nothing_are_no_bars(self) -> None:
        assert part(parsed(ranks([Point("a", 0, "0")], WORDS)), ".//rect").get("width") == "0.00%"
