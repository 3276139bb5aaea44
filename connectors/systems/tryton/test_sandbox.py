from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx

from connectors.contract import Outcome, Settings
from connectors.systems.tryton.desk import Desk, journal, simple
from connectors.systems.tryton.sandbox import build, for_connection
from connectors.systems.tryton.standin import StandIn


def asked(app: Any, method: str, path: str, **options: Any) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            return await client.request(method, path, **options)

    return asyncio.run(ask())


class TestKeepingItsBooks:
    def test_goes_on_after_a_restart_where_it_was(self, tmp_path: Path) -> None:
        state = tmp_path / "erp" / "tryton.state"
        before = StandIn(state_file=str(state))
        desk = Desk(before)
        desk.send(journal(1), simple(2))
        desk.draft(simple(3))
        gone = desk.draft(simple(4))
        desk.raw(lambda tryton: tryton.delete("account.move", gone))
        asked(before.app, "POST", "/_control/periods", json={"2026-06": "closed"})
        after = StandIn(state_file=str(state))
        assert after.moves() == before.moves()
        assert after.parties() == before.parties()
        closed = simple(5, accounting_date="2026-06-01")
        assert Desk(after).send_one(closed).code == "period_closed"
        receipt = Desk(after).send_one(simple(6))
        assert (receipt.outcome, receipt.external_number) == (Outcome.OK, "2026/000003")

    def test_a_line_that_was_cut_off_by_a_crash_is_left_out(self, tmp_path: Path) -> None:
        state = tmp_path / "tryton.state"
        Desk(StandIn(state_file=str(state))).send_one(simple(1))
        with state.open("a") as file:
            file.write('["call", "POST", ["erp"')
        for number in (2, 3):
            assert Desk(StandIn(state_file=str(state))).send_one(simple(number)).external_id
        assert len(StandIn(state_file=str(state)).moves()) == 3

    def test_holds_no_credentials_in_its_file(self, tmp_path: Path) -> None:
        state = tmp_path / "tryton.state"
        erp = StandIn(state_file=str(state))
        Desk(erp).send(journal(1), journal(2))
        text = state.read_text()
        assert erp.api_key not in text
        assert "Basic" not in text


class TestItsOwnDoor:
    def test_tells_what_the_books_hold(self) -> None:
        erp = StandIn()
        desk = Desk(erp)
        desk.send_one(journal(1))
        desk.draft(simple(2))
        held = asked(erp.app, "GET", "/_control/").json()
        assert held == {"posted": 1, "drafts": 1, "parties": 4, "debits": "12990.00"}
        (move,) = asked(erp.app, "GET", "/_control/moves", params={"key": journal(1).key}).json()
        assert (move["number"], len(move["lines"])) == ("2026/000001", 3)
        assert asked(erp.app, "GET", "/_control/requests").json()["post"] == 1

    def test_switches_faults_on_and_off_and_forgets_everything(self) -> None:
        erp = StandIn()
        Desk(erp).send_one(simple(1))
        switched = asked(erp.app, "POST", "/_control/faults", json={"down": True, "slow": 0.5})
        assert set(switched.json()) == {"down", "slow"}
        assert asked(erp.app, "DELETE", "/_control/faults").json() == {}
        assert asked(erp.app, "POST", "/_control/reset").status_code == 200
        assert erp.moves() == []
        assert Desk(erp).send_one(simple(2)).external_number == "2026/000001"

    def test_refuses_what_it_does_not_know(self) -> None:
        erp = StandIn()
        for path, value in (
            ("faults", {"earthquake": True}),
            ("periods", {"1999-01": "closed"}),
            ("nothing", {}),
        ):
            answer = asked(erp.app, "POST", f"/_control/{path}", json=value)
            assert answer.status_code == 400
            assert answer.json()["problem"]

    def test_several_parties_may_share_a_code_when_that_is_switched_on(self) -> None:
        erp = StandIn()
        erp.switch(unique_parties=False)
        made = {"vlist": [{"code": "cus_1", "name": "A"}, {"code": "cus_1", "name": "B"}]}
        assert len(Desk(erp).raw(lambda tryton: tryton.action("party.party/create", made))) == 2


class TestForAConnection:
    def test_opens_with_the_secrets_that_the_connection_holds(self) -> None:
        settings = Settings(
            slug="erp",
            base_url="http://127.0.0.1:9",
            parameters={"database": "books", "login": "console"},
            secrets={"api_key": "its-own-key", "password": "its-own-password"},
        )
        app = for_connection(settings, hook_url="", hook_secret="", state_path="")
        path = "/books/rest/model/account.journal/search_read"
        body = {"domain": [], "fields_names": ["code"]}
        opened = asked(
            app, "POST", path, json=body, headers={"authorization": "Bearer its-own-key"}
        )
        assert opened.status_code == 200
        refused = asked(app, "POST", path, json=body, headers={"authorization": "Bearer other"})
        assert refused.status_code == 401

    def test_locks_a_login_after_wrong_passwords_like_tryton(self) -> None:
        app = build({"password": "right-password"})
        body = {"id": 1, "method": "model.res.user.get_preferences", "params": [True, {}]}
        statuses = [
            asked(app, "POST", "/erp/rpc/", json=body, auth=("revops", word)).status_code
            for word in [*["wrong-password"] * 6, "right-password"]
        ]
        assert statuses == [401] * 6 + [429]
