"""
A month of billing of a Stripe that others wrote, reconciled with the books of a real Tryton by each
one's own lists. What somebody with rights in Tryton's database deletes, doubles or changes is found
as what it is, and what is proposed puts it right.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import User
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from approvals.proof import Proof
from connectors.systems.stripe import snapshots
from exceptions import operations as cases
from exceptions.models import Case
from revops.kernel import clock
from revops.kernel.clock import local_date, now
from revops.mappings.models import LegalEntity
from revops.reconciliation.models import Break, Load, Pair
from revops.reconciliation.operations import pairs, runs
from tests.cast import person
from tests.peers.line import COMPANY, PLANS, ZONE, PeerLine

pytestmark = pytest.mark.peers

# localstripe lists no balance by payout, and has no credit notes, refunds by day, or payouts.
CHECKS = (
    "billing_erp_invoices", "billing_erp_payments", "billing_invoices", "billing_payments",
    "books_invoices", "books_payments", "erp_journals",
)  # fmt: skip
CUSTOMERS = 12
MOVED = 1_000


@pytest.fixture(autouse=True)
def _everything_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """localstripe does not select invoices by creation; rows are chosen by their day after that."""
    monkeypatch.setattr(snapshots, "_created", lambda *_: [])


class TestAMonth:
    def test_billing_our_books_and_tryton_tell_one_story(self, line: PeerLine) -> None:
        _business(line)
        line.settle()
        found = [pair for pair in pairs.sync() if pair.check_slug in CHECKS]
        assert {pair.check_slug for pair in found} == set(CHECKS)
        assert _differences(found) == []
        # Nothing agrees with nothing.
        held = {load.kind: load.rows for load in Load.objects.filter(state="done")}
        assert held["invoice"] == held["payment"] == CUSTOMERS
        assert held["journal"] == 2 * CUSTOMERS

    def test_what_is_changed_in_tryton_by_hand_is_found_and_put_right(self, line: PeerLine) -> None:
        found = [pair for pair in pairs.sync() if pair.check_slug == "erp_journals"]
        invoices = [move for move in line.tryton.moves() if _side(move, "2100")]
        gone, twice, taxed = invoices[:3]
        _delete(line, gone["id"])
        _double(line, twice["id"])
        _shift(line, taxed["id"])

        assert _differences(found) == [
            ("deleted", _total(gone)), ("duplicate", -_total(twice)), ("edited", 0),
        ]  # fmt: skip
        edited = Break.objects.get(pair__in=found, type="edited", state="open")
        assert edited.at_stake == MOVED
        assert "the tax is" in edited.reason

        _agreed(found)
        line.settle()
        assert _differences(found) == []
        assert not Case.objects.filter(kind__startswith="break_").exclude(state="resolved").exists()
        # The copy and the changed one are reversed, the lost one and the changed one come again.
        assert len(line.tryton.moves()) == 2 * CUSTOMERS - 1 + 1 + 2 + 2


def _business(line: PeerLine) -> None:
    rates = [line.stripe.tax_rate(8.25)]
    for number in range(CUSTOMERS):
        taxes: dict[str, Any] = {"default_tax_rates": rates} if number % 2 else {}
        customer = line.stripe.customer(f"Customer {number}")
        line.stripe.subscribe(customer, PLANS[number % len(PLANS)][0], **taxes)


def _differences(found: Sequence[Pair]) -> list[tuple[str, int]]:
    """Type and difference of what stands, after listing and comparing everything anew."""
    Load.objects.update(began_at=clock.now() - timedelta(minutes=5))
    entity = LegalEntity.objects.get(code=COMPANY)
    for pair in found:
        run = runs.run(
            pair_id=pair.pk, entity_id=entity.pk, period_code=f"{local_date(now(), ZONE):%Y-%m}",
            full=True, by="peers",
        )  # fmt: skip
        assert (run.state, run.error) == ("done", ""), pair
    standing = Break.objects.filter(pair__in=found).exclude(state="settled")
    return sorted(standing.values_list("type", "difference"))


def _agreed(found: Sequence[Pair]) -> None:
    """Each case's first remedy is asked for by one and agreed to by another."""
    ana, mona = person("ana"), person("mona")
    for case in Case.objects.filter(kind__startswith="break_").exclude(state="resolved"):
        cases.retry(case_id=case.pk, remedy="mend_erp", by=ana)
    asked = ApprovalRequest.objects.filter(subject="erp_correction", state="waiting")
    assert len(asked) == 3
    for one in asked:
        approvals.decide(
            request_id=one.pk, verdict="approve", by=mona, seen=one.sha256, proof=_proof(mona)
        )


def _proof(user: User) -> Proof:
    return Proof(user.pk, clock.now())


def _delete(line: PeerLine, move: int) -> None:
    with line.tryton.databases.connect(line.tryton.database) as connection:
        connection.execute("DELETE FROM account_move_line WHERE move = %s", [move])
        connection.execute("DELETE FROM account_move WHERE id = %s", [move])


def _double(line: PeerLine, move: int) -> None:
    (copy,) = line.tryton.admin("account.move", "copy", [move])
    line.tryton.admin("account.move", "post", [copy])


def _shift(line: PeerLine, move: int) -> None:
    """From tax to deferred revenue: the move balances as before, and its sum is the same."""
    with line.tryton.databases.connect(line.tryton.database) as connection:
        for account, by in (("2100", -MOVED), ("2300", MOVED)):
            changed = connection.execute(
                """
                UPDATE account_move_line SET credit = credit + %s WHERE id = (
                    SELECT min(line.id) FROM account_move_line line
                    JOIN account_account account ON account.id = line.account
                    WHERE line.move = %s AND account.code = %s)
                """,
                [Decimal(by) / 100, move, account],
            )
            assert changed.rowcount == 1


def _side(move: dict[str, Any], account: str) -> bool:
    return any(line["account"] == account for line in move["lines"])


def _total(move: dict[str, Any]) -> int:
    return sum(int(Decimal(line["debit"]) * 100) for line in move["lines"])
