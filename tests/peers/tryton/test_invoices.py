"""What Tryton does with invoices that the connector is built around, and late commits of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.contract import Outcome
from connectors.http import Client
from connectors.systems.tryton import wire
from connectors.systems.tryton.desk import Desk, invoice, journal, line, values
from connectors.systems.tryton.invoicing import listed
from connectors.systems.tryton.wire import Tryton
from tests.peers.tryton.peer import TrytonPeer
from tests.peers.tryton.stopping import stop_when

pytestmark = pytest.mark.peers

OK, IN_DOUBT = Outcome.OK, Outcome.IN_DOUBT


@pytest.fixture(autouse=True)
def going_on(erp: TrytonPeer) -> Iterator[None]:
    yield
    erp.sigcont()


class TestWhatTrytonDoes:
    def test_it_refuses_an_invoice_dated_before_another_one(self, erp: TrytonPeer) -> None:
        """Why drafts carry no invoice date: Tryton then takes the day of posting, never refused."""
        desk = Desk(erp)
        dated = [_dated(desk, 1, "2026-03-31"), _dated(desk, 2, "2026-03-30")]
        desk.post(dated[0])
        problem = desk.problem(
            lambda t: t.action(f"account.invoice/{dated[1].partition(':')[2]}/post", {})
        )
        assert (problem.outcome, problem.code) == (Outcome.REFUSED, "invoice_order")
        late = invoice(3, accounting_date="2026-03-29")
        assert desk.send_one(late).outcome is OK
        assert [move["date"] for move in erp.moves()] == ["2026-03-31", "2026-03-29"]

    def test_it_refuses_a_date_in_the_future(self, erp: TrytonPeer) -> None:
        desk = Desk(erp)
        ahead = _dated(desk, 1, "2026-12-31").partition(":")[2]
        by_rpc = desk.problem(lambda t: t.rpc("model.account.invoice.post", [int(ahead)]))
        assert by_rpc.outcome is Outcome.REFUSED
        assert "in the future" in by_rpc.reason

    @pytest.mark.parametrize("refund", [False, True])
    def test_copies_and_credit_notes_do_not_carry_our_key(
        self, erp: TrytonPeer, refund: bool
    ) -> None:
        """Why the key is the reference: both of them copy the description."""
        desk = Desk(erp)
        receipt = desk.send_one(invoice(1))
        number = int(receipt.external_id.removeprefix("invoice:"))
        erp.admin("account.invoice", "copy", [number])
        start = {"start": {"with_refund": refund, "invoice_date": None}}
        erp.wizard("account.invoice.credit", "credit", start, "account.invoice", number)
        held = desk.raw(
            lambda t: t.search(
                "account.invoice", [["description", "like", "INV-1%"]], ["reference", "state"]
            )
        )
        assert len(held) == 3
        assert [row["reference"] for row in held].count(None) == 2
        (found,) = desk.find(invoice(1).key)[invoice(1).key]
        assert (found.external_id, found.posted) == (receipt.external_id, True)
        assert found.content_sha256 == desk.connector.digest(invoice(1).payload)
        (row,) = (row for row in listed(desk, "invoice") if row.key)
        assert row.state == ("cancelled" if refund else "posted")
        assert desk.send_one(invoice(1)).outcome is Outcome.ALREADY_DONE

    def test_what_a_payment_leaves_open_is_listed(self, erp: TrytonPeer) -> None:
        desk = Desk(erp)
        number = desk.send_one(invoice(1)).external_id.removeprefix("invoice:")
        paid = [line("1050", debit=1_000_000), line("1100", credit=1_000_000, customer="cus_1")]
        move = desk.send_one(journal(2, lines=paid)).external_id
        (row,) = listed(desk, "invoice")
        assert (row.amount, row.due) == (1_299_000, 1_299_000)

        async def assign(tryton: Tryton) -> None:
            mine = [["move", "=", int(move)], ["account.code", "=", "1100"]]
            (found,) = await tryton.search("account.move.line", mine, ["id"])
            lines = [["add", [found["id"]]]]
            await tryton.rpc("model.account.invoice.write", [int(number)], {"payment_lines": lines})

        desk.raw(assign)
        (row,) = listed(desk, "invoice")
        assert (row.state, row.amount, row.due) == ("posted", 1_299_000, 299_000)


class TestLateCommits:
    """A second server on the same books goes on while the first one is stopped with a write."""

    def test_a_draft_that_comes_late_is_deleted_and_never_posted(self, erp: TrytonPeer) -> None:
        desk = Desk(erp, timeout_s=2)
        desk.send_one(invoice(9))

        async def story(client: Client, settings: Any) -> Any:
            stop_when(client, erp, "account.invoice?f=state")
            return await desk.connector.send(client, settings, [invoice(1)])

        with erp.second_server() as address:
            other = Desk(erp, timeout_s=20, address=address)
            assert [receipt.outcome for receipt in desk.run(story)] == [IN_DOUBT]
            assert other.find(invoice(1).key) == {}
            posted = other.send_one(invoice(1))
            assert posted.outcome is OK
            erp.sigcont()
            end = time.monotonic() + 20
            while not erp.drafted_invoices() and time.monotonic() < end:
                time.sleep(0.1)
            assert len(erp.drafted_invoices()) == 1
            again = other.send_one(invoice(1))
        assert (again.outcome, again.external_id) == (Outcome.ALREADY_DONE, posted.external_id)
        assert erp.drafted_invoices() == []
        assert len(erp.moves(invoice(1).key)) == 1

    def test_a_posting_that_comes_late_finds_its_drafts_posted(self, erp: TrytonPeer) -> None:
        desk = Desk(erp, timeout_s=2)
        desk.send_one(invoice(9))
        commands = [invoice(1), invoice(2), invoice(3)]

        async def story(client: Client, settings: Any) -> Any:
            stop_when(client, erp, "model.account.invoice.post")
            return await desk.connector.send(client, settings, commands)

        with erp.second_server() as address:
            other = Desk(erp, timeout_s=20, address=address)
            assert [receipt.outcome for receipt in desk.run(story)] == [IN_DOUBT] * 3
            assert [receipt.outcome for receipt in other.send(*commands)] == [OK] * 3
            erp.sigcont()
            time.sleep(2)
        held = erp.moves()
        assert [move["state"] for move in held] == ["posted"] * 4
        assert sorted(move["number"] for move in held) == [
            f"2026/{number:06d}" for number in range(1, 5)
        ]
        assert sorted(move["invoice"] for move in held) == [
            f"out_invoice-2026-{number:06d}" for number in range(1, 5)
        ]


def _dated(desk: Desk, number: int, day: str) -> str:
    """A draft with an invoice date, as a person would make it."""

    async def make(tryton: Tryton) -> str:
        _, (value,) = await values(tryton, invoice(number))
        value |= {"invoice_date": wire.date(day), "accounting_date": wire.date("2026-03-31")}
        (made,) = await tryton.action("account.invoice/create", {"vlist": [value]})
        return f"invoice:{made}"

    return desk.raw(make)
