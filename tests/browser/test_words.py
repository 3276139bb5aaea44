"""What pages say is written for people (ux.md W1)."""

from __future__ import annotations

import re
from typing import Final

import pytest

from tests.browser.conftest import Visit
from tests.browser.pages import PAGES, Look
from tests.browser.stage import Stage

# What was sent and answered is shown as it is; ids are ids.
PROSE: Final = """
() => { const copy = document.querySelector('main').cloneNode(true);
  copy.querySelectorAll('pre, code, .id, .payload, option, svg, kbd, .hidden-text')
    .forEach(part => part.replaceWith('x'));
  document.body.append(copy); const text = copy.innerText; copy.remove(); return text; }
"""
SLIPS: Final = {
    "a value that is not there": r"\b(None(?! is| needed)|null|undefined|nan|NaN|True|False)\b",
    "a template's or a program's bracket": r"[{}<>]|\[\]|%s",
    "two full stops": r"(?<!\.)\.\.(?!\.)",
    "a space before a comma or a full stop": r" [,.;](?!\d)",
    "a state as it is stored": r"\b(in_doubt|retry_wait|period_closed|mapping_missing)\b",
    "one of several": r"\b1 (cases|postings|events|steps|hops|systems|times|records)\b",
}
LOOKS: Final = [look for name, looks in PAGES.items() for look in looks if name != "api:docs"]
LONGEST: Final = 25


class TestWords:
    def test_have_no_slips(self, visit: Visit, stage: Stage) -> None:
        found: dict[str, list[str]] = {}
        tabs = {by: visit(by=by) for by in {look.by for look in LOOKS}}
        for look in LOOKS:
            seen = tabs[look.by]
            seen.go(look.address(stage))
            text = str(seen.page.evaluate(PROSE))
            for slip, pattern in SLIPS.items():
                for hit in re.finditer(pattern, text):
                    around = text[max(0, hit.start() - 40) : hit.end() + 20].replace("\n", " ⏎ ")
                    found.setdefault(look.name, []).append(f"{slip}: {around}")
        assert found == {}

    @pytest.mark.parametrize("kind", ["period_closed", "in_doubt", "refused", "mapping_missing"])
    def test_of_a_case_are_short_sentences(self, kind: str, visit: Visit, stage: Stage) -> None:
        seen = visit(f"/exceptions/EXC-{stage.case[kind].pk}/")
        for said in seen.page.locator(".brief .lead, .brief .answer, .brief p").all_inner_texts():
            for sentence in re.split(r"(?<=[.;:])\s", said):
                assert len(sentence.split()) <= LONGEST, sentence


def test_looks_are_told_apart() -> None:
    """Pictures are named after them."""
    names = [look.name for looks in PAGES.values() for look in looks]
    assert len(names) == len(set(names))
    assert all(isinstance(look, Look) for looks in PAGES.values() for look in looks)
