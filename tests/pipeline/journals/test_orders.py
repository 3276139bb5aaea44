"""What is told in another order than it happened ends in the same books."""

from __future__ import annotations

from itertools import permutations

import pytest

from revops.canonical.models import Subscription, SubscriptionState
from revops.ledger.models import JournalEntry, Recognition, RevenueSchedule
from revops.ledger.queries.rollforward import deferred_rollforward
from tests.company import invariants
from tests.pipeline.journals.told import YEAR, Told, minor

ACCOUNTS = ("1050", "1100", "2100", "2300", "2400", "2410", "4000", "4900", "4910", "7100")
# (what, its number, the day, gross minor units)
Step = tuple[str, int, str, int]
STORIES: dict[str, tuple[Step, ...]] = {
    "all of it": (("refund", 1, "2025-04-01", 978_699), ("back", 1, "2025-04-02", 978_699)),
    "more is paid than credited": (
        ("refund", 1, "2025-04-01", 300_001), ("back", 1, "2025-04-02", 500_003),
    ),
    "less is paid than credited": (
        ("refund", 1, "2025-04-01", 500_003), ("back", 1, "2025-04-02", 300_001),
    ),
    "a refund on an earlier day than its memo": (
        ("back", 1, "2025-04-02", 300_001), ("refund", 1, "2025-04-05", 300_001),
    ),
    "two of each": (
        ("refund", 1, "2025-04-01", 100_001), ("back", 1, "2025-04-02", 30_007),
        ("refund", 2, "2025-04-02", 49_999), ("back", 2, "2025-04-03", 90_003),
    ),
    "two refunds that the memo does not cover": (
        ("refund", 1, "2025-04-01", 60_001), ("back", 1, "2025-04-02", 33_333),
        ("back", 2, "2025-04-02", 77_777),
    ),
    "a balance that is paid out": (
        ("balance", 1, "2025-04-01", 60_001), ("back", 1, "2025-04-02", 77_777),
    ),
}  # fmt: skip


class Customers:
    """A customer for each order, each with a paid annual invoice of 12,000.00 and 990.00 tax."""

    def __init__(self, told: Told, currency: str = "USD") -> None:
        self.told, self.currency, self.name = told, currency, ""

    def begin(self, name: str) -> None:
        self.name, tell = name, self.told.tell
        tell("customer.created/1", YEAR[0], customer_id=f"cus_{name}", name=name)
        tell(
            "invoice.issued/1", YEAR[0], invoice_id=f"in_{name}", number=f"in_{name}",
            customer_id=f"cus_{name}", subscription_id=f"sub_{name}", currency=self.currency,
            issued_on=YEAR[0], total=1_299_000, lines=[{
                "line_id": f"il_{name}", "sku": "even", "amount": 1_200_000,
                "taxes": [{"code": "us-ca", "amount": 99_000}],
                "service_period": {"start": YEAR[0], "end": YEAR[1]},
            }],
        )  # fmt: skip
        tell(
            "payment.applied/1", "2025-01-05", payment_id=f"py_{name}", customer_id=f"cus_{name}",
            invoice_id=f"in_{name}", currency=self.currency, amount=1_299_000,
            received_on="2025-01-05",
        )  # fmt: skip

    def step(self, what: str, number: int, day: str, gross: int) -> None:
        if what == "back":
            self.told.tell(
                "payment.refunded/1", day, refund_id=f"re_{self.name}_{number}",
                payment_id=f"py_{self.name}", currency=self.currency, amount=gross,
                refunded_on=day,
            )  # fmt: skip
            return
        net = gross * 12_000 // 12_990
        self.told.tell(
            "credit.issued/1", day, credit_id=f"cn_{self.name}_{number}",
            customer_id=f"cus_{self.name}", invoice_id=f"in_{self.name}",
            credit_type="cancellation", settles=what, currency=self.currency, issued_on=day,
            total=gross, lines=[{
                "line_id": "cl", "invoice_line_id": f"il_{self.name}", "amount": net,
                "taxes": [{"code": "us-ca", "amount": gross - net}],
            }],
        )  # fmt: skip


class TestRefundsBeforeTheirMemos:
    @pytest.mark.parametrize(
        ("story", "currency"),
        [*[(story, "USD") for story in STORIES.values()], (STORIES["all of it"], "EUR")],
        ids=[*STORIES, "all of it, in euros"],
    )
    def test_every_order_ends_in_the_same_books(
        self, told: Told, story: tuple[Step, ...], currency: str
    ) -> None:
        for day, value in (("2025-01-01", "1.1"), ("2025-01-05", "1.1"), ("2025-04-01", "1.2"),
                           ("2025-04-02", "1.3"), ("2025-04-03", "1.25")):  # fmt: skip
            told.rate(day, value)
        customers = Customers(told, currency)
        before = dict.fromkeys(ACCOUNTS, 0)
        ends = []
        for place, order in enumerate(permutations(story)):
            customers.begin(f"o{place}")
            for step in order:
                customers.step(*step)
            now = {account: told.on(account) for account in ACCOUNTS}
            ends.append({account: now[account] - before[account] for account in ACCOUNTS})
            before = now
        assert told.stuck() == []
        assert invariants.i1_entries_balance(told.entity) == []
        assert invariants.i4_receivables_are_open_invoices(told.entity) == []
        assert [end for end in ends if end != ends[0]] == []

    def test_what_was_refunded_before_its_memo_is_booked_again_on_the_later_day(
        self, told: Told
    ) -> None:
        customers = Customers(told)
        customers.begin("a")
        customers.step("back", 1, "2025-04-02", minor("1299.00"))
        assert told.on("4910") == minor("1200.00")

        customers.step("refund", 1, "2025-04-01", minor("1299.00"))

        again = JournalEntry.objects.get(rule="refunds.paid_before")
        assert again.accounting_date.isoformat() == "2025-04-02"
        assert {line.account: line.amount for line in again.lines.all()} == {
            "2410": minor("1299.00"), "4910": -minor("1200.00"), "2100": -minor("99.00"),
        }  # fmt: skip
        assert (told.on("2410"), told.on("4910")) == (0, 0)
        before = JournalEntry.objects.count()
        customers.step("refund", 1, "2025-04-01", minor("1299.00"))
        customers.step("back", 1, "2025-04-02", minor("1299.00"))
        assert JournalEntry.objects.count() == before

    def test_a_later_balance_does_not_pay_for_an_earlier_refund(self, told: Told) -> None:
        customers = Customers(told)
        customers.begin("a")
        customers.step("back", 1, "2025-04-02", minor("129.90"))

        customers.step("balance", 1, "2025-05-01", minor("129.90"))

        assert told.on("2400") == -minor("129.90")
        assert told.on("4910") == minor("120.00")

    def test_the_refund_of_another_customer_does_not_count(self, told: Told) -> None:
        customers = Customers(told)
        customers.begin("b")
        customers.step("back", 1, "2025-04-02", minor("129.90"))
        customers.begin("a")

        customers.step("refund", 1, "2025-04-03", minor("129.90"))

        assert told.on("2410") == -minor("129.90")
        assert not JournalEntry.objects.filter(rule="refunds.paid_before").exists()


PAUSES: dict[str, tuple[tuple[str, str], ...]] = {
    "one pause": (("paused", "2025-02-10"), ("resumed", "2025-03-05")),
    "two pauses": (
        ("paused", "2025-02-10"), ("resumed", "2025-03-05"), ("paused", "2025-06-01"),
        ("resumed", "2025-06-20"),
    ),
    "a second pause that goes on": (
        ("paused", "2025-02-01"), ("resumed", "2025-03-01"), ("paused", "2025-09-01"),
    ),
}  # fmt: skip


class TestPausesToldLate:
    @pytest.mark.parametrize("sku", ["daily", "even"])
    @pytest.mark.parametrize("story", PAUSES.values(), ids=PAUSES)
    def test_every_order_ends_with_the_same_schedules_and_revenue(
        self, told: Told, story: tuple[tuple[str, str], ...], sku: str
    ) -> None:
        orders = list(permutations(story))
        for place in range(len(orders)):
            told.bill(
                f"in_{place}", YEAR[0], [(f"il_{place}", "12000.00", "0.00", YEAR)], sku=sku,
                subscription=f"sub_{place}",
            )  # fmt: skip
            self.tell(told, place, "activated", YEAR[0])
        told.recognised("2025-04")
        for place, order in enumerate(orders):
            for what, day in order:
                self.tell(told, place, what, day)
        told.recognised("2025-12", "2026-12")

        assert told.stuck() == []
        (end, *others) = [self.end(place) for place in range(len(orders))]
        assert [other for other in others if other != end] == []
        # The natural order is the first one; whatever rests is all that is not earned.
        resting = 0 if story[-1][0] == "resumed" else told.deferred() // len(orders)
        assert sum(end[1].values()) == minor("12000.00") - resting
        (step,) = deferred_rollforward(entity_id=told.entity.pk, first="2026-12", latest="2026-12")
        assert step.ties

    def tell(self, told: Told, place: int, what: str, day: str) -> None:
        more = {} if what == "activated" else {"effective_on": day}
        told.tell(
            f"subscription.{what}/1", day, subscription_id=f"sub_{place}", customer_id="cus_1",
            currency="USD", items=[{"sku": "even"}], started_on=YEAR[0], **more,
        )  # fmt: skip

    def end(self, place: int) -> tuple[list[tuple[object, ...]], dict[str, int]]:
        own = RevenueSchedule.objects.filter(chain=f"billing:sub_{place}")
        standing = own.exclude(stop_reason="void").order_by("service_start")
        earned: dict[str, int] = {}
        for done in Recognition.objects.filter(schedule__in=own):
            earned[done.period_code] = earned.get(done.period_code, 0) + done.amount
        return (
            [
                (one.total, one.service_start, one.service_end, one.stopped_on, one.stop_reason)
                for one in standing
            ],
            {code: amount for code, amount in earned.items() if amount},
        )

    def test_a_late_pause_leaves_the_record_as_the_newest_event_has_it(self, told: Told) -> None:
        told.annual()
        told.subscription("resumed", "2025-03-05", effective_on="2025-03-05")

        told.subscription("paused", "2025-02-10", effective_on="2025-02-10")

        assert Subscription.objects.get().state == SubscriptionState.ACTIVE
        first, again = told.schedules()
        assert (str(first.stopped_on), first.stop_reason) == ("2025-02-10", "pause")
        assert str(again.service_start) == "2025-03-05"
