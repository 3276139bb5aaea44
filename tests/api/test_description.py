"""The API's description holds, is complete, and its page needs nobody else's server."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver
from drf_spectacular.validation import validate_schema

from revops.api import urls
from revops.contracts.registry import CONTRACTS, PRODUCED_HERE


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    answer = Client().get("/api/v1/schema/?format=json")
    assert answer.status_code == 200
    found: dict[str, Any] = json.loads(answer.content)
    return found


class TestSchema:
    def test_is_valid_openapi(self, described: dict[str, Any]) -> None:
        assert described["openapi"].startswith("3.")
        validate_schema(described)

    def test_names_every_address_for_services(self, described: dict[str, Any]) -> None:
        patterns = [found for found in urls.urlpatterns if isinstance(found, URLPattern)]
        scoped = {
            "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(found.pattern))
            for found in patterns
            if getattr(getattr(found.callback, "cls", None), "scope", "")
            and found.default_args == {}
        }
        assert scoped - described["paths"].keys() == {
            "/api/v1/find/",
            "/api/v1/events",
            "/api/v1/usage",
        }
        assert get_resolver().resolve("/api/v1/events/")

    def test_points_at_nothing_that_is_missing(self, described: dict[str, Any]) -> None:
        pointed = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(described)))
        assert pointed <= described["components"]["schemas"].keys()

    def test_tells_of_each_operation_its_scope_and_its_problems(
        self, described: dict[str, Any]
    ) -> None:
        for path, methods in described["paths"].items():
            for operation in methods.values():
                assert "The token needs the scope" in operation["description"], path
                assert operation["security"] == [{"token": []}]
                assert {"401", "403", "429", "503"} <= operation["responses"].keys()
                problem = operation["responses"]["401"]["content"]
                assert list(problem) == ["application/problem+json"]

    def test_lists_the_contracts_that_are_taken(self, described: dict[str, Any]) -> None:
        taken = set(described["components"]["schemas"]["ContractEnum"]["enum"])
        assert taken == CONTRACTS.keys() - PRODUCED_HERE
        assert {"journal.posted/1", "usage.rated/1", "period.closed/1"} <= PRODUCED_HERE

    def test_writes_no_float(self, described: dict[str, Any]) -> None:
        assert '"type": "number"' not in json.dumps(described)


class TestDocs:
    def test_loads_only_our_own_files_and_no_inline_code(self) -> None:
        page = Client().get("/api/docs/").content.decode()
        sources = re.findall(r'(?:src|href)="([^"]+)"', page)
        assert sources
        assert all(source.startswith(("/", "data:,")) for source in sources)
        assert not re.search(r"<script(?![^>]*src=)|<style| style=| on\w+=", page)
