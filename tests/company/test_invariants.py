"""
The invariants of the books (docs/accounting.md), over companies that nobody chose: every seed is
another company. Events go through the line; what must hold is asked of what the database has then.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from exceptions.models import Case, CaseState
from revops.events.models import InboundEvent, InboxState
from revops.ledger.models import JournalEntry
from revops.mappings.models import AccountingPeriod, LegalEntity, PeriodState
from revops.mappings.operations import NewRate, publish_rates
from revops.pipeline.period_end.runs import run
from tests.company import feed, invariants
from tests.company.facts import FIRST, LAST, Told
from tests.company.oracle import DAY, Segment, half_up, month_end
from tests.company.world import Company

_names = count(1)
# A failing company is looked at by its seed; there is no smaller one to be found by shrinking.
COMPANIES = settings(
    max_examples=5, deadline=None, database=None, derandomize=True, print_blob=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
SEEDS = st.integers(0, 2**32)


def founded(seed: int, customers: int = 12) -> tuple[Company, dict[str, LegalEntity]]:
    name = f"C{next(_names)}"
    company = Company(customers=customers, seed=seed, name=name)
    company.live()
    return company, feed.open_books(name)


def months(told: Sequence[Told]) -> dict[date, list[Told]]:
    """Events by the last day of their month; also months in which nothing happens."""
    found = feed.by_month(told)
    day = month_end(FIRST)
    while day <= LAST:
        found.setdefault(day, [])
        day = month_end(day + DAY)
    return dict(sorted(found.items()))


def close(entities: dict[str, LegalEntity], month: date) -> None:
    """Recognise the month, and take no more into it."""
    feed.close(entities, month)
    AccountingPeriod.objects.filter(legal_entity__in=entities.values(), ends=month).update(
        state=PeriodState.CLOSED
    )


def at_the_end_of(month: date, company: Company, entities: dict[str, LegalEntity]) -> None:
    for code, entity in entities.items():
        held = feed.balances(code, month)
        assert sum(held.values()) == 0
        assert held == company.oracle.balances(code, month), (code, month)
        assert invariants.i2_chains_hold_what_is_left(entity, month) == []
        assert invariants.i3_deferred_revenue_rolls_forward(entity, month) == []
        assert invariants.i4_receivables_are_open_invoices(entity) == []
        assert invariants.i5_clearing_is_the_processors_balance(entity, month, company) == []
        assert invariants.i6_tax_is_what_was_charged_less_what_went(entity, month) == []


def documents_of(entities: dict[str, LegalEntity]) -> None:
    for entity in entities.values():
        assert invariants.i1_entries_balance(entity) == []
        assert invariants.i8_corrections_say_what_they_correct(entity) == []
        assert invariants.i9_no_more_is_given_back_than_was_charged(entity) == []
        assert invariants.i11_lines_trace_to_a_source(entity) == []
        assert invariants.i11_source_lines_trace_to_the_books(entity) == []
        assert invariants.i12_the_net_is_the_sum_of_rounded_lines(entity) == []


@pytest.mark.django_db(transaction=True)
class TestAnyCompany:
    @COMPANIES
    @given(seed=SEEDS)
    def test_keeps_i1_to_i6_at_every_month_end_and_i7_to_i9_i11_and_i12_at_the_end(
        self, seed: int
    ) -> None:
        company, entities = founded(seed)
        for month, events in months(company.told).items():
            feed.send(events, company.name)
            assert feed.troubles() == []
            close(entities, month)
            at_the_end_of(month, company, entities)
        documents_of(entities)
        # I7, I8: everything is told again in another order when all months are closed.
        own = list(entities.values())
        before = invariants.fingerprint(own, LAST)
        again = [replace(one, order=one.order + 10_000_000) for one in company.told]
        random.Random(seed).shuffle(again)
        feed.send(again, company.name)
        assert invariants.fingerprint(own, LAST) == before
        assert feed.troubles() == []

    @COMPANIES
    @given(seed=SEEDS, policy=st.sampled_from(("case", "next_open")))
    def test_that_hears_late_keeps_i8_and_loses_nothing_i11(self, seed: int, policy: str) -> None:
        """A sixth of the events come one to three months after they happened."""
        company, entities = founded(seed)
        own = list(entities.values())
        LegalEntity.objects.filter(pk__in=[one.pk for one in own]).update(late_documents=policy)
        happened = months(company.told)
        chance = random.Random(seed)
        coming: dict[date, list[Told]] = {month: [] for month in happened}
        for place, events in enumerate(happened.values()):
            for one in events:
                late = chance.randint(1, 3) if chance.random() < 1 / 6 else 0
                coming[list(happened)[min(place + late, len(happened) - 1)]].append(one)
        for month, events in coming.items():
            closed = month.replace(day=1) - DAY
            before = invariants.fingerprint(own, closed)
            feed.send(events, company.name)
            assert invariants.fingerprint(own, closed) == before
            close(entities, month)
        for entity in own:
            assert invariants.i1_entries_balance(entity) == []
            assert invariants.i8_corrections_say_what_they_correct(entity) == []
            assert invariants.i9_no_more_is_given_back_than_was_charged(entity) == []
            assert invariants.i11_lines_trace_to_a_source(entity) == []
        # What is not in the books waits, and somebody is told of it where it waits for a person.
        waiting = (InboxState.PROCESSED, InboxState.IGNORED, InboxState.PARKED)
        told_of = Case.objects.exclude(state=CaseState.RESOLVED).values("inbound")
        # Events of one record share its case.
        shared = (
            InboundEvent.objects.filter(pk__in=told_of).exclude(waits_for="").values("waits_for")
        )
        stuck = InboundEvent.objects.exclude(state__in=waiting)
        assert list(stuck.exclude(pk__in=told_of).exclude(waits_for__in=shared)) == []


FIRST_OF_2024 = date(2024, 1, 1)
KINDS = (
    "sla_period", "contract_concession", "future_price_cut", "goodwill", "cancellation",
    "billing_error",
)  # fmt: skip
MEMOS = st.lists(
    st.tuples(
        st.sampled_from(KINDS), st.sampled_from(("balance", "invoice", "refund")),
        st.integers(0, 364), st.integers(1, 120), st.integers(0, 120), st.booleans(),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


class Teller:
    """One customer of one entity of a new company, and what is told of them."""

    def __init__(self, country: str) -> None:
        self.name = f"C{next(_names)}"
        self.entities = feed.open_books(self.name)
        self.entity = self.entities[f"{self.name}-{country}"]
        self._told: list[Told] = []
        self._order = count()
        self.tell(
            FIRST_OF_2024, "customer.created/1", customer_id=f"cus_{self.name}", name=self.name,
            legal_entity=self.entity.code,
        )  # fmt: skip

    def tell(self, day: date, contract: str, **data: object) -> None:
        self._told.append(Told(day, next(self._order), contract, data))

    def invoice(self, day: date, currency: str, lines: list[dict[str, object]]) -> None:
        total = sum(line["amount"] + sum(tax["amount"] for tax in line["taxes"]) for line in lines)
        self.tell(
            day, "invoice.issued/1", invoice_id=f"in_{self.name}", number=f"in_{self.name}",
            customer_id=f"cus_{self.name}", currency=currency, issued_on=day, lines=lines,
            total=total, legal_entity=self.entity.code,
        )  # fmt: skip

    def line(self, name: str, sku: str, amount: int, tax: int) -> dict[str, object]:
        return {
            "line_id": f"il_{self.name}{name}", "sku": sku, "amount": amount,
            "taxes": [{"code": "sim_us", "amount": tax}] if tax else [],
            "service_period": {"start": FIRST_OF_2024, "end": date(2024, 12, 31)},
        }  # fmt: skip

    def send(self) -> None:
        feed.send(sorted(self._told), self.name)
        self._told = []


@pytest.mark.django_db(transaction=True)
class TestAnyCredits:
    @settings(COMPANIES, max_examples=25)
    @given(memos=MEMOS, paid=st.booleans())
    def test_i9_never_give_back_more_than_was_charged(self, memos, paid: bool) -> None:
        """Of each line and of its tax, whatever is asked for; what goes beyond is a case."""
        told = Teller("US")
        told.invoice(
            FIRST_OF_2024, "USD",
            [told.line("a", "sim_even", 1_200_000, 99_000), told.line("b", "sim_daily", 36_600, 0)],
        )  # fmt: skip
        if paid:
            told.tell(
                FIRST_OF_2024, "payment.applied/1", payment_id=f"py_{told.name}",
                customer_id=f"cus_{told.name}", invoice_id=f"in_{told.name}", currency="USD",
                amount=1_335_600, received_on=FIRST_OF_2024,
            )  # fmt: skip
        told.send()
        for number, (kind, settles, offset, share, of_tax, first) in enumerate(memos):
            day = FIRST_OF_2024 + offset * DAY
            line = "a" if first else "b"
            net = (1_200_000 if first else 36_600) * share // 100
            tax = 99_000 * of_tax // 100 if first else 0
            told.tell(
                day, "credit.issued/1", credit_id=f"cn_{told.name}_{number}",
                customer_id=f"cus_{told.name}", invoice_id=f"in_{told.name}", credit_type=kind,
                settles=settles, currency="USD", issued_on=day, effective_on=day, total=net + tax,
                legal_entity=told.entity.code,
                lines=[{
                    "line_id": f"cl_{number}", "invoice_line_id": f"il_{told.name}{line}",
                    "amount": net,
                    "taxes": [{"code": "sim_us", "amount": tax}] if tax else [],
                }],
            )  # fmt: skip
        told.send()
        assert invariants.i1_entries_balance(told.entity) == []
        assert invariants.i9_no_more_is_given_back_than_was_charged(told.entity) == []
        held = feed.balances(told.entity.code, LAST)
        assert -99_000 <= held.get("2100", 0) <= 0
        booked = JournalEntry.objects.filter(legal_entity=told.entity, document_type="credit")
        refused = Case.objects.filter(kind="more_than_charged", legal_entity=told.entity)
        assert booked.count() + refused.count() == len(memos)


@pytest.mark.django_db(transaction=True)
class TestAnyRates:
    @settings(COMPANIES, max_examples=12)
    @given(
        country=st.sampled_from(("US", "JP", "KW")), sku=st.sampled_from(("sim_daily", "sim_even")),
        amount=st.integers(10_000, 50_000_000), rate=st.integers(3_000, 2_000_000),
        later=st.lists(st.tuples(*[st.integers(3_000, 2_000_000)] * 3), min_size=2, max_size=2),
    )  # fmt: skip
    def test_i10_that_come_later_change_no_revenue(
        self, country: str, sku: str, amount: int, rate: int, later
    ) -> None:
        """Remeasured each month, paid at another rate: revenue is that of the invoice's rate."""
        ends = (date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31))
        for rates in later:
            told = Teller(country)
            own = told.entity.functional_currency
            self.publish(own, {FIRST_OF_2024: rate, **dict(zip(ends, rates, strict=True))})
            told.invoice(FIRST_OF_2024, "EUR", [told.line("", sku, amount, 0)])
            told.tell(
                ends[1], "payment.applied/1", payment_id=f"py_{told.name}",
                customer_id=f"cus_{told.name}", invoice_id=f"in_{told.name}", currency="EUR",
                amount=amount // 2, received_on=ends[1],
            )  # fmt: skip
            told.send()
            assert feed.troubles() == []
            places = {"USD": 0, "JPY": -2, "KWD": 1}[own]
            worth = Fraction(amount * rate, 10_000) * Fraction(10) ** places
            total = half_up(worth.numerator, worth.denominator)
            term = Segment(total, FIRST_OF_2024, date(2024, 12, 31), even=sku == "sim_even")
            for month in ends:
                run(entity_id=told.entity.pk, period_code=f"{month:%Y-%m}")
                held = feed.balances(told.entity.code, month)
                assert -held.get("4000", 0) == term.earned(month)
                assert -held.get("2300", 0) == total - term.earned(month)
                assert invariants.i1_entries_balance(told.entity) == []
                assert all(step.ties for step in feed.rolled(told.entity, month))

    def publish(self, own: str, rates: dict[date, int]) -> None:
        publish_rates(
            [
                NewRate("EUR", own, day, Decimal(rate) / 10_000, "ECB")
                for day, rate in rates.items()
            ],
            by="test",
        )
