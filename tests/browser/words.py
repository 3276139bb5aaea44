"""Slips in what a page says to people (ux.md W1)."""

from __future__ import annotations

import re
from typing import Final

from tests.browser.seen import Seen

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


def slips(seen: Seen) -> list[str]:
    """Each with what stands around it; what is shown as it was sent is left out."""
    text = str(seen.page.evaluate(PROSE))
    found = []
    for slip, pattern in SLIPS.items():
        for hit in re.finditer(pattern, text):
            around = text[max(0, hit.start() - 40) : hit.end() + 20].replace("\n", " ⏎ ")
            found.append(f"{slip}: {around}")
    return found
