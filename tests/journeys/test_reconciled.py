"""Every check over a company whose business went through the real line and the vendors' doors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.models import User
from approvals import operations as approvals
from approvals.proof import Proof
from exceptions.models import Case
from exceptions.operations import CaseRefused
from revops.canonical.models import Payment
from revops.kernel import clock
from revops.mappings.models import (
    ErpRoute,
    LedgerAccount,
    LegalEntity,
    MappingVersion,
    PostsAs,
    TaxMap,
)
from revops.reconciliation import reversing
from revops.reconciliation.checks import registry
from revops.reconciliation.models import Break, Holding, Load, Pair
from revops.reconciliation.operations import pairs, runs
from tests.journeys.world import World


class TestChecks:
    def test_all_agree_and_what_is_planted_is_found_once(self, world: World) -> None:
        # One of the legal entities has invoices and payments as documents of the ERP's own.
        ErpRoute.objects.filter(legal_entity__code="DE-GMBH").update(
            posts_as=PostsAs.DOCUMENTS, version=MappingVersion.objects.create(note="", made_by="t")
        )
        _play(world)
        world.settle()
        # What the processor kept is told a poll later.
        world.settle()
        assert [case.what_happened for case in world.open_cases()] == []
        made = pairs.sync()
        # No tax engine that lists what it recorded is connected here, and no warehouse.
        compared = {check.slug for check in registry.all()} - {"tax_recorded", "warehouse_books"}
        assert {pair.check_slug for pair in made} == compared
        # Nobody has brought a statement of the bank.
        found = [pair for pair in made if pair.check_slug != "bank_payouts"]
        assert _breaks(found) == []
        # One payment bounced, so that its invoice is open again in all of them.
        bounced = Payment.objects.get(state="returned", legal_entity__code="DE-GMBH")
        own = Holding.objects.filter(connection__connector="tryton", kind="invoice")
        assert {(one.state, one.due) for one in own} == {("paid", 0), ("posted", bounced.amount)}

        _plant(world)
        journals = [pair for pair in found if pair.check_slug == "erp_journals"]
        invoices = [pair for pair in found if pair.check_slug == "billing_erp_invoices"]
        assert _breaks(journals) == [
            ("deleted", "open", 1_299_000), ("duplicate", "open", -1_299_000),
            ("edited", "open", 1_080), ("missing_left", "open", -5_000),
        ]  # fmt: skip
        # Billing and the ERP show it, too; what is gone there may still be on its way.
        assert _breaks(invoices) == [
            ("duplicate", "open", -1_299_000), ("edited", "open", 1_080),
            ("timing", "clearing", 1_299_000),
        ]  # fmt: skip
        self._is_put_right(world, [*journals, *invoices])

    def _is_put_right(self, world: World, found: Sequence[Pair]) -> None:
        """Somebody asks, somebody else agrees, and the next comparison settles the cases."""
        cases = Case.objects.filter(kind__startswith="break_", path__contains="Our books")
        asked = [
            reversing.ask(case_id=case.pk, by=_person("priya"), reason="Found by the comparison.")
            for case in cases.exclude(state="resolved").order_by("pk")
        ]
        assert len(asked) == 4
        with pytest.raises(CaseRefused, match="waits"):
            reversing.ask(case_id=int(asked[0].subject_id), by=_person("priya"), reason="Again.")
        before, manager = len(world.moves()), _person("marcus")
        for one in asked:
            approvals.decide(
                request_id=one.pk, verdict="approve", by=manager, seen=one.sha256,
                proof=Proof(manager.pk, clock.now()),
            )  # fmt: skip
        world.settle()
        # One is lost and comes again, two are reversed, one is reversed and comes again.
        assert len(world.moves()) == before + 5
        assert _breaks(found) == []
        assert not cases.exclude(state="resolved").exists()


def _person(name: str) -> User:
    return User.objects.get(email=f"{name}@demo.example")


def _plant(world: World) -> None:
    """One is deleted in the ERP, one doubled, one's tax lowered, and one booked by hand."""
    moves = [move for move in world.moves() if move["company"] == "US-INC"]
    gone, twice, taxed = [move for move in moves if " Invoice " in move["text"]][:3]
    for one in (
        {"move": gone["id"], "do": "delete"},
        {"move": twice["id"], "do": "double"},
        {"move": taxed["id"], "do": "shift", "account": "2100", "against": "1100", "by": 1_080},
    ):
        world.control("tryton", "tamper", one)
    hand = {
        "entity": "US-INC", "date": gone["date"], "text": "Correction by hand",
        "lines": [{"account": "1100", "amount": 5_000}, {"account": "4000", "amount": -5_000}],
    }  # fmt: skip
    world.control("tryton", "book", hand)


def _breaks(found: Sequence[Pair]) -> list[tuple[str, str, int]]:
    """Type, state and difference of what stands after comparing everything anew."""
    Load.objects.update(began_at=clock.now() - timedelta(minutes=5))
    for pair in found:
        for entity in pairs.entities_of(pair):
            today = clock.local_date(clock.now(), LegalEntity.objects.get(pk=entity).zone)
            run = runs.run(
                pair_id=pair.pk, entity_id=entity, period_code=f"{today:%Y-%m}", full=True, by="t"
            )
            assert (run.state, run.error) == ("done", ""), run.pair
    standing = Break.objects.filter(pair__in=found).exclude(state="settled")
    return sorted(standing.values_list("type", "state", "difference"))


def _play(world: World) -> None:
    billing = {"price": "price_team_yearly", "amount": 1_200_000, "tax_percent": "8.25"}
    world.play("stripe", "customers", count=3, legal_entity="US-INC", **billing)
    world.play(
        "stripe", "customers", count=2, price="price_seat_monthly", amount=64_500,
        interval="month", tax_percent="19", currency="eur", legal_entity="DE-GMBH",
    )  # fmt: skip
    # Pounds in dollar books, which are taxed now and then as in London.
    books, version = LegalEntity.objects.get(code="US-INC"), MappingVersion.objects.latest("pk")
    TaxMap.objects.create(
        legal_entity=books, code="txr_uk_vat", account=LedgerAccount.objects.get(code="2100"),
        valid=DateRange(date(2025, 1, 1), None), version=version,
    )  # fmt: skip
    world.play(
        "stripe", "customers", count=1, price="price_team_monthly", amount=98_000,
        interval="month", tax_percent="8.25", currency="gbp", legal_entity="US-INC",
    )  # fmt: skip
    for story, values in (
        ("issue", {"amount": 90_000, "price": "price_onboarding"}),
        ("void", {}),
        ("issue", {"amount": 120_000, "price": "price_onboarding"}),
        ("pay", {}),
        ("refund", {"amount": 20_000}),
        ("credit", {"amount": 30_000, "credit_type": "goodwill"}),
        ("dispute", {}),
        ("ach_return", {}),
        ("payout", {"currency": "usd"}),
    ):
        world.play("stripe", story, **values)
    made = world.play("salesforce", "customers", count=2)["made"]
    world.play("salesforce", "win", opportunity=made[0]["opportunity"])
