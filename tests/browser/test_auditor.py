"""The auditor goes from the books to the sale and back, and touches no mouse."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import pytest

from revops.canonical.models import Contract, Invoice
from revops.ledger.models import JournalEntry, RevenueSchedule
from tests.browser.conftest import Visit
from tests.browser.sale import sell
from tests.browser.seen import Seen
from tests.browser.stage import Stage
from tests.browser.words import slips

# More than any of these pages has links before the one that is looked for.
_PATIENCE = 200
WAYS: Final[tuple[tuple[int, Literal["light", "dark"]], ...]] = ((1280, "light"), (390, "dark"))


def _reach(seen: Seen, id: str) -> None:
    """Tab until the element has the focus."""
    for _ in range(_PATIENCE):
        if seen.focus() == id:
            return
        seen.press("Tab")
    raise AssertionError(f"Tab does not reach #{id} on {seen.page.url}")


def _open(seen: Seen, id: str, *, at: str) -> None:
    """Go to the link by Tab alone and open it."""
    _reach(seen, id)
    seen.press("Enter")
    seen.page.wait_for_url(f"**{at}")


@dataclass(frozen=True, slots=True)
class Sale:
    contract: Contract
    invoice: Invoice
    entry: JournalEntry


@pytest.fixture(scope="package")
def sale(stage: Stage) -> Sale:
    """What was signed, its first invoice, and the journal of that."""
    contract, invoice = sell(stage)
    entry = JournalEntry.objects.get(
        document_type="invoice", record_kind="invoice", record_id=invoice.pk
    )
    return Sale(contract, invoice, entry)


class TestAuditor:
    def test_goes_from_the_journal_to_the_opportunity_and_back(
        self, visit: Visit, sale: Sale
    ) -> None:
        entry, invoice, contract = sale.entry, sale.invoice, sale.contract
        deal = contract.opportunity
        assert deal is not None
        seen = visit("/", by="Yuki")
        seen.press("g", "b")
        seen.page.wait_for_url("**/books/")
        _reach(seen, "filter-q")
        seen.page.keyboard.type(invoice.number)
        seen.page.wait_for_url(f"**q={invoice.number}")
        seen.settled()
        journal = f"/journals/JE-{entry.pk}/"
        _open(seen, f"entry-{entry.pk}", at=journal)

        # Each line says the invoice's line that it books, and the schedule that it began.
        (schedule,) = RevenueSchedule.objects.filter(entry=entry)
        (line,) = entry.lines.filter(account=schedule.deferral_account)
        spread = f"/books/schedules/{schedule.pk}/"
        _open(seen, f"schedule-{schedule.pk}-of-{line.position}", at=spread)
        _open(seen, "to-entry", at=journal)
        booked = f"/records/invoice/{invoice.pk}/#line-{line.source_line}"
        _open(seen, f"source-of-{line.position}", at=booked)
        assert "12,000.00" in seen.page.inner_text(f"[id='line-{line.source_line}']")

        # Up to the sale.
        _open(seen, f"from-contract-{contract.pk}", at=f"/records/contract/{contract.pk}/")
        assert contract.number in seen.page.inner_text("h1")
        _open(seen, f"from-opportunity-{deal.pk}", at=f"/records/opportunity/{deal.pk}/")
        assert deal.name in seen.page.inner_text("h1")

        # And down to the line of the journal.
        _open(seen, f"to-journal-{entry.pk}", at=journal)
        assert "12,000.00" in seen.page.inner_text(f"#line-{line.position}")
        assert seen.posts() == []

    def test_sees_the_same_way_as_one_thread(self, visit: Visit, sale: Sale) -> None:
        entry, invoice, contract = sale.entry, sale.invoice, sale.contract
        seen = visit(f"/journals/JE-{entry.pk}/", by="Yuki")
        seen.press("l")
        seen.page.wait_for_url(f"**/lineage/journal/{entry.pk}/")
        way = (
            f"opportunity-{contract.opportunity_id}", f"contract-{contract.pk}",
            f"subscription-{invoice.subscription_id}", f"invoice-{invoice.pk}",
            f"journal-{entry.pk}",
        )  # fmt: skip
        assert [key for key in way if seen.page.locator(f"#{key}").count() != 1] == []

    def test_meets_no_barrier_on_the_way(
        self, visit: Visit, sale: Sale, pictures: Path | None
    ) -> None:
        deal = sale.contract.opportunity_id
        for name, path in (
            ("journal", f"/journals/JE-{sale.entry.pk}/"),
            ("invoice", f"/records/invoice/{sale.invoice.pk}/"),
            ("contract", f"/records/contract/{sale.contract.pk}/"),
            ("opportunity", f"/records/opportunity/{deal}/"),
            ("customer", f"/customers/{sale.invoice.customer.party_id}/"),
        ):
            seen = visit(path, by="Yuki", kept_open=True)
            for width, scheme in WAYS:
                seen.size(width)
                seen.page.emulate_media(color_scheme=scheme)
                assert seen.sideways() == 0, path
                wrong = seen.barriers() if scheme == "light" else seen.contrasts()
                assert wrong == [], path
                if pictures:
                    seen.page.screenshot(
                        path=pictures / f"auditor-{name}-{width}-{scheme}.png", full_page=True
                    )
            assert slips(seen) == [], path
