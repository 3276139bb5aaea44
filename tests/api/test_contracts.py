"""The contracts can be read by whoever builds on them."""

from __future__ import annotations

import jsonschema
import pytest
from django.test import Client

from revops.contracts.examples import EXAMPLES


@pytest.mark.django_db
class TestContracts:
    def test_lists_every_contract_with_the_address_of_its_schema(self, client: Client) -> None:
        listed = client.get("/api/v1/contracts/").json()["contracts"]

        assert "invoice.issued/1" in [item["contract"] for item in listed]
        assert all(client.get(item["schema"]).status_code == 200 for item in listed)

    def test_says_who_tells_of_each_and_which_flow_it_begins(self, client: Client) -> None:
        listed = client.get("/api/v1/contracts/").json()["contracts"]
        by_name = {item["contract"]: item for item in listed}

        assert "Stripe" in by_name["invoice.issued/1"]["told_by"]
        assert by_name["invoice.issued/1"]["flow"] == "invoice.issued"
        assert by_name["usage.rated/1"]["told_by"] == ["this console"]
        assert all(item["told_by"] for item in listed)

    def test_gives_a_schema_that_its_own_example_fits(self, client: Client) -> None:
        found = client.get("/api/v1/contracts/invoice.issued/1/")

        assert found.headers["Content-Type"] == "application/schema+json"
        jsonschema.validate(EXAMPLES["invoice.issued/1"], found.json())

    def test_says_404_for_a_version_that_does_not_exist(self, client: Client) -> None:
        assert client.get("/api/v1/contracts/invoice.issued/99/").status_code == 404
