"""I24: what is typed never becomes a part of a statement, whatever it looks like."""

from __future__ import annotations

import ast
import re
from typing import Any, Final

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from accounts.operations import create_token
from accounts.tokens import SCOPES
from tests.architecture import house
from tests.architecture.addresses import Address, every

TYPED: Final = "zqsql' OR '1'='1' --"
# Whatever any list reads from its address, and what nobody reads.
NAMES: Final = (
    "q", "sort", "order", "after", "before", "page", "entity", "period", "group", "status", "state",
    "tab", "kind", "system", "type", "owner", "team", "cause", "account", "currency", "since",
    "until", "days", "id", "name", "customer", "feature", "price", "sku", "on", "subject", "actor",
    "action", "by", "moment", "limit", "cursor", "zqsql' UNION SELECT 1 --",
)  # fmt: skip
LISTS: Final = [one for one in every() if not one.asks() and not one.route.startswith("hooks")]


class Statements:
    """Every statement that is sent, as it is before its parameters are filled in."""

    def __init__(self) -> None:
        self.sent = 0
        self.touched: list[str] = []

    def __call__(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        self.sent += 1
        text = sql if isinstance(sql, str) else str(sql)
        if "zqsql" in text.lower():
            self.touched.append(text)
        return execute(sql, params, many, context)


@pytest.mark.django_db
@pytest.mark.parametrize("address", LISTS, ids=str)
def test_i24_what_is_typed_is_a_parameter(address: Address, mona: User) -> None:
    client, headers = Client(), {}
    if address.for_services:
        _, text = create_token(name="t", scopes=[*SCOPES], owner=mona)
        headers = {"Authorization": f"Bearer {text}"}
    else:
        client.force_login(mona)
    statements = Statements()
    with connection.execute_wrapper(statements):
        # The API stops at the first parameter that it does not take; pages name it and go on.
        for asked in [[name] for name in NAMES] if address.for_services else [["q"], NAMES]:
            answer = client.get(str(address), dict.fromkeys(asked, TYPED), headers=headers)
            assert answer.status_code < 500, asked
    assert statements.touched == []


@pytest.mark.django_db
def test_i24_would_be_seen(mona: User) -> None:
    statements = Statements()
    with connection.execute_wrapper(statements), connection.cursor() as cursor:
        cursor.execute(f"SELECT '{TYPED.replace(chr(39), '')}'")
        cursor.execute("SELECT %s", [TYPED])
    assert (statements.sent, len(statements.touched)) == (2, 1)


def test_i24_no_code_goes_round_the_parameters() -> None:
    """
    ``extra``, ``RawSQL`` and ``raw`` take text; ruff's S608 holds what is put together. One place
    has the driver quote values into a statement (``sql.literal``).
    """
    found = [
        f"{house.name_of(path)}:{node.lineno}"
        for path in house.code()
        for node in house.nodes(path)
        if isinstance(node, ast.Call)
        and re.search(r"(^|\.)(RawSQL|objects\.(raw|extra)|mogrify)$", house.called(node))
    ]
    assert [place.partition(":")[0] for place in found] == ["revops/store/sql.py"]
