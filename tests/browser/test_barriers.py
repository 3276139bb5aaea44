"""What is not looked at again was fine: the cheaper way finds what axe finds."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser import barriers

FINE = "<p style='color: #222'>Paid in full</p>"
FAINT = "<p style='color: #bbb'>Paid in full</p>"
# The same word; what is behind it is not its parent's colour.
ADRIFT = (
    "<div style='background: #222; height: 40px'></div>"
    "<p style='color: #444; position: absolute; top: 8px; margin: 0'>Paid in full</p>"
)
VEILED = f"<div style='opacity: .3'>{FINE}</div>"
ON_GREY = f"<div style='background: #555'>{FINE}</div>"


class TestContrasts:
    @pytest.mark.parametrize("faulty", [FAINT, ADRIFT, VEILED, ON_GREY])
    def test_are_found_on_each_page_whatever_was_fine_before(
        self, chromium: Browser, faulty: str
    ) -> None:
        page = chromium.new_page()
        for body, found in ((FINE, False), (faulty, True), (FINE, False), (faulty, True)):
            page.set_content(f"<!doctype html><html lang=en><title>T</title><body>{body}")
            said = barriers.contrasts(page)
            assert [one.split(":")[0] for one in said] == ["color-contrast"] * found
            also = barriers.barriers(page)
            assert any(one.startswith("color-contrast:") for one in also) is found
        page.close()
