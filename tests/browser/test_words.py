"""What cases say is written for people (ux.md W1); slips are looked for on every page."""

from __future__ import annotations

import re
from typing import Final

import pytest

from tests.browser.conftest import Visit
from tests.browser.stage import Stage
from tests.browser.words import slips

LONGEST: Final = 25


class TestWords:
    @pytest.mark.parametrize("kind", ["period_closed", "in_doubt", "refused", "mapping_missing"])
    def test_of_a_case_are_short_sentences(self, kind: str, visit: Visit, stage: Stage) -> None:
        seen = visit(f"/exceptions/EXC-{stage.case[kind].pk}/")
        said = seen.page.locator(".brief .lead, .brief .answer, .brief p").all_inner_texts()
        assert said
        for sentence in re.split(r"(?<=[.;:])\s", "\n".join(said)):
            assert len(sentence.split()) <= LONGEST, sentence

    def test_that_slipped_are_seen(self, visit: Visit) -> None:
        seen = visit("/playbooks/")
        assert slips(seen) == []
        seen.page.evaluate(
            "document.querySelector('h1').textContent = 'Nothing.. for None , 1 cases {{ x }}'"
        )
        assert len({said.partition(":")[0] for said in slips(seen)}) == 5
