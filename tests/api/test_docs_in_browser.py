"""The API's page under the real content policy, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


class TestDocsInBrowser:
    def test_shows_every_operation_without_a_complaint_or_another_host(
        self, chromium: Browser, live_server: Any
    ) -> None:
        page = chromium.new_page()
        complaints: list[str] = []
        elsewhere: list[str] = []
        page.on("console", lambda line: complaints.append(line.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith((live_server.url, "data:"))
                else elsewhere.append(asked.url)
            ),
        )
        page.goto(f"{live_server.url}/api/docs/")
        page.wait_for_selector(".opblock")
        page.get_by_text("/api/v1/events/").first.click()
        page.wait_for_selector("text=The token needs the scope")
        assert page.locator(".opblock").count() >= 8
        page.close()
        assert complaints == []
        assert elsewhere == []
