"""What is pressed has one effect, and what it did is said when it is done."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Route, expect

from exceptions.models import Case
from revops.delivery.models import Attempt, Gate
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
        expect(second.page.locator("#notice")).to_contain_text("Priya Nair asked for that at ")
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


class TestPhone:
    def test_pauses_a_connection_and_resumes_it(self, visit: Visit, stage: Stage) -> None:
        seen = visit("/connections/tryton/", by="Ines", viewport={"width": 390, "height": 800})
        seen.expects = {422}
        seen.page.get_by_label("Reason").fill(" ")
        seen.page.click("#pause")
        expect(seen.page.locator("[data-error-summary]")).to_contain_text("Say why")
        seen.settled()
        assert seen.page.evaluate("document.activeElement.matches('[data-error-summary]')")
        assert seen.barriers() == []
        seen.page.get_by_label("Reason").fill("Tryton is upgraded.")
        seen.page.click("#pause")
        expect(seen.page.locator("#state")).to_contain_text("Tryton is upgraded.")
        (invoice,) = stage.customers(1, pays=None, **TEAM)
        assert not stage.line.moves() or invoice.number not in str(stage.line.moves())
        seen.page.click("#resume")
        expect(seen.page.locator("#notice")).to_contain_text("is sent to again")
        stage.wait(lambda: Gate.objects.filter(connection=stage.line.erp, paused_at=None).exists())
        stage.move()
        assert seen.sideways() == 0


class TestPaper:
    def test_shows_the_case_without_the_frame(self, visit: Visit, stage: Stage) -> None:
        case = stage.case["period_closed"]
        seen = visit(f"/exceptions/EXC-{case.pk}/")
        seen.page.emulate_media(media="print")
        for chrome in (".rail", ".bar", "#do-retry", ".verbs"):
            assert not seen.page.locator(chrome).first.is_visible(), chrome
        assert f"EXC-{case.pk}" in seen.main()
        assert "What happened" in seen.main()


class TestFiles:
    def test_hold_the_rows_of_the_list(self, visit: Visit) -> None:
        seen = visit("/exceptions/?group=case&system=tryton")
        shown = seen.page.locator("tbody tr").count()
        with seen.page.expect_download() as found:
            seen.page.click("#csv")
        lines = found.value.path().read_text(encoding="utf-8-sig").splitlines()
        assert len(lines) == shown + 1
