"""J1, J2, J4, J5f, J9a: invoices, upgrades and voids, from the event to the journal."""

from __future__ import annotations

from tests.pipeline.journals.told import YEAR, Told, minor

REST = ("2025-07-01", "2025-12-31")
CREDIT = ("il_unused", "-6049.32", "0.00", REST)
CHARGE = ("il_new", "9073.97", "0.00", REST)


class TestInvoices:
    def test_j1_an_annual_invoice_defers_its_net_and_owes_its_tax(self, told: Told) -> None:
        told.annual()

        told.is_("J1", told.entry("invoice"))
        (schedule,) = told.schedules()
        assert (schedule.total, schedule.chain) == (minor("12000.00"), "billing:sub_1")

    def test_j2_january_is_recognised_evenly(self, told: Told) -> None:
        told.annual()

        told.recognised("2025-01")

        told.is_("J2", told.entry("recognition"))

    def test_j2d_january_is_recognised_by_the_day(self, told: Told) -> None:
        told.annual(sku="daily")

        told.recognised("2025-01")

        told.is_("J2d", told.entry("recognition"))

    def test_j9a_inclusive_tax_is_not_revenue(self, told: Told) -> None:
        told.tell(
            "invoice.issued/1", "2025-01-01", invoice_id="in_1", number="1", customer_id="cus_1",
            currency="USD", issued_on="2025-01-01", total=11_000,
            lines=[{
                "line_id": "il_1", "sku": "even", "amount": 10_000,
                "service_period": {"start": YEAR[0], "end": YEAR[1]},
                "taxes": [{
                    "code": "us-ca", "amount": 1_000, "rate_percent": "10", "inclusive": True,
                }],
            }],
        )  # fmt: skip

        told.is_("J9a", told.entry("invoice"))


class TestUpgrades:
    def test_j4a_the_new_plan_is_posted_as_it_was_billed(self, told: Told) -> None:
        told.annual(sku="daily")

        told.bill("in_2", "2025-07-01", [CHARGE], sku="daily", proration=True)

        told.is_("J4a", told.entries("invoice")[1])

    def test_j4b_the_unused_time_is_posted_as_it_was_billed(self, told: Told) -> None:
        told.annual(sku="daily")

        told.bill("in_2", "2025-07-01", [CREDIT], sku="daily", proration=True)

        told.is_("J4b", told.entries("invoice")[1])
        (old,) = told.schedules()
        assert old.stopped_on.isoformat() == "2025-07-01"
        assert old.successor is None

    def test_j4c_both_on_one_invoice_are_the_sum_of_rounded_lines(self, told: Told) -> None:
        told.annual(sku="daily")

        taxed = ("il_new", "9073.97", "249.53", REST)
        told.bill("in_2", "2025-07-01", [CREDIT, taxed], sku="daily", proration=True)

        entry = told.entries("invoice")[1]
        net: dict[str, int] = {}
        for line in entry.lines.all():
            net[line.account] = net.get(line.account, 0) + line.amount
        assert net == {"1100": 327_418, "2300": -302_465, "2100": -24_953}
        assert entry.accounting_date.isoformat() == "2025-07-01"

    def test_by_the_day_the_rest_of_the_year_is_the_new_plan(self, told: Told) -> None:
        told.annual(sku="daily")
        told.bill("in_2", "2025-07-01", [CREDIT, CHARGE], sku="daily", proration=True)

        told.recognised("2025-12")

        assert told.revenue()[6:] == [152_877, 152_876, 147_946, 152_876, 147_945, 152_877]
        assert told.deferred() == 0

    def test_evenly_nothing_is_lost_between_the_plans(self, told: Told) -> None:
        told.annual(sku="even")
        told.bill("in_2", "2025-07-01", [CREDIT, CHARGE], sku="even", proration=True)

        old, new = told.schedules()
        assert (new.total, new.carried, old.successor_id) == (902_465, 600_000, new.pk)
        told.recognised("2025-12")

        assert told.revenue() == [100_000] * 6 + [
            150_411, 150_411, 150_411, 150_410, 150_411, 150_411,
        ]  # fmt: skip
        assert told.deferred() == 0
        assert told.recognised("2025-12") == 0

    def test_a_change_that_comes_late_is_caught_up_in_the_first_open_period(
        self, told: Told
    ) -> None:
        told.annual(sku="even")
        told.recognised("2025-08")
        told.close("2025-08-31")

        told.bill("in_2", "2025-09-10", [CREDIT, CHARGE], sku="even", proration=True)
        told.recognised("2025-09")

        # July and August had 1,000.00 each; the chain earns 1,504.11 a month since July.
        assert told.revenue()[6:9] == [100_000, 100_000, 150_411 + 2 * 50_411]
        assert told.deferred() == 902_465 - 3 * 150_411

    def test_stripes_upgrade_on_21_april_earns_100_in_april(self, told: Told) -> None:
        april = ("2025-04-01", "2025-04-30")
        rest = ("2025-04-21", "2025-04-30")
        told.bill("in_1", "2025-04-01", [("il_1", "90.00", "0.00", april)], sku="daily")
        told.bill(
            "in_2", "2025-04-21",
            [("il_2", "-30.00", "0.00", rest), ("il_3", "40.00", "0.00", rest)],
            sku="daily", proration=True,
        )  # fmt: skip

        told.recognised("2025-04")

        assert told.revenue()[3] == 10_000


class TestVoids:
    def test_j5f_a_voided_invoice_is_mirrored_exactly(self, told: Told) -> None:
        told.annual()

        told.tell("invoice.voided/1", "2025-01-10", invoice_id="in_1", voided_on="2025-01-10")

        told.is_("J5f", told.entry("void"))
        assert told.recognised("2025-12") == 0

    def test_of_an_upgrade_brings_the_old_plan_back(self, told: Told) -> None:
        told.annual(sku="even")
        told.bill("in_2", "2025-07-01", [CREDIT, CHARGE], sku="even", proration=True)
        told.recognised("2025-08")

        told.tell("invoice.voided/1", "2025-09-02", invoice_id="in_2", voided_on="2025-09-02")

        assert told.deferred() == 400_000
        told.recognised("2025-12")
        assert told.on("4000") == -1_200_000
        assert told.deferred() == 0

    def test_of_the_first_invoice_leaves_what_the_upgrade_billed(self, told: Told) -> None:
        told.annual(sku="even")
        told.bill("in_2", "2025-07-01", [CREDIT, CHARGE], sku="even", proration=True)
        told.recognised("2025-08")

        told.tell("invoice.voided/1", "2025-09-02", invoice_id="in_1", voided_on="2025-09-02")

        assert told.deferred() >= 0
        told.recognised("2025-12")
        assert told.on("4000") == -302_465
        assert told.deferred() == 0

    def test_after_a_cancellation_never_makes_deferred_revenue_negative(self, told: Told) -> None:
        told.annual(sku="daily")
        told.recognised("2025-03")
        told.credit("cancellation", "2025-04-01", "9041.10", "0.00", settles="refund")

        told.tell("invoice.voided/1", "2025-04-10", invoice_id="in_1", voided_on="2025-04-10")

        assert told.deferred() == 0
        assert told.on("4000") == 0
        assert told.on("4910") == 904_110

    def test_undoes_a_credit_that_had_lowered_it(self, told: Told) -> None:
        told.annual()
        told.credit("future_price_cut", "2025-04-01", "1200.00", "99.00", settles="invoice")

        told.tell("invoice.voided/1", "2025-04-10", invoice_id="in_1", voided_on="2025-04-10")

        assert {told.on(account) for account in ("1100", "2100", "2300", "4000", "4910")} == {0}
        assert told.recognised("2025-12") == 0

    def test_what_had_been_paid_is_the_customers_again(self, told: Told) -> None:
        told.annual(pays=True)

        told.tell("invoice.voided/1", "2025-01-10", invoice_id="in_1", voided_on="2025-01-10")

        assert (told.on("1100"), told.on("2400")) == (0, -1_299_000)
