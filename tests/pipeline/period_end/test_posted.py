"""A foreign invoice and its remeasurement, posted in an ERP that keeps its books in dollars."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from revops.ledger.models import JournalEntry
from revops.mappings.models import AccountingPeriod, LegalEntity
from revops.mappings.operations import NewRate, publish_rates
from revops.pipeline.period_end.runs import run
from tests.pipeline.rehearsal import Rehearsal

JANUARY = int(datetime(2026, 1, 1, 17, tzinfo=UTC).timestamp())


class TestForeignBooks:
    def test_the_erp_holds_what_our_books_hold_in_their_own_currency(self, line: Rehearsal) -> None:
        AccountingPeriod.objects.update(state="open")
        rates = (("2026-01-01", "1.1000"), ("2026-01-31", "1.0800"))
        publish_rates(
            [
                NewRate("EUR", "USD", date.fromisoformat(day), Decimal(rate), "ECB")
                for day, rate in rates
            ],
            by="test",
        )
        line.stripe.create_price(
            id="price_team_yearly", unit_amount=1_000_000, currency="eur", interval="year"
        )
        line.subscribe(line.customer(at=JANUARY), at=JANUARY)
        line.deliver()
        line.settle()
        entity = LegalEntity.objects.get(code="US-INC")
        results = run(entity_id=entity.pk, period_code="2026-01")
        line.settle()

        assert not [result.trouble for result in results if result.trouble]
        assert JournalEntry.objects.filter(document_type="remeasurement").count() == 1
        assert not line.open_cases()
        line.assert_books_agree()
        moves = {move["date"]: move for move in line.moves()}
        remeasured = moves["2026-02-01"]["lines"]
        assert {one["account"] for one in remeasured} <= {"1100", "2100", "7110", "2300", "2310"}
