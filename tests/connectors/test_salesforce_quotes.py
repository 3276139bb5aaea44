"""Quotes that were accepted, whether Salesforce itself or the package CPQ made them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import httpx
import pytest

from connectors.contract import Settings
from connectors.http import Client
from connectors.systems.salesforce import desk, sandbox
from connectors.systems.salesforce.connector import connector
from connectors.systems.salesforce.layout import Layout
from connectors.systems.salesforce.sandbox.business import Business
from revops.contracts.base import EventData

_CPQ: Final = replace(desk.SETTINGS, parameters={**desk.SETTINGS.parameters, "quotes_of": "cpq"})
_SOLD: Final = ({"sku": "price_team_yearly", "quantity": 40, "price": "1200"},)
_BESIDE: Final = ({"sku": "price_support", "quantity": 1, "price": "9000"},)


def play(story: Callable[[Client, Business], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        app = sandbox.build()
        wire = httpx.ASGITransport(app=app)
        async with Client(
            desk.SETTINGS.base_url, hosts=(), allow_loopback=True, transport=wire
        ) as client:
            return await story(client, app.state.sandbox.business)

    return asyncio.run(run())


def a_deal(business: Business) -> str:
    account = business.account(Name="Acme")["Id"]
    return str(business.deal(account=account, items=_SOLD)["Id"])


def quotes(bodies: Sequence[bytes], settings: Settings) -> list[EventData]:
    events = [
        event for body in bodies for event in connector.translate(connector.open(body), settings)
    ]
    return [event for event in events if event.contract == "quote.accepted/1"]


class TestQuotes:
    @pytest.mark.parametrize("settings", [desk.SETTINGS, _CPQ], ids=["salesforce", "cpq"])
    def test_are_polled_with_what_was_bought_and_read_again_by_their_id(
        self, settings: Settings
    ) -> None:
        async def story(client: Client, business: Business) -> None:
            deal = a_deal(business)
            if settings is _CPQ:
                made = business.cpq_quote(deal=deal, optional=_BESIDE)
            else:
                made = business.quote(deal=deal)
            page = await connector.poll(client, settings, cursor="")
            (quote,) = quotes(page.bodies, settings)
            told = quote.model_dump()
            assert (told["quote_id"], told["opportunity_id"]) == (made["Id"], deal)
            assert (told["number"], told["amount"]) == ("Q-00001", 4_800_000)
            assert [(one["sku"], one["quantity"]) for one in told["items"]] == [
                ("price_team_yearly", 40)
            ]
            kind = connector.open(page.bodies[-1]).object_type
            body = await connector.fetch(client, settings, kind, made["Id"])
            assert body is not None
            assert quotes([body], settings)[0].model_dump()["items"] == told["items"]

        play(story)

    def test_of_cpq_that_are_not_accepted_say_nothing(self) -> None:
        async def story(client: Client, business: Business) -> None:
            business.cpq_quote(deal=a_deal(business), accepted=False)
            page = await connector.poll(client, _CPQ, cursor="")
            assert quotes(page.bodies, _CPQ) == []
            assert len(page.bodies) == 3

        play(story)

    def test_a_connection_is_tested_for_the_fields_of_its_quotes(self) -> None:
        async def story(client: Client, business: Business) -> None:
            steps = await connector.probe(client, _CPQ)
            assert all(step.passed for step in steps), steps
            assert "SBQQ__Quote__c can be read" in [step.label for step in steps]
            unknown = {**_CPQ.parameters, "quote_fields": "accepted_on=Signed_On__c"}
            steps = await connector.probe(client, replace(_CPQ, parameters=unknown))
            wrong = [step.label for step in steps if "Signed_On__c" in step.detail]
            assert wrong == ["SBQQ__Quote__c can be read"]

        play(story)

    def test_the_names_that_every_connection_began_with_do_not_hold_cpq_back(self) -> None:
        began = {**_CPQ.parameters, "quote_object": "Quote", "quote_lines": "QuoteLineItems"}
        layout = Layout.of(replace(_CPQ, parameters=began))
        assert (layout.quote_object, layout.quote_lines) == ("SBQQ__Quote__c", "SBQQ__LineItems__r")
        own = Layout.of(replace(_CPQ, parameters={**began, "quote_object": "Offer__c"}))
        assert own.quote_object == "Offer__c"

    def test_a_product_that_is_none_is_told_in_words(self) -> None:
        with pytest.raises(ValueError, match="quotes_of: “paper” is not one of salesforce, cpq"):
            Layout.of(replace(_CPQ, parameters={"quotes_of": "paper"}))
