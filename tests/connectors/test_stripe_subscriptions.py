from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest

from tests.connectors.stripe_recorded import body, only, opened, told


def changed(previous: dict[str, Any], **now: Any) -> dict[str, Any]:
    """An update of the recorded subscription with other members before and now."""
    event = body("subscription_updated__upgraded", **now)
    event["data"]["previous_attributes"] = previous
    return event


def contracts(event: dict[str, Any]) -> list[str]:
    return [item.contract for item in told(event)]


class TestChanges:
    @pytest.mark.parametrize(
        ("fixture", "contract", "effective_on"),
        [
            ("upgraded", "subscription.upgraded/1", date(2026, 4, 11)),
            ("downgraded", "subscription.downgraded/1", date(2026, 4, 21)),
            ("seats", "subscription.seats_changed/1", date(2026, 5, 1)),
            ("renewed", "subscription.renewed/1", date(2027, 1, 1)),
            ("renewed_since_basil", "subscription.renewed/1", date(2027, 1, 1)),
            ("paused", "subscription.paused/1", date(2027, 1, 6)),
            ("resumed", "subscription.resumed/1", date(2027, 1, 16)),
        ],
    )
    def test_each_is_told_by_its_name_with_the_first_day_of_the_new_state(
        self, fixture: str, contract: str, effective_on: date
    ) -> None:
        event = only(f"subscription_updated__{fixture}")
        assert (event.contract, event.effective_on) == (contract, effective_on)

    def test_carries_the_items_as_they_are_now(self) -> None:
        upgraded = only("subscription_updated__upgraded")
        assert [(i.sku, i.quantity, i.unit_amount) for i in upgraded.items] == [
            ("price_scale_yearly", 5, 4_850_000)
        ]
        assert only("subscription_updated__seats").items[0].quantity == 8

    def test_a_pause_says_when_it_ends(self) -> None:
        assert only("subscription_updated__paused").resumes_on == date(2027, 2, 5)

    def test_days_are_days_in_the_entitys_zone(self) -> None:
        event = only("subscription_updated__upgraded", zone="America/Los_Angeles")
        assert event.effective_on == date(2026, 4, 10)

    def test_the_same_money_for_half_the_time_is_dearer(self) -> None:
        monthly = body("subscription_updated__upgraded")["data"]["object"]["items"]
        yearly = copy.deepcopy(monthly)
        monthly["data"][0]["price"]["recurring"]["interval"] = "month"
        monthly["data"][0]["price"]["id"] = "price_monthly"
        assert contracts(changed({"items": yearly}, items=monthly)) == ["subscription.upgraded/1"]
        assert contracts(changed({"items": monthly}, items=yearly)) == ["subscription.downgraded/1"]

    def test_one_update_may_hold_several(self) -> None:
        event = body("subscription_updated__renewed")
        old = body("subscription_updated__upgraded")["data"]["object"]["items"]
        event["data"]["previous_attributes"] |= {"items": old}
        assert contracts(event) == ["subscription.renewed/1", "subscription.downgraded/1"]

    def test_a_new_billing_anchor_is_no_renewal(self) -> None:
        event = body("subscription_updated__renewed")
        event["data"]["object"]["current_period_start"] -= 86_400
        assert "Nothing that counts" in opened(event).ignored
        assert contracts(event) == []

    def test_a_changed_card_is_nothing(self) -> None:
        event = changed({"default_payment_method": "pm_1"})
        assert "Nothing that counts" in opened(event).ignored

    def test_a_contract_that_is_written_down_later_is_told(self) -> None:
        event = changed({"metadata": {}})
        (restated,) = told(event)
        assert restated.contract == "subscription.activated/1"
        assert restated.contract_ref == "8005g000001Acme"

    def test_nothing_is_restated_while_it_rests(self) -> None:
        event = changed({"metadata": {}}, pause_collection={"behavior": "void"})
        assert opened(event).ignored

    def test_a_trial_that_ends_begins_to_run(self) -> None:
        assert contracts(changed({"status": "trialing"})) == ["subscription.activated/1"]

    def test_what_waits_for_its_first_payment_does_not_run(self) -> None:
        assert "does not run" in opened(changed({"items": {}}, status="incomplete")).ignored


class TestEnd:
    def test_is_the_first_day_without_service(self) -> None:
        ended = only("subscription_deleted__cancelled")
        assert ended.contract == "subscription.cancelled/1"
        assert ended.effective_on == date(2027, 1, 26)
        assert ended.reason == "The project ended."

    def test_of_what_never_ran_is_nothing(self) -> None:
        event = body("subscription_deleted__cancelled", status="incomplete_expired")
        assert "never ran" in opened(event).ignored

    def test_a_trial_without_a_card_rests(self) -> None:
        event = body("subscription_updated__paused", status="paused")
        event["type"] = "customer.subscription.paused"
        assert only(event).contract == "subscription.paused/1"
        event = body("subscription_updated__resumed")
        event["type"] = "customer.subscription.resumed"
        assert only(event).contract == "subscription.resumed/1"


class TestContract:
    def test_is_named_by_metadata(self) -> None:
        assert only("subscription_updated__upgraded").contract_ref == "8005g000001Acme"
        event = body("subscription_updated__upgraded")
        event["data"]["object"]["metadata"] = {"contract_id": "C-1", "deal": "D-1"}
        (default,), (other,) = told(event), told(event, contract_keys="deal")
        assert (default.contract_ref, other.contract_ref) == ("C-1", "D-1")


class TestEntitlements:
    def test_what_is_new_is_granted_and_what_is_gone_revoked(self) -> None:
        granted = told("entitlements_updated__granted")
        assert {(e.contract, e.feature) for e in granted} == {
            ("entitlement.granted/1", "api_access"),
            ("entitlement.granted/1", "sso"),
        }
        revoked = only("entitlements_updated__revoked")
        assert (revoked.contract, revoked.feature) == ("entitlement.revoked/1", "api_access")
        assert revoked.effective_on == date(2026, 1, 6)

    def test_a_summary_of_the_first_ten_is_refused(self) -> None:
        event = body("entitlements_updated__granted")
        event["data"]["object"]["entitlements"]["has_more"] = True
        with pytest.raises(ValueError, match="more entitlements than the event tells"):
            told(event)

    def test_the_same_summary_again_is_nothing(self) -> None:
        event = body("entitlements_updated__granted")
        now = event["data"]["object"]["entitlements"]
        event["data"]["previous_attributes"] = {"entitlements": now}
        assert opened(event).ignored


class TestCustomer:
    def test_other_systems_ids_and_the_hierarchy_stand_in_metadata(self) -> None:
        customer = only("customer_created__known_elsewhere")
        assert {(other.system, other.id) for other in customer.other_ids} == {
            ("salesforce", "0015g00000AcmeQAZ"),
            ("gainsight", "1P02ACME"),
        }
        assert (customer.parent_id, customer.domain, customer.region) == (
            "cus_AcmeHolding",
            "acme.example",
            "DACH",
        )

    def test_the_connection_says_under_which_keys(self) -> None:
        event = body("customer_created__known_elsewhere", metadata={"crm": "001", "top": "cus_0"})
        (customer,) = told(event, customer_ids="crm=salesforce", customer_keys="parent=top")
        assert isinstance(customer.model_dump()["other_ids"], tuple | list)
        assert customer.other_ids[0].id == "001"
        assert customer.parent_id == "cus_0"
