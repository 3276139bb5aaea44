from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import PayloadUnreadable, TypeUnknown
from connectors.systems.salesforce import accounts, wire
from connectors.systems.salesforce.connector import connector
from connectors.systems.salesforce.layout import Layout, LayoutInvalid
from tests.connectors.salesforce_play import with_parameters

FIXTURES = Path(connector.manifest.slug and accounts.__file__).with_name("fixtures")


def record(name: str, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text())
    return found | changes


def events(found: dict[str, Any], **parameters: Any) -> list[Any]:
    settings = with_parameters(**parameters)
    return list(connector.translate(connector.open(json.dumps(found).encode()), settings))


class TestAccounts:
    def test_an_account_is_a_customer_with_its_address_and_domain(self) -> None:
        (event,) = events(record("account_created__with_address"))
        assert event.contract == "customer.created/1"
        assert event.domain == "nordlicht-analytik.example"
        assert (event.address.line1, event.address.line2) == ("Hafenweg 12", "Haus B")
        assert event.address.country == "DE"
        assert event.parent_id == ""

    def test_one_that_changed_since_it_was_made_is_an_update_with_its_parent(self) -> None:
        (event,) = events(record("account_updated__with_parent"))
        assert event.contract == "customer.updated/1"
        assert event.parent_id == "0015g00000Kx1ZzAAJ"
        assert event.address.country is None

    def test_fields_of_ones_own_carry_tax_id_region_and_ids_elsewhere(self) -> None:
        found = record(
            "account_created__with_address", VAT__c="DE811", Region__c="EMEA", Stripe__c="cus_9",
            ERP__c=" 4711 ", Entity__c="DE-GMBH", CurrencyIsoCode="EUR",
        )  # fmt: skip
        (event,) = events(
            found,
            account_fields="tax_id=VAT__c, region=Region__c, legal_entity=Entity__c",
            other_ids="stripe=Stripe__c, erp=ERP__c, zuora=Zuora__c",
            multi_currency=True,
        )
        assert (event.tax_id, event.region, event.legal_entity) == ("DE811", "EMEA", "DE-GMBH")
        assert event.currency == "EUR"
        assert [(one.system, one.id) for one in event.other_ids] == [
            ("stripe", "cus_9"),
            ("erp", "4711"),
        ]

    def test_a_merged_account_says_which_one_it_lives_on_as(self) -> None:
        (event,) = events(record("account_deleted__merged"))
        assert event.contract == "customer.merged/1"
        assert (event.customer_id, event.merged_id) == ("0015g00000Kx1aPAAR", "0015g00000Kx1bQAAR")
        assert event.merged_on == date(2026, 11, 20)

    def test_the_day_of_a_merge_is_the_entitys(self) -> None:
        found = record("account_deleted__merged", SystemModstamp="2026-11-20T02:00:00.000+0000")
        envelope = connector.open(json.dumps(found).encode())
        from dataclasses import replace

        (event,) = connector.translate(
            envelope, replace(with_parameters(), zone="America/New_York")
        )
        assert event.merged_on == date(2026, 11, 19)

    @pytest.mark.parametrize(
        ("website", "domain"),
        [
            ("https://www.Acme.com/de?x=1", "acme.com"),
            ("acme.co.uk", "acme.co.uk"),
            ("http://user@acme.com:8080", "acme.com"),
            ("n/a", ""),
            ("", ""),
            ("http://", ""),
            ("tbd", ""),
        ],
    )
    def test_a_domain_is_read_from_what_people_type_as_a_website(
        self, website: str, domain: str
    ) -> None:
        assert accounts.domain(website) == domain

    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("Germany", "DE"),
            ("us", "US"),
            ("USA", "US"),
            (" united kingdom ", "GB"),
            ("Mars", None),
        ],
    )
    def test_countries_are_known_by_code_and_by_name(self, name: str, code: str | None) -> None:
        assert accounts.country(name) == code


class TestOpportunities:
    def test_open_won_and_lost_are_what_salesforce_says_they_are(self) -> None:
        names = ("open__without_lines", "won__with_lines", "lost__to_price")
        found = [events(record(f"opportunity_{name}"))[0].contract for name in names]
        assert found == ["opportunity.updated/1", "opportunity.won/1", "opportunity.lost/1"]

    def test_a_won_one_says_what_was_sold_at_what_a_unit_really_costs(self) -> None:
        (event,) = events(record("opportunity_won__with_lines"))
        assert (event.amount, event.won_on) == (4_800_000, date(2026, 11, 20))
        assert [(one.sku, one.quantity, one.unit_amount) for one in event.items] == [
            ("price_team_yearly", 40, 114_000),
            ("01t5g000003abcDAAQ", 1, 240_000),
        ]

    def test_amounts_of_tens_of_millions_are_exact_though_java_writes_an_exponent(self) -> None:
        (event,) = events(record("opportunity_won__in_tens_of_millions"))
        assert event.amount == 1_250_000_050
        assert event.items[0].unit_amount is None

    def test_one_without_an_account_is_nobodys_yet(self) -> None:
        assert events(record("opportunity_open__without_lines", AccountId=None)) == []

    def test_an_amount_with_too_many_decimals_is_refused_in_words(self) -> None:
        found = record("opportunity_open__without_lines", Amount=10.005)
        with pytest.raises(PayloadUnreadable, match=r"10.005 USD, which has more decimals"):
            events(found)

    def test_yen_have_no_decimals_and_dinars_three(self) -> None:
        for code, amount, minor in (("JPY", 48000.0, 48_000), ("KWD", 48.125, 48_125)):
            found = record("opportunity_open__without_lines", CurrencyIsoCode=code, Amount=amount)
            (event,) = events(found, multi_currency=True)
            assert (event.currency, event.amount) == (code, minor)
        found = record("opportunity_open__without_lines", CurrencyIsoCode="JPY", Amount=0.5)
        with pytest.raises(PayloadUnreadable):
            events(found, multi_currency=True)

    def test_half_a_seat_is_refused(self) -> None:
        found = record("opportunity_won__with_lines")
        found["OpportunityLineItems"]["records"][0]["Quantity"] = 1.5
        with pytest.raises(PayloadUnreadable, match="only whole quantities"):
            events(found)


class TestQuotes:
    def test_an_accepted_quote_names_its_opportunity_and_lines(self) -> None:
        (event,) = events(record("quote_accepted__with_lines"))
        assert (event.number, event.amount) == ("00000417", 4_800_000)
        assert event.accepted_on == date(2026, 11, 20)
        assert event.items[0].sku == "price_team_yearly"

    def test_any_other_status_says_nothing_unless_it_is_configured(self) -> None:
        found = record("quote_accepted__with_lines", Status="Signed by customer")
        assert events(found) == []
        assert len(events(found, quote_accepted="Accepted, signed by customer")) == 1

    def test_a_field_for_the_day_of_acceptance_is_believed(self) -> None:
        found = record("quote_accepted__with_lines", Signed__c="2026-11-03")
        (event,) = events(found, quote_fields="accepted_on=Signed__c")
        assert event.accepted_on == date(2026, 11, 3)


class TestContracts:
    def test_the_first_order_is_the_signing(self) -> None:
        (event,) = events(record("contract_signed__one_order"))
        assert event.contract == "contract.signed/1"
        assert (event.total, event.signed_on) == (4_800_000, date(2025, 12, 18))
        assert event.opportunity_id == "0065g00000Qw9LMAAZ"

    def test_a_later_order_amends_and_the_whole_contract_is_told(self) -> None:
        (event,) = events(record("contract_amended__more_seats"))
        assert event.contract == "contract.amended/1"
        assert (event.effective_on, event.total) == (date(2026, 7, 1), 5_550_000)
        assert [(one.sku, one.quantity) for one in event.items] == [
            ("price_team_yearly", 50),
            ("price_support", 1),
        ]
        assert event.reason == "Ten seats and support"

    def test_a_renewal_order_starts_the_items_anew(self) -> None:
        (event,) = events(record("contract_renewed__for_a_year"))
        assert event.contract == "contract.renewed/1"
        assert (event.effective_on, event.ends_on) == (date(2027, 1, 1), date(2027, 12, 31))
        assert [(one.sku, one.quantity) for one in event.items] == [("price_team_yearly", 50)]
        assert event.total == 6_000_000

    def test_a_reduction_takes_seats_away_and_a_sku_that_is_gone_is_left_out(self) -> None:
        found = record("contract_amended__more_seats")
        lines = found["Orders"]["records"][0]["OrderItems"]["records"]
        lines[0] |= {"Quantity": -40.0, "TotalPrice": -48000.0}
        (event,) = events(found)
        assert [one.sku for one in event.items] == ["price_support"]

    def test_cancelled_by_a_day_or_by_a_status(self) -> None:
        (event,) = events(record("contract_cancelled__by_status"))
        assert event.effective_on == date(2026, 11, 20)
        found = record("contract_signed__one_order", Gone__c="2026-09-01", Why__c="Moved away")
        (event,) = events(found, contract_fields="cancelled_on=Gone__c, reason=Why__c")
        assert event.contract == "contract.cancelled/1"
        assert (event.effective_on, event.reason) == (date(2026, 9, 1), "Moved away")

    def test_a_draft_says_nothing_even_when_it_is_cancelled(self) -> None:
        draft = {"Orders": None, "CustomerSignedDate": None, "ActivatedDate": None}
        for status in ("Draft", "In Approval Process", "Cancelled"):
            assert events(record("contract_signed__one_order", Status=status, **draft)) == []

    def test_terms_come_from_fields_of_ones_own(self) -> None:
        found = record("contract_signed__one_order", Net__c=45.0, Every__c=3.0)
        (event,) = events(found, contract_fields="net_days=Net__c, billing_months=Every__c")
        assert (event.terms.net_days, event.terms.billing_months) == (45, 3)

    def test_one_without_an_end_is_refused_in_words(self) -> None:
        with pytest.raises(PayloadUnreadable, match="no start date or no end date"):
            events(record("contract_signed__one_order", EndDate=None))

    def test_its_version_is_that_of_its_newest_order(self) -> None:
        found = record("contract_signed__one_order", SystemModstamp="2026-01-01T00:00:00.000+0000")
        body = json.dumps(found).encode()
        assert connector.open(body).object_version == wire.stamp(
            "2026-01-01T08:00:00.000+0000", field="x"
        )


class TestEnvelopes:
    def test_two_changes_within_a_second_are_two_events_of_one_version(self) -> None:
        first = record("account_created__with_address")
        second = first | {"Name": "Nordlicht Analytik SE"}
        one, two = (connector.open(json.dumps(item).encode()) for item in (first, second))
        assert one.object_version == two.object_version
        assert one.event_id != two.event_id

    def test_a_deleted_record_needs_nothing_done(self) -> None:
        envelope = connector.open(json.dumps(record("account_deleted__for_good")).encode())
        assert "deleted" in envelope.ignored

    def test_an_object_that_is_not_read_is_not_known(self) -> None:
        found = record("account_created__with_address")
        found["attributes"]["type"] = "Lead"
        with pytest.raises(TypeUnknown):
            events(found)


class TestLayout:
    @pytest.mark.parametrize(
        "parameters",
        [
            {"account_fields": "tax_id=VAT ID"},
            {"account_fields": "colour=Colour__c"},
            {"account_fields": "tax_id=x' OR Name != '"},
            {"other_ids": "stripe"},
            {"quote_object": "Quote; DROP"},
            {"api_version": "newest"},
            {"invoice_fields": "external_id="},
            {"health_fields": "stamp="},
        ],
    )
    def test_what_cannot_go_into_a_query_is_refused_in_words(
        self, parameters: dict[str, str]
    ) -> None:
        settings = with_parameters(**parameters)
        if "other_ids" in parameters:
            # “stripe” alone names a system and no field, which leaves it out.
            assert Layout.of(settings).other_ids == ()
            return
        with pytest.raises(LayoutInvalid) as caught:
            Layout.of(settings)
        assert len(str(caught.value).split()) > 3
