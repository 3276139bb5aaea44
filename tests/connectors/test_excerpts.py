"""What is kept of calls: business, masked before it is kept, and never a secret or a person."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from connectors import excerpts
from connectors.excerpts import MOST, Exchange, Tape, listening, of_body, of_path, of_value, unheard
from connectors.http import Client
from revops.kernel.sight import MASK


def kept(name: str, value: Any) -> str:
    return of_value({name: value}).removeprefix(f"{name}:").strip()


class TestValues:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("currency", "EUR"), ("accounting_date", "2026-11-22"), ("debit", 120_000),
            ("Amount", "1200.00"), ("state", "draft"), ("externalId", "rc1-abcdef0123"),
            ("customer_id", "cus_9s6XKzkNRiz8i3"), ("created", "2026-11-22T01:02:03.123Z"),
            ("error", "Period 2026-10 is closed"),
        ],
    )  # fmt: skip
    def test_of_business_are_kept(self, name: str, value: Any) -> None:
        assert kept(name, value) == str(value)

    @pytest.mark.parametrize(
        ("name", "value", "word"),
        [("livemode", False, "no"), ("phone", True, "yes"), ("due_on", None, ""), ("memo", "", "")],
    )
    def test_that_are_yes_no_or_nothing_are_words(self, name: str, value: Any, word: str) -> None:
        assert kept(name, value) == word

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("name", "Pat Lee"), ("customer", "Alder"), ("customerName", "Alder"),
            ("BillToStreet", "12 Elm"), ("phone", "+4930123456"), ("whatever", "+4930123456"),
            ("phone", 4930123456), ("postal_code", "10115"), ("description", "for Pat Lee"),
            ("access_token", "abc123"), ("session_id", "abc123"), ("client_secret", "abc123"),
            ("taxId", "DE123456789"), ("iban", "DE89370400440532013000"), ("anything", "Pat"),
            ("status", "Pat Lee called"), ("code", "pat@example.com"), ("password_id", "x1"),
            ("api_key", "abc123"), ("apikey", "abc123"), ("AccessKey", "abc123"),
        ],
    )  # fmt: skip
    def test_of_persons_and_secrets_are_masked_and_so_is_what_is_not_known(
        self, name: str, value: Any
    ) -> None:
        assert kept(name, value) == MASK

    def test_in_words_of_an_error_addresses_are_masked(self) -> None:
        assert kept("message", "No user\n pat@example.com") == "No user ••••@••"

    def test_keep_their_place_in_objects_and_lists(self) -> None:
        lines = [{"account": "1200", "debit": place} for place in range(100)]
        value = {"customer": {"id": "C-1", "name": "Pat"}, "lines": lines}
        assert of_value(value).splitlines() == [
            "customer:", " id: C-1", f" name: {MASK}", "lines:",
            " -", "  account: 1200", "  debit: 0", " -", "  account: 1200", "  debit: 1",
            " -", "  account: 1200", "  debit: 2", " … 97 more",
        ]  # fmt: skip

    def test_of_a_list_that_is_all_hidden_are_one_mask(self) -> None:
        value = {"domain": [["name", "=", "Pat"], ["city", "in", ["Ulm", "Jena"]]], "id": 3}
        assert of_value(value) == f"domain: {MASK}\nid: 3"

    def test_that_go_on_forever_come_to_an_end(self) -> None:
        deep: dict[str, Any] = {"id": 1}
        for _ in range(5_000):
            deep = {"data": deep}
        assert len(of_value(deep)) < MOST
        assert len(of_value({f"id{place}": place for place in range(10_000)})) == MOST


class TestBodies:
    def test_of_json_and_forms_are_read(self) -> None:
        assert of_body(b'{"id": "in_1", "name": "Pat"}') == f"id: in_1\nname: {MASK}"
        form = of_body(b"amount=1200&name=Pat+Lee", "application/x-www-form-urlencoded")
        assert form == f"amount: 1200\nname: {MASK}"

    def test_of_xml_are_lines_by_the_name_of_the_element(self) -> None:
        body = b'<s:Body><Ref:ID x="1">JE-7</Ref:ID><Name>Pat</Name><Item>2</Item></s:Body>'
        assert of_body(body) == f"ID: JE-7\nName: {MASK}\nItem: 2"

    @pytest.mark.parametrize("body", [b"<html>Sign in, Pat</html>", b"PK\x03\x04", b"{broken"])
    def test_of_anything_else_only_count(self, body: bytes) -> None:
        assert of_body(body) == f"{len(body)} bytes"

    def test_that_are_long_are_not_read(self) -> None:
        assert of_body(b"[" * 70_000) == "70,000 bytes"

    def test_hold_no_card_numbers(self) -> None:
        assert "4242424242424242" not in of_body(b'{"number": "4242424242424242"}')

    def test_of_addresses_mask_what_is_asked_for(self) -> None:
        path = of_path("/query?q=SELECT+Name&limit=20&email=pat%40example.com")
        assert path == f"/query?q={MASK}&limit=20&email={MASK}"


class TestTape:
    def exchange(self, **values: Any) -> Exchange:
        given = {"method": "POST", "path": "/v1/invoices", "status": 200, "took_ms": 12}
        return Exchange(**{**given, "sent": "{}", "said": "{}", **values})

    def test_holds_no_secret_of_the_connection(self) -> None:
        tape = Tape([self.exchange(path="/services/T1/B1/abc", said='{"id": "T1/B1/abc"}')])
        assert "B1" not in tape.text(secrets=["/services/T1/B1/abc", "T1/B1/abc"])

    @pytest.mark.parametrize(
        ("secret", "path", "said"),
        [
            ("/services/T0123/B0123/geheim123456", "/services/T0123/B0123/geheim123456",
             "geheim123456 is no hook"),
            ("/hook?who=geheim123456", "/hook?who=geheim123456", "who is geheim123456"),
            (" hooks/geheim123456 ", "/hooks/geheim123456", "geheim123456"),
        ],
    )  # fmt: skip
    def test_holds_no_piece_of_a_secret_that_is_an_address(
        self, secret: str, path: str, said: str
    ) -> None:
        call = Exchange("POST", of_path(path), 403, 1, "", of_value({"error": said}))
        assert "geheim" not in Tape([call]).text(secrets=[secret])

    def test_is_bounded_however_much_was_said(self) -> None:
        tape = Tape([self.exchange(sent="x" * MOST, said="y" * MOST) for _ in range(50)])
        found = tape.text()
        assert found.count("x") <= MOST
        assert found.count("y") <= MOST
        calls = json.loads(found)["calls"]
        assert len(calls) == 20
        assert [bool(call["sent"]) for call in calls[-4:]] == [False, True, True, True]

    def test_without_a_call_is_blank(self) -> None:
        assert Tape().text() == ""


def answers(status: int = 201) -> Client:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        headers = [(b"content-type", b"application/json"), (b"set-cookie", b"session=hush")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"id": "in_1", "name": "Pat Lee"}'})

    return Client(
        "https://billing.example.com", hosts=["billing.example.com"],
        transport=httpx.ASGITransport(app=app),
    )  # fmt: skip


class Untellable:
    def __str__(self) -> str:
        raise ValueError("It cannot be told.")


class TestCalls:
    def test_are_heard_while_somebody_listens_and_nothing_of_signing_in(self) -> None:
        async def story() -> Tape:
            async with answers() as client:
                with listening() as tape:
                    await client.call(
                        "POST", "/v1/invoices", json={"amount": 5, "email": "pat@example.com"},
                        headers={"authorization": "Bearer hush"},
                    )  # fmt: skip
                    with unheard():
                        await client.call("POST", "/token", form={"scope": "all"})
                await client.call("GET", "/v1/invoices")
            return tape

        tape = asyncio.run(story())
        (one,) = tape.exchanges
        assert (one.method, one.path, one.status) == ("POST", "/v1/invoices", 201)
        assert one.sent == f"amount: 5\nemail: {MASK}"
        assert one.said == f"id: in_1\nname: {MASK}"
        assert "hush" not in tape.text()

    def test_never_fail_because_they_cannot_be_told(self) -> None:
        with listening() as tape:
            excerpts.hear("POST", "/x", {"id": Untellable()}, None, took_ms=1)
        assert tape.exchanges[0].sent == ""
