"""The rules that undo entries and recognise revenue."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revops.ledger.drafts import JournalDraft, ScheduleDraft
from revops.ledger.rules import invoices, recognition, reversals
from revops.ledger.rules.reversals import AlreadyReversed
from revops.ledger.schedules import Period, placed
from tests.ledger.events import invoice, line
from tests.ledger.maps import MONTHS, US, by_account, span

quick = settings(max_examples=100, deadline=None, derandomize=True, database=None)

KEY = "stripe:in_1"


def made(*lines: dict, **more) -> tuple[JournalDraft, tuple[ScheduleDraft, ...]]:
    found = invoices.issued(
        invoice(*lines, **more), US, business_key=KEY, accounting_date=date(2025, 1, 1)
    )
    (entry,) = found.drafts
    return entry, found.schedules


def recognised(schedule: ScheduleDraft) -> list[JournalDraft]:
    return [
        entry
        for portion in schedule.portions
        for entry in recognition.month(schedule, portion, on=portion.span.end).drafts
    ]


class TestMonth:
    def test_keeps_the_days_of_service_that_it_earns(self) -> None:
        _, (schedule,) = made(line("1000.00", service=("2025-01-15", "2025-04-14")))

        first, *_, latest = recognised(schedule)

        assert first.lines[0].service == span("2025-01-15", "2025-01-31")
        assert latest.lines[1].service == span("2025-04-01", "2025-04-14")
        assert [each.source_line for each in first.lines] == ["il_1", "il_1"]
        assert first.business_key == "stripe:in_1/il_1/2025-01"
        assert (first.document_type, first.mapping_version) == ("recognition", 7)

    def test_makes_no_journal_of_zero_and_goes_on(self) -> None:
        _, (schedule,) = made(line(5, sku="pro-even"))

        found = [
            recognition.month(schedule, portion, on=portion.span.end)
            for portion in schedule.portions
        ]

        assert [bool(each.drafts) for each in found] == [
            portion.amount != 0 for portion in schedule.portions
        ]
        assert "rounds to zero; the schedule goes on" in found[0].note
        assert sum(entry.amount for each in found for entry in each.drafts) == 5

    def test_takes_back_what_a_credit_line_gave(self) -> None:
        _, (schedule,) = made(line("-1200.00", sku="pro-even"))

        assert by_account(recognised(schedule)[0]) == {"4000": 10000, "2300": -10000}

    def test_posts_a_late_month_in_the_first_open_one_under_its_own_name(self) -> None:
        # Invoiced on 10 May for service since 1 April; April is closed.
        _, (schedule,) = made(line("600.00", sku="pro-even", service=("2025-04-01", "2025-09-30")))
        may = Period("2025-05", MONTHS[(2025 - 2019) * 12 + 4].span)
        april, own = placed(schedule.portions, first_open=may)[:2]

        late, usual = (
            recognition.month(schedule, each.portion, on=each.posts_in.span.end).drafts[0]
            for each in (april, own)
        )

        assert late.accounting_date == usual.accounting_date == date(2025, 5, 31)
        assert late.business_key.endswith("/2025-04")
        assert late.lines[0].service == span("2025-04-01", "2025-04-30")
        assert usual.lines[0].service == span("2025-05-01", "2025-05-31")

    @quick
    @given(net=st.integers(1, 10**8), sku=st.sampled_from(["pro", "pro-even", "pro-ends"]))
    def test_i3_empties_what_was_deferred_and_never_overdraws_it(self, net: int, sku: str) -> None:
        entry, (schedule,) = made(line(net, sku=sku, service=("2025-01-15", "2026-01-14")))

        deferred = -by_account(entry)["2300"]
        for month in recognised(schedule):
            deferred -= by_account(month)["2300"]
            assert deferred >= 0

        assert deferred == 0

    def test_is_the_same_entry_however_often_it_is_made(self) -> None:
        _, (schedule,) = made(line("1000.00"))

        assert [entry.content_hash() for entry in recognised(schedule)] == [
            entry.content_hash() for entry in recognised(schedule)
        ]
        assert len({entry.identity for entry in recognised(schedule)}) == 12


class TestVoid:
    def test_undoes_each_entry_in_the_order_given(self) -> None:
        entry, (schedule,) = made(line("1200.00", tax="99.00", sku="pro-even"))
        entries = [entry, *recognised(schedule)[:2]]

        mirrors = reversals.void(entries, on=date(2025, 3, 3), business_key=KEY)

        assert [mirror.reverses for mirror in mirrors] == [
            "invoice/stripe:in_1/r1",
            "recognition/stripe:in_1/il_1/2025-01/r1",
            "recognition/stripe:in_1/il_1/2025-02/r1",
        ]
        assert [mirror.identity for mirror in mirrors] == [
            "void/stripe:in_1/r1",
            "void/stripe:in_1/il_1/2025-01/r1",
            "void/stripe:in_1/il_1/2025-02/r1",
        ]
        assert {mirror.accounting_date for mirror in mirrors} == {date(2025, 3, 3)}

    def test_keeps_the_revision_of_what_it_undoes(self) -> None:
        entry, _ = made(line("1200.00"))

        (mirror,) = reversals.void(
            [replace(entry, revision=3)], on=date(2025, 1, 10), business_key=KEY
        )

        assert mirror.identity == "void/stripe:in_1/r3"

    def test_gives_entries_with_foreign_keys_keys_of_their_own(self) -> None:
        entry, _ = made(line("1200.00"))
        entries = [
            replace(entry, business_key="stripe:in_2"),
            replace(entry, business_key="stripe:in_2", document_type="application"),
            replace(entry, business_key="stripe:in_10"),
            entry,
        ]

        mirrors = reversals.void(entries, on=date(2025, 1, 10), business_key=KEY)

        assert len({mirror.identity for mirror in mirrors}) == len(entries)
        assert mirrors[0].business_key == "stripe:in_1/invoice/stripe:in_2"
        assert mirrors[2].business_key == "stripe:in_1/invoice/stripe:in_10"

    def test_never_corrects_a_day_before_what_it_corrects(self) -> None:
        entry, (schedule,) = made(line("1200.00"))
        january = recognised(schedule)[0]

        mirrors = reversals.void([entry, january], on=date(2025, 1, 10), business_key=KEY)

        assert [mirror.accounting_date for mirror in mirrors] == [
            date(2025, 1, 10),
            date(2025, 1, 31),
        ]

    def test_refuses_to_undo_twice(self) -> None:
        entry, _ = made(line("1200.00"))
        (mirror,) = reversals.void([entry], on=date(2025, 1, 10), business_key=KEY)

        for entries in ([mirror], [entry, entry]):
            with pytest.raises(AlreadyReversed, match="cannot be reversed again"):
                reversals.void(entries, on=date(2025, 1, 10), business_key=KEY)

    @quick
    @given(
        nets=st.lists(st.integers(-(10**7), 10**7).filter(bool), min_size=1, max_size=4),
        months=st.integers(0, 6),
        euro=st.booleans(),
    )
    def test_i8_leaves_no_balance_in_either_currency(
        self, nets: list[int], months: int, euro: bool
    ) -> None:
        lines = [line(net, line_id=f"il_{number}") for number, net in enumerate(nets)]
        books = replace(US, rates={"EUR": "1.0873"})
        found = invoices.issued(
            invoice(*lines, currency="EUR" if euro else "USD"),
            books, business_key=KEY, accounting_date=date(2025, 1, 1),
        )  # fmt: skip
        entries = list(found.drafts)
        for schedule in found.schedules:
            entries.extend(recognised(schedule)[:months])

        mirrors = reversals.void(entries, on=date(2025, 7, 1), business_key=KEY)

        for functional in (False, True):
            left: dict[str, int] = {}
            for entry in (*entries, *mirrors):
                for account, amount in by_account(entry, functional=functional).items():
                    left[account] = left.get(account, 0) + amount
            assert not any(left.values())
        assert all(
            mirror.accounting_date >= entry.accounting_date and mirror.reverses == entry.identity
            for entry, mirror in zip(entries, mirrors, strict=True)
        )
