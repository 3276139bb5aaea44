"""I33: card numbers are found whatever they stand in, and nothing else is touched."""

from __future__ import annotations

import json

import pytest

from revops.kernel.cards import redact

VISA = "4242424242424242"


class TestI33CardNumbers:
    @pytest.mark.parametrize(
        "number",
        [
            VISA, "4242 4242 4242 4242", "4242-4242-4242-4242", "4222222222222",
            "5555555555554444", "2223003122003222", "378282246310005", "3782 822463 10005",
            "6011111111111117", "3056930009020004", "30569309025904", "3566002020360505",
            "6200000000000005",
        ],
    )  # fmt: skip
    def test_i33_of_every_brand_are_taken_out(self, number: str) -> None:
        body = json.dumps({"note": f"Card {number}, please", "n": 1}).encode()
        redacted, count = redact(body)
        digits = number.replace(" ", "").replace("-", "")
        assert count == 1
        assert json.loads(redacted)["note"] == f"Card [card ending {digits[-4:]}], please"

    def test_i33_as_bare_numbers_leave_json_behind(self) -> None:
        redacted, count = redact(b'{"card":4242424242424242,"more":[4242424242424242]}')
        assert (json.loads(redacted), count) == ({"card": 0, "more": [0]}, 2)

    def test_i33_in_what_is_no_json_are_taken_out_too(self) -> None:
        assert redact(f"a;{VISA};b".encode()) == (b"a;[card ending 4242];b", 1)

    @pytest.mark.parametrize("name", ["cvc", "cvv", "CVV2", "card_code", "security_code"])
    @pytest.mark.parametrize("value", ['"123"', "1234"])
    def test_i33_the_code_goes_too(self, name: str, value: str) -> None:
        redacted, count = redact(f'{{"{name}": {value}, "n": 1}}'.encode())
        assert (json.loads(redacted)[name], count) == ("[removed]", 1)

    def test_i33_the_same_body_gives_the_same_body(self) -> None:
        body = f'{{"note":"{VISA}"}}'.encode()
        assert redact(body) == redact(body)
        assert redact(redact(body)[0])[1] == 0


class TestWhatIsNoCard:
    @pytest.mark.parametrize(
        "text",
        [
            '{"id":"in_4242424242424242"}',  # an id of a system
            '{"id":"4242424242424242x"}',
            '{"amount":4242424242424.242}',
            '{"at":1700000000000}',
            '{"order":"4242424242424241"}',  # the check digit is wrong
            '{"tracking":"9400110200881234567890"}',
            '{"uuid":"42424242-4242-4242-4242-424242424242"}',
            '{"cvc_check":"pass","zip_code":"12345","code":"123"}',
            '{"exp":4242,"last4":"4242","brand":"visa"}',
        ],
    )
    def test_stays_as_it_is(self, text: str) -> None:
        assert redact(text.encode()) == (text.encode(), 0)
