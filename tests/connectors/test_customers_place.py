"""Where a customer is, as each ERP is told: by an upsert, and by a posting that has to make it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import pytest

from connectors.contract import Command, Outcome
from connectors.customers import Customer
from connectors.http import Client
from connectors.postings import JOURNAL
from connectors.testing.books import Books, line
from tests.connectors.erps import ERPS, Heard

BOOKS: Final = Books()
ADDRESS: Final = {"line1": "Main Street 1", "postal_code": "10115", "city": "Berlin"}
BERLIN: Final = ADDRESS | {"region": "BE", "country": "DE"}
# Ids that the sandbox of Tryton gives to the countries that it lists.
_GERMANY: Final = 4

WHOLE: Final[Mapping[str, tuple[str, ...]]] = {
    "business_central": ('"state":"BE"', '"country":"DE"'),
    "netsuite": ('"state":"BE"', '"country":{"id":"DE"}'),
    "oracle_fusion": ('"State":"BE"', '"Country":"DE"', '"City":"Berlin"'),
    "sap": ('"Country":"DE"', '"Region":"BE"'),
    "tryton": ('"city":"Berlin"', f'"country":{_GERMANY}'),
}
# SAP wants a country in each address, so that whoever set it up named one; Fusion takes no address
# without one. Nobody else is told of any.
UNKNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "business_central": ('"city":"Berlin"',),
    "netsuite": ('"city":"Berlin"',),
    "oracle_fusion": (),
    "sap": ('"Country":"US"',),
    "tryton": ('"city":"Berlin"',),
}


def written(slug: str, command: Command) -> str:
    """All that was written for it, without spaces."""
    case = ERPS[slug]
    wire = Heard(case().build())

    async def story() -> None:
        address = case.settings.base_url
        async with Client(address, hosts=(), allow_loopback=True, transport=wire) as client:
            (receipt,) = await case.connector.send(client, case.settings, [command])
            assert receipt.outcome is Outcome.OK, receipt

    asyncio.run(story())
    return "".join("".join(wire.bodies).replace(" ", "").split())


@pytest.mark.parametrize("slug", sorted(ERPS))
class TestWhereACustomerIs:
    def test_is_told_with_the_country(self, slug: str) -> None:
        said = written(slug, BOOKS.customer(1, address=BERLIN))
        assert [part for part in WHOLE[slug] if part not in said] == []

    def test_is_told_as_far_as_it_is_known(self, slug: str) -> None:
        said = written(slug, BOOKS.customer(1, address=ADDRESS))
        assert [part for part in UNKNOWN[slug] if part not in said] == []
        assert ("ountry" in said) is (slug == "sap")
        assert ("Berlin" in said) is (slug != "oracle_fusion")

    def test_is_told_with_a_region_in_words_where_words_are_taken(self, slug: str) -> None:
        said = written(slug, BOOKS.customer(1, address=BERLIN | {"region": "Brandenburg"}))
        assert ("Brandenburg" in said) is (slug in {"business_central", "oracle_fusion"})

    def test_is_known_to_a_posting_that_makes_it(self, slug: str) -> None:
        """Two of them want a country of whoever they hear of first."""
        said = written(slug, posting({"id": "cus_1", "name": "Kestrel", "country": "DE"}))
        assert ('ountry":"DE"' in said) is (slug in {"business_central", "sap"})


def posting(customer: Mapping[str, Any]) -> Command:
    lines = [line(BOOKS.receivable, debit=500), line(BOOKS.revenue, credit=500)]
    lines[0]["customer"] = dict(customer)
    return BOOKS.command(JOURNAL, 1, lines)


class TestReading:
    @pytest.mark.parametrize(
        ("country", "read"), [("de", "DE"), (" GB ", "GB"), ("Germany", ""), (None, ""), ("D1", "")]
    )
    def test_a_country_has_two_letters_or_is_not_known(self, country: Any, read: str) -> None:
        asked = Customer.of({"customer_id": "c", "name": "N", "address": {"country": country}})
        assert asked.country == read

    def test_what_was_asked_without_a_country_has_the_digest_that_it_had(self) -> None:
        bare, whole = (
            Customer.of({"customer_id": "c", "name": "N", "address": one})
            for one in (ADDRESS, BERLIN)
        )
        assert bare.content != whole.content
        assert (
            bare.content
            == Customer.of(
                {"customer_id": "c", "name": "N", "address": ADDRESS | {"country": None}}
            ).content
        )
