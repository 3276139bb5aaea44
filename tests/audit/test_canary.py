"""I16: a secret is nowhere but sealed: no page, file, log line, act or text column holds it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection, models
from django.test import Client

from accounts.operations import create_token
from connectors.operations import set_secret
from tests.cast import CAST, person
from tests.factories import a_connection, a_gate, an_act

CANARY = "canary-7f3a9c51d2e8-never-shown"
PAGES = ("/", "/connections/", "/connections/billing/", "/audit/", "/audit/1/", "/exceptions/")
pytestmark = pytest.mark.django_db


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """Every line that any logger wrote, formatted as the console formats them."""
    written: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(str(record.msg) + str(record.args) + str(record.__dict__))

    handler = Kept()
    logging.getLogger().addHandler(handler)
    try:
        yield written
    finally:
        logging.getLogger().removeHandler(handler)


def columns() -> str:
    """Every column of every table as text; octets as their letters."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            for field in model._meta.local_concrete_fields:
                cursor.execute(f'SELECT "{field.column}" FROM {model._meta.db_table}')
                for (value,) in cursor.fetchall():
                    octets = isinstance(field, models.BinaryField) and value is not None
                    found.append(bytes(value).decode("latin-1") if octets else str(value))
    return "\n".join(found)


class TestI16Canary:
    def test_i16_a_connections_secret_is_nowhere_but_sealed(self, lines: list[str]) -> None:
        billing = a_connection("billing", "stripe")
        a_gate(billing)
        set_secret(billing, "webhook_secret", CANARY)
        an_act(kind="connection", reference="billing")
        assert CANARY not in columns()
        for name in CAST:
            client = Client(raise_request_exception=False)
            client.force_login(person(name))
            for page in PAGES:
                assert CANARY not in client.get(page).content.decode(), (name, page)
            for file in ("/audit/evidence.csv", "/audit/evidence.jsonl"):
                answer = client.post(file)
                body = b"".join(answer) if answer.streaming else answer.content
                assert CANARY.encode() not in body, (name, file)
        assert CANARY not in "\n".join(lines)

    def test_i16_a_tokens_text_is_in_no_act_and_no_column(self, lines: list[str]) -> None:
        _, text = create_token(name="A service", scopes=["read:cases"])
        assert text not in columns()
        assert text not in "\n".join(lines)

    def test_i16_a_password_is_in_no_log_line_and_no_column(self, lines: list[str]) -> None:
        person("ana")
        Client().post("/sign-in/", {"username": "ana@example.com", "password": CANARY})
        assert CANARY not in columns()
        assert CANARY not in "\n".join(lines)

    def test_i16_the_canary_would_be_seen(self, lines: list[str]) -> None:
        an_act(reason=CANARY)
        assert CANARY in columns()
        logging.getLogger("x").warning(json.dumps({"secret": CANARY}))
        assert CANARY in "\n".join(lines)
