"""What subscriptions entitle to: asked for when an event names one, told as it stands."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import httpx
import pytest

from connectors.contract import CallFailed, NeedsFetch, Outcome
from connectors.http import Client
from connectors.systems.chargebee import reading
from connectors.systems.chargebee.connector import connector
from connectors.systems.chargebee.sandbox.business import Business
from connectors.systems.chargebee.test_behaviour import _SETTINGS, _T, fixture, play, told

_READ: Final = "subscription_entitlements_read__granted_and_gone"


def by_feature(event: dict[str, Any]) -> dict[str, Any]:
    return {one.entitlement_id.partition(":")[2]: one for one in told(event)}


class TestStanding:
    def test_each_feature_is_granted_with_its_amount_unit_and_days(self) -> None:
        found = by_feature(fixture(_READ))
        sso, calls, support = found["sso"], found["api_calls"], found["support"]
        assert {one.contract for one in (sso, calls, support)} == {"entitlement.granted/1"}
        assert (sso.feature, sso.quantity, sso.subscription_id) == ("Single sign-on", None, "sub_1")
        assert sso.effective_on == date(2026, 1, 1)
        assert (calls.quantity, calls.unit) == (Decimal(500_000), "call")
        assert (calls.effective_on, calls.ends_on) == (date(2026, 1, 8), date(2026, 12, 31))
        assert support.feature == "Support: Premium"

    def test_a_switch_that_is_off_and_what_an_earlier_plan_gave_are_revoked(self) -> None:
        found = by_feature(fixture(_READ))
        gone = {name for name, one in found.items() if one.contract == "entitlement.revoked/1"}
        assert gone == {"audit_log", "regions"}

    def test_without_limit_is_no_number(self) -> None:
        event = fixture(_READ)
        event["content"]["entitlements"][1]["value"] = "unlimited"
        assert by_feature(event)["api_calls"].quantity is None

    @pytest.mark.parametrize(
        "change", [{"is_enabled": False}, {"schedule_status": "scheduled"}], ids=str
    )
    def test_what_is_disabled_or_not_begun_is_not_granted(self, change: dict[str, Any]) -> None:
        event = fixture(_READ)
        event["content"]["entitlements"][1] |= change
        found = by_feature(event).get("api_calls")
        assert found is None or found.contract == "entitlement.revoked/1"

    def test_the_end_of_a_subscription_is_that_of_what_it_gave(self) -> None:
        found = by_feature(fixture("subscription_entitlements_read__of_a_subscription_that_ended"))
        assert {one.contract for one in found.values()} == {"entitlement.revoked/1"}
        assert found["sso"].effective_on == date(2026, 1, 21)


class TestAsking:
    def test_an_event_leads_to_what_stands_and_to_what_another_plan_took_away(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, business: Business) -> Any:
            async def happens(name: str, **given: Any) -> None:
                answer = await control.post(f"/_control/scenario/{name}", json={"at": _T} | given)
                assert answer.status_code == 200, answer.text

            async def read() -> dict[str, str]:
                page = await connector.poll(client, _SETTINGS, cursor=json.dumps([_T - 1, 0, ""]))
                event = connector.open(page.bodies[-1])
                with pytest.raises(NeedsFetch):
                    connector.translate(event, _SETTINGS)
                body = await connector.fetch(client, _SETTINGS, event.object_type, event.object_id)
                assert body is not None
                whole = connector.open(body)
                assert (whole.object_type, whole.object_id) == (
                    event.object_type, event.object_id,
                )  # fmt: skip
                assert whole.object_version > event.object_version
                assert whole.polled
                return {
                    one.model_dump()["feature"]: one.contract.partition("/")[0]
                    for one in connector.translate(whole, _SETTINGS)
                }

            await happens("customers")
            await happens("entitle", feature="sso")
            await happens("entitle", feature="api_calls", value="5000", unit="call")
            before = await read()
            await happens("move")
            after = await read()
            await happens("customers")
            kinds = [event["event_type"] for event in business.world.all("event")]
            assert kinds.count("subscription_entitlements_created") == 1
            return before, after

        before, after = play(story)
        assert before == {"Sso": "entitlement.granted", "Api calls": "entitlement.granted"}
        assert after == dict.fromkeys(before, "entitlement.revoked")

    def test_a_list_of_something_else_is_asked_for_again(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, business: Business) -> Any:
            await control.post("/_control/scenario/customers", json={"at": _T})
            business.world.latest("invoice")["line_items"] = ["no line"]
            which = business.world.latest("subscription")["id"]
            with pytest.raises(CallFailed) as caught:
                await connector.fetch(client, _SETTINGS, "subscription_entitlement", which)
            return caught.value.outcome

        assert play(story) is Outcome.TRANSIENT

    def test_what_is_read_again_is_told_anew_and_of_other_things_the_same_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Granted, taken, granted again: the last is not the first one told twice."""

        async def story(client: Client, control: httpx.AsyncClient, business: Business) -> Any:
            await control.post("/_control/scenario/customers", json={"at": _T})
            which = business.world.latest("subscription")["id"]
            told = []
            for name in ("subscription_entitlement", "subscription"):
                for second in (1, 2):
                    moment = datetime(2026, 11, 22, 3, 0, second, tzinfo=UTC)
                    monkeypatch.setattr(reading, "now", lambda moment=moment: moment)
                    body = await connector.fetch(client, _SETTINGS, name, which)
                    told.append(connector.open(body))
            return told

        first, again, once, twice = play(story)
        assert first.event_id != again.event_id
        assert (once.event_id, once.content) == (twice.event_id, twice.content)

    def test_of_a_subscription_that_is_gone_there_is_nothing(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, business: Business) -> Any:
            return await connector.fetch(client, _SETTINGS, "subscription_entitlement", "sub_no")

        assert play(story) is None

    def test_what_names_no_subscription_is_told_in_words(self) -> None:
        kind = "subscription_entitlements_updated"
        event = fixture(_READ) | {"event_type": kind, "content": {f"{kind}_detail": {}}}
        with pytest.raises(ValueError, match="names no “subscription_id”"):
            told(event)
