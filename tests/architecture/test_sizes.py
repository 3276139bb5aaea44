"""Files stay small enough to be read at once."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path

from tests.architecture import house

LONGEST = 400
LONGEST_TEST = 500
LONGEST_TEMPLATE = 120
LONG = 250


def too_long(paths: list[Path], longest: int) -> list[str]:
    return [
        f"{house.name_of(path)}: {house.lines_of(path)} lines"
        for path in paths
        if house.lines_of(path) > longest
    ]


class TestSizes:
    def test_no_file_is_too_long_to_read(self) -> None:
        assert too_long(house.code(), LONGEST) == []

    def test_no_test_file_is_either(self) -> None:
        tests = house.files(".py", "tests") + house.files("/test_*.py", "connectors")
        assert too_long(tests, LONGEST_TEST) == []

    def test_no_template_is_either(self) -> None:
        templates = house.files(".html", "templates", *house.PACKAGES)
        assert too_long(templates, LONGEST_TEMPLATE) == []

    def test_nineteen_of_twenty_files_are_short(self) -> None:
        sizes = [house.lines_of(path) for path in house.code()]
        long = [size for size in sizes if size > LONG]
        assert len(long) <= len(sizes) * 0.05

    def test_the_usual_file_fits_a_page(
        self, record_property: Callable[[str, object], None]
    ) -> None:
        sizes = [house.lines_of(path) for path in house.code() if house.lines_of(path)]
        median = statistics.median(sizes)
        record_property("median_lines", median)
        assert median <= 100
