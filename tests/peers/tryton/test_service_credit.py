"""Q4 into the books of a real Tryton; the other systems are the demo's sandboxes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings

from accounts.models import User
from connectors.models import Connection
from connectors.operations import set_secret
from exceptions import operations as cases
from revops.credits.models import ServiceCredit
from revops.ledger.models import JournalEntry
from revops.pipeline import sources
from revops.sandbox import company, desk
from revops.sandbox.tours.service_credit import TOUR
from tests.journeys.world import World, lines, opened
from tests.peers.tryton.peer import TrytonPeer

pytestmark = pytest.mark.peers


@pytest.fixture
def world(
    erp: TrytonPeer, transactional_db: None, settings: LazySettings, live_server: Any
) -> Iterator[World]:
    settings.REVOPS_DEMO = True
    settings.REVOPS_SETTLE_SCALE = 0.0
    with opened(live_server.url) as found:
        books = Connection.objects.get(slug=company.ERP)
        books.base_url = erp.address
        books.parameters |= {"database": erp.database, "login": erp.login}
        books.save()
        set_secret(books, "api_key", erp.api_key)
        set_secret(books, "password", erp.password)
        sources.forget()
        yield found


class TestServiceCredit:
    def test_the_memo_of_an_approved_credit_uses_up_its_accrual_in_tryton(
        self, world: World, erp: TrytonPeer
    ) -> None:
        desk.seed()
        refused = world.walk(TOUR, {"run": "Q4"}, until="issued")
        finance = User.objects.get(email="priya@demo.example")
        cases.retry_cause(cause_key=refused.facts["cause"], remedy="retry", by=finance)
        world.settle()
        assert world.walk(TOUR, refused.facts).done

        moves = erp.moves()
        assert {move["state"] for move in moves} == {"posted"}
        held = sorted(
            (move["date"], sorted((line["account"], _minor(line)) for line in move["lines"]))
            for move in moves
        )
        ours = JournalEntry.objects.all()
        assert held == sorted(
            (entry.accounting_date.isoformat(), sorted(lines(entry))) for entry in ours
        )
        credit = ServiceCredit.objects.get()
        assert credit.amount is not None
        accrued = [line for _, move in held for line in move if line[0] == "2420"]
        assert sorted(accrued) == [("2420", -credit.amount), ("2420", credit.amount)]


def _minor(line: dict[str, str]) -> int:
    return int((Decimal(line["debit"]) - Decimal(line["credit"])) * 100)
