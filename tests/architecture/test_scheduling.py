"""Test files go to workers so that none is left over at the end."""

from __future__ import annotations

from tests import scheduling
from tests.architecture import house

PAGES, STORY = "tests/browser/test_pages.py", "tests/browser/test_story.py"
MATRIX, OTHER = "tests/access/test_matrix.py", "tests/kernel/test_money.py"
HOME = "tests/browser/"


class TestChoosing:
    def test_begins_with_the_longest(self) -> None:
        assert scheduling.choose([PAGES, MATRIX, OTHER], "", set()) == PAGES

    def test_stays_in_its_folder(self) -> None:
        assert scheduling.choose([MATRIX, OTHER, STORY], HOME, set()) == STORY

    def test_leaves_a_folder_to_who_is_in_it(self) -> None:
        assert scheduling.choose([STORY, OTHER], "", {HOME}) == OTHER

    def test_helps_there_when_nothing_else_is_left(self) -> None:
        assert scheduling.choose([STORY], "", {HOME}) == STORY


class TestTable:
    def test_names_files_that_exist(self) -> None:
        assert [file for file in scheduling.SECONDS if not (house.ROOT / file).is_file()] == []

    def test_takes_others_by_the_number_of_their_tests(self) -> None:
        assert scheduling.seconds_of(PAGES, 1) == scheduling.SECONDS[PAGES]
        assert scheduling.seconds_of(OTHER, 200) > scheduling.seconds_of(OTHER, 100)
