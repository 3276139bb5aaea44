"""J6b to J8e, J9b, J11b to J11d: money, from the event to the journal."""

from __future__ import annotations

from tests.pipeline.journals.told import Told, minor


class TestRefunds:
    def test_j6b_cash_leaves_the_processor(self, told: Told) -> None:
        told.annual(sku="daily", pays=True)
        told.credit("cancellation", "2025-04-01", "9041.10", "745.89", settles="refund")

        told.refund("2025-04-02", "9786.99")

        told.is_("J6b", told.entry("refund"))
        assert told.on("2410") == 0

    def test_j6c_goodwill_lowers_revenue_and_tax(self, told: Told) -> None:
        told.annual(pays=True)

        told.refund(
            "2025-06-15", "216.50",
            gives_back=[{
                "line_id": "g_1", "invoice_line_id": "il_1", "amount": 20_000,
                "taxes": [{"code": "us-ca", "amount": 1_650}],
            }],
        )  # fmt: skip

        told.is_("J6c", told.entry("refund"))

    def test_what_nothing_was_owed_for_lowers_price_and_tax_as_they_were_charged(
        self, told: Told
    ) -> None:
        told.annual(pays=True)

        told.refund("2025-06-15", "216.50")

        assert (told.on("4910"), told.on("2100"), told.on("2410")) == (20_000, -97_350, 0)


class TestPayments:
    def test_j7a_a_payment_is_applied_at_gross(self, told: Told) -> None:
        told.annual()

        told.pay("in_1", "2025-01-05", "12990.00")

        told.is_("J7a", told.entry("payment"))

    def test_j7b_the_fee_is_an_expense(self, told: Told) -> None:
        told.annual()

        told.pay("in_1", "2025-01-05", "12990.00", fee=37_701)

        told.is_("J7b", told.entry("fee"))

    def test_j7c_the_payout_empties_the_clearing_account(self, told: Told) -> None:
        told.annual()
        told.pay("in_1", "2025-01-05", "12990.00", fee=37_701)

        told.tell(
            "payout.settled/1", "2025-01-07", payout_id="po_1", currency="USD",
            amount=minor("12612.99"), arrived_on="2025-01-07",
        )  # fmt: skip

        told.is_("J7c", told.entry("payout"))
        assert told.on("1050") == 0

    def test_j7d_what_is_paid_in_excess_is_the_customers(self, told: Told) -> None:
        told.annual()

        told.pay("in_1", "2025-01-05", "13000.00")

        told.is_("J7d", told.entry("payment"))

    def test_a_payout_that_comes_back_is_mirrored(self, told: Told) -> None:
        for what, on, day in (
            ("settled", "2025-01-07", "arrived_on"),
            ("returned", "2025-01-09", "returned_on"),
        ):
            told.tell(
                f"payout.{what}/1", on, payout_id="po_1", currency="USD", amount=100, **{day: on}
            )

        assert told.entry("payout_return").accounting_date.isoformat() == "2025-01-09"
        assert (told.on("1000"), told.on("1050")) == (0, 0)


class TestReturnsAndDisputes:
    def test_j8b_a_direct_debit_comes_back(self, told: Told) -> None:
        told.annual(pays=True)

        told.tell(
            "payment.returned/1", "2025-01-12", payment_id="pay_in_1_2025-01-05", currency="USD",
            amount=minor("12990.00"), fee=400, returned_on="2025-01-12",
        )  # fmt: skip

        told.is_("J8b", told.entry("return"))

    def test_j8c_a_dispute_is_a_claim_on_the_processor(self, told: Told) -> None:
        told.annual(pays=True)

        told.dispute("opened", "2025-02-10", fee=1_500, opened_on="2025-02-10")

        told.is_("J8c", told.entry("dispute"))

    def test_j8d_a_dispute_that_is_won_brings_the_money_back(self, told: Told) -> None:
        told.annual(pays=True)
        told.dispute("opened", "2025-02-10", fee=1_500, opened_on="2025-02-10")

        told.dispute("closed", "2025-03-10", outcome="won", closed_on="2025-03-10")

        told.is_("J8d", told.entry("dispute_result"))

    def test_j8e_a_dispute_that_is_lost_takes_back_what_was_not_earned(self, told: Told) -> None:
        told.annual(pays=True)
        told.recognised("2025-03")
        told.dispute("opened", "2025-03-20", opened_on="2025-03-20")

        told.dispute("closed", "2025-04-01", outcome="lost", closed_on="2025-04-01")

        told.is_("J8e", told.entry("dispute_result"))
        assert told.deferred() == 0
        assert told.recognised("2025-12") == 0

    def test_a_lost_dispute_while_service_goes_on_is_a_concession(self, told: Told) -> None:
        told.annual(pays=True)
        told.dispute("opened", "2025-03-20", opened_on="2025-03-20")

        told.dispute(
            "closed", "2025-04-01", outcome="lost", closed_on="2025-04-01", service_ended=False
        )

        assert told.on("4910") == 1_200_000
        assert told.schedules()[0].stopped_on is None


class TestTaxes:
    def test_j9b_collected_tax_is_remitted(self, told: Told) -> None:
        told.tell(
            "tax.remitted/1", "2025-04-20", remittance_id="tr_1", code="us-ca", currency="USD",
            amount=99_000, remitted_on="2025-04-20", legal_entity="US",
        )  # fmt: skip

        told.is_("J9b", told.entry("remittance"))


class TestWriteOffs:
    def written_off(self, told: Told, **more) -> None:
        told.annual()
        told.recognised("2025-03")
        data = {"cause": "credit_loss", **more}
        told.tell(
            "invoice.written_off/1", "2025-04-01", invoice_id="in_1", written_off_on="2025-04-01",
            **data,
        )  # fmt: skip

    def test_j11b_only_what_was_earned_is_lost(self, told: Told) -> None:
        self.written_off(told)

        told.is_("J11b", told.entry("write_off"))
        assert told.deferred() == 0
        assert told.recognised("2025-12") == 0

    def test_j11c_tax_on_what_was_earned_may_be_lost_too(self, told: Told) -> None:
        self.written_off(told, tax_relief="unearned")

        told.is_("J11c", told.entry("write_off"))

    def test_all_tax_is_lost_where_the_authority_gives_nothing_back(self, told: Told) -> None:
        self.written_off(told, tax_relief="none")

        assert (told.on("1190"), told.on("2100")) == (399_000, -99_000)

    def test_a_concession_lowers_revenue_instead(self, told: Told) -> None:
        self.written_off(told, cause="concession")

        assert (told.on("4910"), told.on("1190")) == (300_000, 0)

    def test_while_service_goes_on_all_of_it_is_lost(self, told: Told) -> None:
        self.written_off(told, service_ended=False)

        assert told.on("1190") == 1_200_000
        assert told.deferred() == 900_000

    def recovered(self, told: Told) -> None:
        self.written_off(told)
        told.tell(
            "invoice.recovered/1", "2025-09-01", invoice_id="in_1", recovery_id="rc_1",
            currency="USD", amount=50_000, recovered_on="2025-09-01",
        )  # fmt: skip

    def test_j11d1_a_recovery_is_reinstated(self, told: Told) -> None:
        self.recovered(told)

        told.is_("J11d1", told.entry("recovery"))

    def test_j11d2_and_collected(self, told: Told) -> None:
        self.recovered(told)

        told.is_("J11d2", told.entry("payment"))
        assert told.on("1100") == 0
