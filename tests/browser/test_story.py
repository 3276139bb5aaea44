"""The story that the first release is judged by, as a person lives it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import expect

from exceptions.models import Case
from revops.delivery.models import Gate
from tests import months
from tests.browser.conftest import Visit
from tests.browser.seen import Seen
from tests.browser.stage import TEAM, Stage

INVOICE: Final = 1_299_000


@pytest.fixture(autouse=True)
def _mended(stage: Stage) -> Iterator[None]:
    """Whatever a test breaks works again for the next one."""
    yield
    stage.line.fault()
    stage.line.control("periods", dict.fromkeys(months.running(), "open"))
    stage.wait(lambda: Gate.objects.filter(connection=stage.line.erp, breaker="closed").exists())


def usd(minor: int) -> str:
    """As pages write it."""
    return f"USD\u00a0{minor // 100:,}.{minor % 100:02d}"


def switch(seen: Seen, name: str, words: str) -> None:
    """Turn a switch of the ERP's sandbox on its page, and read what it does now."""
    seen.go("/connections/")
    seen.page.get_by_role("link", name="Tryton", exact=True).click()
    seen.page.wait_for_url("**/connections/tryton/")
    seen.page.click(f"#switch-{name}")
    expect(seen.page.locator("#notice")).to_contain_text(words)
    seen.settled()


class TestStory:
    def test_an_invoice_is_followed_and_a_closed_period_settled_by_one_retry(
        self, visit: Visit, stage: Stage
    ) -> None:
        seen = visit("/", by="")
        seen.page.get_by_role("button", name="Priya Nair").click()
        expect(seen.page.locator("h1")).to_have_text("Home")

        (invoice,) = stage.customers(1, **TEAM)
        seen.press("/")
        seen.page.keyboard.type(invoice.number)
        seen.press("Enter")
        verdict = seen.page.locator("section[aria-label=Verdict]")
        expect(verdict).to_contain_text(f"Invoice {invoice.number} is in Tryton as ")

        month = months.running()[0]
        switch(seen, "period", months.closes())
        invoices = stage.customers(3, pays=None, **TEAM)
        cases = [stage.open_case_of(invoice) for invoice in invoices]
        assert len({case.cause_key for case in cases}) == 1

        seen.go("/exceptions/")
        row = seen.page.locator("tbody tr", has=seen.page.locator(f"#cause-{cases[0].cause_key}"))
        expect(row).to_contain_text(f"Period {month} is closed in Tryton")
        expect(row).to_contain_text(usd(3 * INVOICE))
        row.locator("th a").click()
        expect(seen.page.locator("#do-retry")).to_contain_text("Retry: 3 cases")

        seen.go("/connections/tryton/")
        seen.page.click("#undo-period")
        expect(seen.page.locator("#notice")).to_contain_text("Mended")
        seen.go(f"/exceptions/causes/{cases[0].cause_key}/")
        seen.page.click("#do-retry")
        expect(seen.page.locator("#notice")).to_contain_text("3")
        stage.move()
        seen.page.reload()
        expect(seen.page.locator("main")).to_contain_text("No case of this cause is open.")
        for invoice in invoices:
            seen.go(f"/lineage/invoice/{invoice.pk}/")
            expect(verdict).to_contain_text("is in Tryton as ")

    def test_an_erp_that_is_down_is_one_case_and_one_trial_empties_it(
        self, visit: Visit, stage: Stage
    ) -> None:
        seen = visit("/")
        switch(seen, "down", "goes down from now on")
        invoices = stage.customers(6, pays=None, **TEAM)
        stage.wait(lambda: Case.objects.filter(kind="target_down").exclude(state="resolved"))
        case = Case.objects.exclude(state="resolved").get(kind="target_down")
        assert (case.at_stake or 0) >= 6 * INVOICE

        seen.go("/")
        expect(seen.page.locator("main")).to_contain_text("Tryton")
        seen.go("/connections/tryton/")
        expect(seen.page.locator("#state")).to_contain_text("Nothing is lost")
        assert seen.barriers() == []
        seen.go("/exceptions/")
        seen.page.get_by_role("link", name=re.compile("^Tryton (cannot|does not|is not)")).click()
        expect(seen.page.locator("main")).to_contain_text(usd(case.at_stake or 0))
        assert seen.barriers() == []

        switch(seen, "down", "Mended")
        seen.go(f"/exceptions/EXC-{case.pk}/")
        seen.page.click("#do-trial")
        expect(seen.page.locator("#notice")).to_contain_text("Tryton is tried again now.")
        stage.wait(lambda: Case.objects.get(pk=case.pk).state == "resolved")
        stage.move()
        seen.go(f"/lineage/invoice/{invoices[-1].pk}/")
        expect(seen.page.locator("section[aria-label=Verdict]")).to_contain_text("is in Tryton as ")
        keys = [move["key"] for move in stage.line.moves()]
        assert len(keys) == len(set(keys))
