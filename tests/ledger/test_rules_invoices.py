"""The rule for an issued invoice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revops.contracts.invoices import InvoiceIssued
from revops.kernel.money import conversion, divide_half_up
from revops.ledger.drafts import JournalDraft
from revops.ledger.rules import invoices
from revops.ledger.rules.base import (
    CannotJournalize,
    Journalized,
    MappingMissing,
    PeriodMissing,
    ServicePeriodMissing,
)
from tests.ledger.events import invoice, line
from tests.ledger.maps import ACCOUNTS, SKUS, US, PlainBooks, by_account, line_on, months, span

quick = settings(max_examples=100, deadline=None, derandomize=True, database=None)

KEY = "stripe:in_1"
NEW_YEAR = date(2025, 1, 1)


def issued(data: InvoiceIssued, books: PlainBooks = US, **more) -> Journalized:
    return invoices.issued(data, books, business_key=KEY, accounting_date=NEW_YEAR, **more)


def entry_of(found: Journalized) -> JournalDraft:
    (entry,) = found.drafts
    return entry


@st.composite
def invoice_lines(draw) -> list[dict]:
    """Charges and credits, taxed by one or two codes, ratable or not, some of them zero."""
    lines = []
    for number in range(draw(st.integers(1, 6))):
        start = draw(st.dates(date(2024, 1, 1), date(2026, 12, 31)))
        end = start + timedelta(days=draw(st.integers(0, 500)))
        net = draw(st.integers(-(10**7), 10**7) | st.just(0))
        codes = draw(st.lists(st.sampled_from(["us-ca", "us-ca-county"]), unique=True))
        lines.append(
            line(
                net,
                sku=draw(st.sampled_from(sorted(SKUS))),
                line_id=f"il_{number}",
                service=(start.isoformat(), end.isoformat()),
            )
            | {"taxes": [{"code": code, "amount": net * 8 // 100} for code in codes]}
        )
    return lines


class TestIssued:
    def test_carries_what_a_person_and_an_erp_need(self) -> None:
        found = issued(invoice(line("100.00", tax="8.25")), customer_name="Acme, Inc.", revision=2)

        entry = entry_of(found)
        receivable = line_on(entry, "1100")
        assert (entry.document_type, entry.business_key, entry.revision) == ("invoice", KEY, 2)
        assert entry.description == "Invoice INV-1, Acme, Inc."
        assert entry.mapping_version == found.schedules[0].mapping_version == 7
        assert (receivable.customer_id, receivable.customer_name) == ("cus_1", "Acme, Inc.")
        assert line_on(entry, "2300").service == span("2025-01-01", "2025-12-31")

    def test_keeps_each_tax_apart_by_its_code(self) -> None:
        taxed = line("100.00")
        taxed["taxes"] = [
            {"code": "us-ca", "amount": 600},
            {"code": "us-ca-county", "amount": 225},
        ]

        moved = by_account(entry_of(issued(invoice(taxed))))

        assert moved == {"1100": 10825, "2300": -10000, "2100": -600, "2101": -225}

    def test_takes_what_happens_at_a_point_in_time_to_revenue_at_once(self) -> None:
        found = issued(invoice(line("500.00", sku="setup", service=None)))

        assert by_account(entry_of(found)) == {"1100": 50000, "4000": -50000}
        assert found.schedules == ()

    def test_refuses_to_guess_when_a_ratable_line_was_delivered(self) -> None:
        with pytest.raises(ServicePeriodMissing, match="il_7 has no service period") as missing:
            issued(invoice(line("500.00", line_id="il_7", service=None)))

        assert (missing.value.line_id, missing.value.sku) == ("il_7", "pro")
        assert isinstance(missing.value, CannotJournalize)

    def test_sums_rounded_lines_and_nothing_else(self) -> None:
        # 18,000 × 184/365 and 12,000 × 184/365, each rounded; their difference is not rounded anew.
        rest = ("2025-07-01", "2025-12-31")
        found = issued(
            invoice(
                line("9073.97", service=rest, line_id="il_new"),
                line("-6049.32", service=rest, line_id="il_unused"),
            )
        )

        assert by_account(entry_of(found)) == {"1100": 302465, "2300": -302465}
        assert [schedule.total for schedule in found.schedules] == [907397, -604932]

    def test_keeps_an_invoice_that_nets_to_zero(self) -> None:
        found = issued(
            invoice(line("30.00", line_id="il_1"), line("-30.00", sku="setup", line_id="il_2"))
        )

        assert by_account(entry_of(found)) == {"2300": -3000, "4000": 3000}
        assert len(found.schedules) == 1

    def test_credits_the_receivable_with_a_negative_invoice(self) -> None:
        found = issued(invoice(line("-100.00", tax="-8.25")))

        assert by_account(entry_of(found)) == {"1100": -10825, "2300": 10000, "2100": 825}
        assert found.schedules[0].portions[0].amount < 0

    def test_says_why_a_zero_invoice_has_no_journal(self) -> None:
        found = issued(invoice(line(0), line(0, sku="unmapped", line_id="il_2", service=None)))

        assert found.drafts == found.schedules == ()
        assert "nothing to journalize" in found.note

    def test_leaves_out_a_line_that_a_discount_took_to_zero(self) -> None:
        found = issued(invoice(line("10.00"), line(0, line_id="il_2", sku="unmapped")))

        assert [each.source_line for each in entry_of(found).lines] == ["in_1", "il_1"]

    @pytest.mark.parametrize(
        ("books", "lines", "kind", "key"),
        [
            (US, [line("1.00", sku="price_new")], "sku", "price_new"),
            (
                US,
                [line("1.00") | {"taxes": [{"code": "de-vat", "amount": 19}]}],
                "tax",
                "de-vat",
            ),
            (replace(US, accounts={}), [line("1.00")], "account", "receivable"),
        ],
    )
    def test_names_the_map_that_is_missing(
        self, books: PlainBooks, lines: list[dict], kind: str, key: str
    ) -> None:
        with pytest.raises(MappingMissing, match=f"books of us have no .* “{key}”") as missing:
            issued(invoice(*lines), books)

        assert (missing.value.kind, missing.value.key, missing.value.entity) == (kind, key, "us")

    def test_names_the_exchange_rate_that_is_missing(self) -> None:
        with pytest.raises(MappingMissing, match="no exchange rate for “EUR”"):
            issued(invoice(line("1.00"), currency="EUR"))

    def test_names_the_day_that_the_calendar_does_not_hold(self) -> None:
        short = replace(US, calendar=months(2025, 2025))

        with pytest.raises(PeriodMissing, match="holds 2026-01-01"):
            issued(invoice(line("1.00", service=("2025-06-01", "2026-05-31"))), short)


class TestInvariants:
    @quick
    @given(lines=invoice_lines())
    def test_i1_i11_i12_every_entry_balances_and_traces_to_its_lines(
        self, lines: list[dict]
    ) -> None:
        data = invoice(*lines)
        found = issued(data)

        for entry in found.drafts:
            assert sum(each.amount for each in entry.lines) == 0
            assert all(each.amount for each in entry.lines)
            billed = {
                each.line_id: each.amount + sum(tax.amount for tax in each.taxes)
                for each in data.lines
            }
            for source, amount in billed.items():
                posted = [each.amount for each in entry.lines if each.source_line == source]
                assert sum(posted) == -amount
            known = {*billed, data.invoice_id}
            assert {each.source_line for each in entry.lines} <= known
            assert by_account(entry).get(ACCOUNTS["receivable"], 0) == sum(billed.values())
        assert bool(found.drafts) != bool(found.note)

    @quick
    @given(lines=invoice_lines())
    def test_i2_what_is_deferred_is_what_is_scheduled(self, lines: list[dict]) -> None:
        found = issued(invoice(*lines))

        for entry in found.drafts:
            scheduled = sum(schedule.total for schedule in found.schedules)
            assert by_account(entry).get("2300", 0) == -scheduled
        for schedule in found.schedules:
            assert sum(portion.amount for portion in schedule.portions) == schedule.total

    @quick
    @given(lines=invoice_lines())
    def test_i7_the_same_event_gives_the_same_content(self, lines: list[dict]) -> None:
        first, again = issued(invoice(*lines)), issued(invoice(*lines), customer_name="Renamed")

        assert [entry.content_hash() for entry in first.drafts] == [
            entry.content_hash() for entry in again.drafts
        ]
        assert first.schedules == again.schedules

    @quick
    @given(
        lines=invoice_lines(),
        rate=st.decimals(Decimal("0.0001"), Decimal(500), places=6),
        currency=st.sampled_from(["EUR", "JPY", "KWD"]),
    )
    def test_i1_i10_a_foreign_invoice_balances_in_both_currencies(
        self, lines: list[dict], rate: Decimal, currency: str
    ) -> None:
        found = issued(invoice(*lines, currency=currency), replace(US, rates={currency: str(rate)}))
        over, under = conversion(currency, "USD", rate)

        for entry in found.drafts:
            assert sum(each.functional for each in entry.lines) == 0
            for each in entry.lines:
                assert abs(each.functional - divide_half_up(each.amount * over, under)) <= 1
            first = entry.lines[0]
            assert first.functional == divide_half_up(first.amount * over, under)
            deferred = by_account(entry, functional=True).get("2300", 0)
            assert -deferred == sum(
                portion.functional for each in found.schedules for portion in each.portions
            )
