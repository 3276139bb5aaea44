"""What is pressed has one effect, and what it did is said when it is done."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Route, expect

from exceptions.models import Case
from revops.delivery.models import Attempt
from tests.browser.conftest import Visit
from tests.browser.stage import TEAM, Stage


@pytest.fixture
def refused(stage: Stage) -> Case:
    """A case of the test's own that a retry settles."""
    stage.line.fault(refuse_post={"times": 1})
    (invoice,) = stage.customers(1, pays=None, **TEAM)
    stage.line.fault()
    return stage.open_case_of(invoice)


def sent(case: Case) -> int:
    return Attempt.objects.filter(command=case.command_id, kind="send").count()


class TestRetry:
    def test_pressed_twice_sends_once(self, visit: Visit, stage: Stage, refused: Case) -> None:
        seen = visit(f"/exceptions/EXC-{refused.pk}/")
        seen.expects = {409}
        before = sent(refused)
        seen.page.locator("#do-retry").dblclick()
        expect(seen.page.locator("#live")).to_contain_text("Retrying")
        stage.move()
        assert sent(refused) == before + 1
        expect(seen.page.locator("#live")).to_contain_text("Resolved", timeout=8000)
        keys = [move["key"] for move in stage.line.moves()]
        assert len(keys) == len(set(keys))

    def test_shows_no_result_before_the_answer(
        self, visit: Visit, stage: Stage, refused: Case
    ) -> None:
        held: list[Route] = []
        seen = visit(f"/exceptions/EXC-{refused.pk}/")
        seen.page.route("**/retry/", lambda route: held.append(route))
        button = seen.page.locator("#do-retry")
        button.click()
        expect(button).to_be_disabled()
        expect(button).to_have_text("Sending…")
        assert "Retrying" not in seen.main()
        held[0].continue_()
        expect(seen.page.locator("#live")).to_contain_text("Retrying")
        seen.settled()
        assert seen.focus() == "main"
        stage.move()

    def test_that_somebody_else_pressed_says_so(
        self, visit: Visit, stage: Stage, refused: Case
    ) -> None:
        path = f"/exceptions/EXC-{refused.pk}/"
        first, second = visit(path), visit(path, by="Marcus")
        second.expects = {409}
        first.page.click("#do-retry")
        expect(first.page.locator("#live")).to_contain_text("Retrying")
        second.page.click("#do-retry")
        expect(second.page.locator("#notice")).to_contain_text("changed in the meantime")
        assert sent(refused) == 1
        stage.move()
        assert sent(refused) == 2

    def test_of_what_is_in_doubt_is_not_there(self, visit: Visit, stage: Stage) -> None:
        case = stage.case["in_doubt"]
        seen = visit(f"/exceptions/EXC-{case.pk}/")
        assert seen.page.locator("#do-retry").count() == 0
        forged = seen.page.request.post(
            f"/exceptions/EXC-{case.pk}/retry/", headers=csrf(seen.page)
        )
        assert forged.status in (404, 409)
        assert sent(case) == 1


def csrf(page: Any) -> dict[str, str]:
    token = page.get_attribute("meta[name=csrf-token]", "content")
    return {"X-CSRFToken": token, "Referer": page.url}


class TestFiles:
    def test_hold_the_rows_of_the_list(self, visit: Visit) -> None:
        seen = visit("/exceptions/?group=case&system=tryton")
        shown = seen.page.locator("tbody tr").count()
        with seen.page.expect_download() as found:
            seen.page.click("#csv")
        lines = found.value.path().read_text(encoding="utf-8-sig").splitlines()
        assert len(lines) == shown + 1
