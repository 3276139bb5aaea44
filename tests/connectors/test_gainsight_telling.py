from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import httpx
import pytest

from connectors.contract import PayloadUnreadable, Settings, SignatureInvalid, TypeUnknown
from connectors.http import Client
from connectors.systems.gainsight import polling, sandbox
from connectors.systems.gainsight.connector import connector
from connectors.systems.gainsight.names import Names
from connectors.systems.gainsight.sandbox import play
from connectors.systems.gainsight.sandbox.app import Sandbox
from connectors.testing import LOOPBACK
from revops.contracts.base import EventData

T = TypeVar("T")
PARAMETERS = {
    "likelihood_field": "Renewal_Likelihood__gc",
    "score_changed_field": "Score_Changed_On__gc",
}
SETTINGS = Settings(
    slug="gainsight",
    base_url=LOOPBACK,
    parameters=PARAMETERS,
    secrets={"access_key": sandbox.ACCESS_KEY},
)
FEBRUARY = int(datetime(2026, 2, 1, tzinfo=UTC).timestamp())


class Tenant:
    def __init__(self) -> None:
        app = sandbox.build(sandbox.Config(parameters=PARAMETERS))
        self.there: Sandbox = app.state.sandbox
        self.wire = httpx.ASGITransport(app=app)

    def run(self, work: Callable[[Client], Awaitable[T]]) -> T:
        async def inside() -> T:
            async with Client(
                LOOPBACK, hosts=(), allow_loopback=True, transport=self.wire
            ) as client:
                return await work(client)

        return asyncio.run(inside())

    def poll(self, cursor: str = "") -> tuple[list[dict[str, Any]], str, bool]:
        page = self.run(lambda client: connector.poll(client, SETTINGS, cursor=cursor))
        return [json.loads(body) for body in page.bodies], page.cursor, page.more

    def everything(self, cursor: str = "") -> tuple[list[dict[str, Any]], str]:
        found: list[dict[str, Any]] = []
        more = True
        while more:
            bodies, cursor, more = self.poll(cursor)
            found += bodies
        return found, cursor


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


def told(body: dict[str, Any], **parameters: Any) -> list[EventData]:
    envelope = connector.open(json.dumps(body).encode())
    settings = replace(SETTINGS, parameters=PARAMETERS | parameters)
    return list(connector.translate(envelope, settings))


def body(event: str, **more: Any) -> dict[str, Any]:
    return {"event": event, "company_id": "1P02", "changed_at": FEBRUARY * 1000, **more}


class TestWhatIsTold:
    def test_a_company_comes_with_its_parent_and_its_ids_elsewhere(self) -> None:
        (event,) = told(
            body("company", name="Cedar", parent_id="1P01", other_ids={"stripe": "cus_1"})
        )
        data = event.model_dump()
        assert event.contract == "customer.updated/1"
        assert (data["parent_id"], data["other_ids"]) == (
            "1P01",
            ({"system": "stripe", "id": "cus_1"},),
        )

    def test_a_company_is_new_when_it_was_changed_as_it_was_made(self) -> None:
        (event,) = told(body("company", name="Cedar", created_at=FEBRUARY * 1000 - 900))
        assert event.contract == "customer.created/1"

    @pytest.mark.parametrize(
        ("score", "band"),
        [(100, "green"), (70, "green"), ("69.9", "yellow"), (40, "yellow"), (0, "red")],
    )
    def test_the_band_follows_from_the_score(self, score: Any, band: str) -> None:
        (event,) = told(body("health", score=score))
        assert event.model_dump()["band"] == band

    def test_the_bands_begin_where_the_connection_says(self) -> None:
        (event,) = told(body("health", score=65), green_from=60, yellow_from=30)
        assert event.model_dump()["band"] == "green"

    def test_a_rule_may_name_the_band_itself(self) -> None:
        (event,) = told(body("health", score="95", band="Red"))
        assert event.model_dump()["band"] == "red"

    @pytest.mark.parametrize("score", [-1, 101, "high", None, True])
    def test_a_score_that_is_none_is_refused(self, score: Any) -> None:
        with pytest.raises(PayloadUnreadable):
            told(body("health", score=score))

    @pytest.mark.parametrize(("percent", "risk"), [(80, "low"), (79, "medium"), (49, "high")])
    def test_a_renewal_has_a_probability_and_a_risk(self, percent: int, risk: str) -> None:
        (event,) = told(
            body("renewal", renews_on="2026-06-30", amount="48500.50", likelihood_percent=percent)
        )
        data = event.model_dump()
        assert (data["amount"], data["currency"]) == (4_850_050, "USD")
        assert data["probability"] == Decimal(percent) / 100
        assert data["risk"] == risk

    def test_a_renewal_in_yen_has_no_fractions(self) -> None:
        (event,) = told(
            body(
                "renewal", renews_on=FEBRUARY * 1000, amount=900_000, currency="JPY",
                likelihood_percent=90,
            )
        )  # fmt: skip
        data = event.model_dump(mode="json")
        assert (data["amount"], data["renews_on"]) == (900_000, "2026-02-01")

    def test_a_milestone_that_does_not_count_tells_nothing(self) -> None:
        reached = body("milestone", milestone="Kick-off", reached_at=FEBRUARY * 1000)
        assert told(reached, milestones="Onboarding complete") == []
        assert told(reached)[0].contract == "onboarding.milestone_reached/1"

    def test_an_unknown_event_is_quarantined(self) -> None:
        with pytest.raises(TypeUnknown):
            told(body("cta"))

    def test_the_same_fact_has_one_id_by_a_rule_and_by_a_poll(self) -> None:
        polled = connector.open(json.dumps(body("health", score=31)).encode())
        ruled = connector.open(
            json.dumps(body("health", score=31) | {"changed_at": "2026-02-01T00:00:00Z"}).encode()
        )
        assert polled.event_id == ruled.event_id
        assert polled.content == ruled.content

    def test_of_one_moment_a_rules_word_stands(self) -> None:
        polled = connector.open(json.dumps(body("health", score=31, source="poll")).encode())
        ruled = connector.open(json.dumps(body("health", score=31, reason="Quiet.")).encode())
        assert ruled.object_version == polled.object_version + 1


class TestTheSecret:
    def test_of_sixteen_characters_or_more_is_accepted_and_any_may_match(self) -> None:
        secrets = ["a-secret-of-24-characters", "the-one-before-it-was-changed"]
        for secret in secrets:
            connector.verify(
                body=b"{}", headers={"x-revops-secret": secret}, secrets=secrets,
                at=datetime.now(tz=UTC),
            )  # fmt: skip

    @pytest.mark.parametrize("secret", ["", "short", "fifteen-letters"])
    def test_that_can_be_guessed_is_never_accepted(self, secret: str) -> None:
        with pytest.raises(SignatureInvalid):
            connector.verify(
                body=b"{}", headers={"x-revops-secret": secret}, secrets=[secret],
                at=datetime.now(tz=UTC),
            )  # fmt: skip


class TestPolling:
    def test_finds_companies_health_renewals_and_milestones(self, tenant: Tenant) -> None:
        play.customers(tenant.there, companies=[{"name": "Cedar", "stripe": "cus_1", "score": 82}])
        play.milestone(tenant.there, name="Onboarding complete")
        bodies, _ = tenant.everything()
        assert [item["event"] for item in bodies] == ["company", "health", "renewal", "milestone"]
        contracts = [event.contract for item in bodies for event in told(item)]
        assert contracts == [
            "customer.created/1",
            "health.changed/1",
            "renewal.forecast_updated/1",
            "onboarding.milestone_reached/1",
        ]

    def test_tells_of_health_once_however_often_the_company_changes(self, tenant: Tenant) -> None:
        play.customers(tenant.there, count=1)
        first, cursor = tenant.everything()
        play.edit(tenant.there, Industry="Health")
        again, _ = tenant.everything(cursor)
        ids = [
            {connector.open(json.dumps(item).encode()).event_id for item in found
             if item["event"] == "health"}
            for found in (first, again)
        ]  # fmt: skip
        assert ids[0] == ids[1]
        assert len(ids[0]) == 1

    def test_reads_page_after_page_and_misses_none_that_moves_meanwhile(
        self, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(polling, "PAGE", 4)
        tables = tenant.there.tables
        base = int(datetime.now(tz=UTC).timestamp()) - 1000
        rows = [
            tables.add("Company", {"Name": f"No. {number}"}, at=(base + number // 3) * 1000)
            for number in range(30)
        ]
        seen: set[str] = set()
        cursor, more, pages = "", True, 0
        while more:
            bodies, cursor, more = tenant.poll(cursor)
            seen |= {item["company_id"] for item in bodies}
            pages += 1
            # Somebody edits one that was read already, and moves it to the end.
            tables.change("Company", rows[0], {"Industry": str(pages)})
            assert pages < 60
            if pages > 30:
                break
        assert seen == {row["Gsid"] for row in rows}

    def test_gets_over_a_second_that_holds_more_than_a_page(
        self, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(polling, "PAGE", 4)
        base = int(datetime.now(tz=UTC).timestamp()) - 1000
        for number in range(11):
            tenant.there.tables.add("Company", {"Name": str(number)}, at=base * 1000 + number)
        bodies, _ = tenant.everything()
        assert {item["name"] for item in bodies} == {str(number) for number in range(11)}

    def test_begins_anew_with_an_overlap(self, tenant: Tenant) -> None:
        play.customers(tenant.there, count=1)
        _, cursor = tenant.everything()
        since = json.loads(cursor)["companies"][0]
        newest = tenant.there.tables.all("Company")[0]["ModifiedDate"] // 1000
        assert since == newest - connector.manifest.poll_overlap_s

    def test_a_field_that_is_not_there_is_told_and_moves_nothing(self, tenant: Tenant) -> None:
        play.customers(tenant.there, count=1)
        wrong = replace(SETTINGS, parameters=PARAMETERS | {"score_field": "Nobody__gc"})
        with pytest.raises(Exception, match="Nobody__gc"):
            tenant.run(lambda client: connector.poll(client, wrong, cursor=""))

    def test_refuses_a_cursor_that_it_did_not_write(self, tenant: Tenant) -> None:
        with pytest.raises(PayloadUnreadable):
            tenant.poll("[1, 2]")


class TestProbing:
    def probe(self, tenant: Tenant, **parameters: Any) -> list[tuple[bool, str]]:
        settings = replace(SETTINGS, parameters=PARAMETERS | parameters)
        steps = tenant.run(lambda client: connector.probe(client, settings))
        return [(step.passed, step.detail) for step in steps]

    def test_checks_key_objects_fields_and_the_zone_of_filters(self, tenant: Tenant) -> None:
        play.customers(tenant.there, count=1)
        steps = self.probe(tenant)
        assert len(steps) == 6
        assert all(passed for passed, _ in steps), steps

    def test_names_the_fields_that_are_missing(self, tenant: Tenant) -> None:
        steps = self.probe(tenant, customer_field="Console_Id__gc")
        assert (False, "Missing there: Console_Id__gc.") in steps

    def test_names_an_object_that_is_missing(self, tenant: Tenant) -> None:
        steps = self.probe(tenant, signal_object="Nothing__gc")
        assert any(not passed and "not found" in detail for passed, detail in steps)


class TestSnapshots:
    @pytest.mark.parametrize(
        ("zone", "days"), [("UTC", ["2026-03-02", "2026-03-03"]), ("Asia/Tokyo", ["2026-03-03"])]
    )
    def test_lists_companies_by_the_day_on_which_they_were_made(
        self, tenant: Tenant, zone: str, days: list[str]
    ) -> None:
        """In the connection's zone: made at 20:00 in London, it is the next day in Tokyo."""
        tables = tenant.there.tables
        for day in (1, 2, 3):
            moment = int(datetime(2026, 3, day, 20, tzinfo=UTC).timestamp() * 1000)
            tables.add("Company", {"Name": f"Cedar {day}", "ARR": 1200.5}, at=moment)
        rows, cursor = tenant.run(
            lambda client: connector.snapshot(
                client, replace(SETTINGS, zone=zone), kind="company",
                start=days[0], end="2026-03-03", cursor="",
            )
        )  # fmt: skip
        assert sorted(row.dated for row in rows) == days
        assert {(row.key == row.external_id, row.party[:5], row.amount) for row in rows} == {
            (True, "Cedar", 0)
        }
        assert cursor == ""


class TestNames:
    def test_empty_names_switch_a_reading_off(self) -> None:
        names = Names.of({"score_field": "", "milestone_object": ""})
        row = {"Gsid": "1P02", "Name": "Cedar", "ModifiedDate": FEBRUARY * 1000}
        assert [item["event"] for item in polling.of_company(row, names)] == ["company"]
        assert "" not in names.company_read
