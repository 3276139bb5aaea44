from __future__ import annotations

import asyncio
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.systems.salesforce import sandbox
from connectors.systems.salesforce.sandbox.rest import encode
from connectors.systems.salesforce.sandbox.world import World, long_id
from tests.connectors.salesforce_play import Stage, on_stage

V = "/services/data/v62.0"


async def signed_in(stage: Stage) -> dict[str, str]:
    form = {
        "grant_type": "client_credentials", "client_id": sandbox.CLIENT_ID,
        "client_secret": sandbox.CLIENT_SECRET,
    }  # fmt: skip
    told = (await stage.wire.post("/services/oauth2/token", data=form)).json()
    assert {"access_token", "instance_url", "id", "token_type", "issued_at"} <= set(told)
    return {"Authorization": f"Bearer {told['access_token']}"}


class TestWireForm:
    def test_numbers_are_written_as_java_writes_doubles(self) -> None:
        told = encode([Decimal("12990"), Decimal("0.5"), Decimal("12500000.5"), Decimal("-1E7")])
        assert told == b"[12990.0, 0.5, 1.25000005E7, -1.0E7]"

    def test_ids_carry_the_case_of_their_letters(self) -> None:
        assert long_id("001D000000IqhSL") == "001D000000IqhSLIAZ"
        assert long_id("00130000000AbcD").startswith("00130000000AbcD")

    def test_errors_are_lists(self) -> None:
        async def story(stage: Stage) -> None:
            headers = await signed_in(stage)
            for path, status, code in (
                ("/query?q=SELECT Nope FROM Account", 400, "INVALID_FIELD"),
                ("/query?q=SELECT Id FROM Nope", 400, "INVALID_TYPE"),
                ("/query?q=SELECT Id Account", 400, "MALFORMED_QUERY"),
                ("/query/01g-1", 400, "INVALID_QUERY_LOCATOR"),
                ("/sobjects/Account/0015g0000000zzzAAA", 404, "NOT_FOUND"),
                ("/nowhere", 404, "NOT_FOUND"),
            ):
                answer = await stage.wire.get(V + path, headers=headers)
                (told,) = answer.json()
                assert (answer.status_code, told["errorCode"]) == (status, code), path
            answer = await stage.wire.get(f"{V}/limits")
            assert answer.status_code == 401
            assert answer.json()[0]["errorCode"] == "INVALID_SESSION_ID"

        on_stage(story)

    def test_records_are_made_changed_and_read(self) -> None:
        async def story(stage: Stage) -> None:
            headers = await signed_in(stage)
            made = await stage.wire.post(
                f"{V}/sobjects/Account", json={"Name": "Acme"}, headers=headers
            )
            assert made.status_code == 201
            path = f"{V}/sobjects/Account/{made.json()['id']}"
            changed = await stage.wire.patch(path, json={"Region__c": "EMEA"}, headers=headers)
            assert (changed.status_code, changed.content) == (204, b"")
            told = (await stage.wire.get(path, headers=headers)).json()
            assert (told["Name"], told["Region__c"]) == ("Acme", "EMEA")
            assert told["attributes"]["type"] == "Account"

        on_stage(story)

    def test_upserts_make_change_and_refuse_as_documented(self) -> None:
        async def story(stage: Stage) -> None:
            headers = await signed_in(stage)
            path = f"{V}/sobjects/RevOps_Invoice__c/RevOps_Id__c/in%2F1"

            async def put(path: str, **body: Any) -> httpx.Response:
                return await stage.wire.patch(path, json=body, headers=headers)

            assert (await put(f"{path}?updateOnly=true", Name="x")).status_code == 404
            made = await put(path, Name="x")
            assert (made.status_code, made.json()["created"]) == (201, True)
            again = await put(path, Name="y")
            assert (again.status_code, again.json()["created"]) == (200, False)
            assert (await put(path, RevOps_Id__c="z")).status_code == 400

        on_stage(story)

    def test_queries_with_lines_parents_and_pages(self) -> None:
        async def story(stage: Stage) -> None:
            headers = await signed_in(stage)
            await stage.play("customers", count=5)
            soql = (
                "SELECT Id, Owner.Name, (SELECT Quantity FROM OpportunityLineItems) "
                "FROM Opportunity WHERE Name LIKE '%business' AND (IsClosed = true OR Amount > 5) "
                "ORDER BY Name DESC"
            )
            page = (await stage.wire.get(f"{V}/query", params={"q": soql}, headers=headers)).json()
            assert (page["totalSize"], page["done"], len(page["records"])) == (5, False, 2)
            assert page["records"][0]["Owner"]["Name"] == "Rosa Winkler"
            assert page["records"][0]["OpportunityLineItems"]["records"][0]["Quantity"] == 10.0
            rest = (await stage.wire.get(page["nextRecordsUrl"], headers=headers)).json()
            assert (rest["done"], len(rest["records"])) == (False, 2)

        on_stage(story, config=sandbox.Config(batch=2))

    def test_no_more_than_200_records_in_a_call(self) -> None:
        async def story(stage: Stage) -> None:
            headers = await signed_in(stage)
            records = [{"attributes": {"type": "Account"}, "id": "x"}] * 201
            answer = await stage.wire.patch(
                f"{V}/composite/sobjects", json={"records": records}, headers=headers
            )
            assert answer.json()[0]["errorCode"] == "EXCEEDED_MAX_SIZE_REQUEST"

        on_stage(story)


class TestState:
    def test_outlives_a_restart(self, tmp_path: Path) -> None:
        world = World()
        made = world.create("Opportunity", {
            "Name": "A", "StageName": "B", "CloseDate": "2026-11-21", "Amount": "12.50",
        })  # fmt: skip
        world.save(tmp_path / "state")
        again = World()
        again.load(tmp_path / "state")
        assert again.get("Opportunity", made["Id"])["Amount"] == Decimal("12.50")
        fresh = again.create("Account", {"Name": "B"})
        assert fresh["Id"][3:] != made["Id"][3:]

    def test_no_message_after_a_restart_has_the_id_of_one_before(self) -> None:
        async def ids() -> set[str]:
            told: list[bytes] = []

            async def console(request: httpx.Request) -> httpx.Response:
                told.append(await request.aread())
                return httpx.Response(200, text="<Ack>true</Ack>")

            crm = sandbox.build(
                sandbox.Config(webhook_url="http://console.example/hook")
            ).state.sandbox
            crm.outbound.client = httpx.AsyncClient(transport=httpx.MockTransport(console))
            crm.world.create("Account", {"Name": "Alder"})
            await crm.outbound.idle()
            return set(re.findall(r"<Notification><Id>(\w+)</Id>", b"".join(told).decode()))

        before, after = asyncio.run(ids()), asyncio.run(ids())
        assert before
        assert after
        assert not before & after

    def test_can_be_looked_at_and_emptied(self) -> None:
        async def story(stage: Stage) -> None:
            await stage.play("customers", count=2)
            assert (await stage.wire.get("/_control/state")).json()["counts"]["Account"] == 2
            rows = json.loads((await stage.wire.get("/_control/records/Account")).content)
            assert [row["Name"] for row in rows] == ["Amber Freight", "Basalt Foods"]
            await stage.fault(down=True)
            await stage.wire.post("/_control/reset")
            assert (await stage.wire.get("/_control/state")).json()["counts"] == {}
            assert (await stage.wire.get("/_control/faults")).json() == {}

        on_stage(story)

    @pytest.mark.parametrize(
        ("path", "body"),
        [("faults", {"nope": True}), ("scenario/nope", {}), ("scenario/win", {}), ("faults", [])],
    )
    def test_says_what_it_cannot_do(self, path: str, body: Any) -> None:
        async def story(stage: Stage) -> None:
            answer = await stage.wire.post(f"/_control/{path}", json=body)
            assert answer.status_code == 400
            assert answer.json()["problem"]

        on_stage(story)

    def test_a_customer_of_billing_gets_one_account_however_often_it_is_adopted(self) -> None:
        async def story(stage: Stage) -> None:
            values = {
                "field": "Stripe_Customer_ID__c",
                "customers": [
                    {"id": "cus_1", "name": "Acme", "email": "a@acme.example", "currency": "gbp",
                     "legal_entity": "UK-LTD", "group": "Acme Group"},
                ],
            }  # fmt: skip
            await asyncio.gather(*(stage.play("adopt", **values) for _ in range(2)))
            roof, acme = stage.world.all("Account")
            assert (roof["Name"], acme["ParentId"]) == ("Acme Group", roof["Id"])
            assert (acme["CurrencyIsoCode"], acme["Website"]) == ("GBP", "https://www.acme.example")

        on_stage(story)
