"""JSON at the door: what is ambiguous, hostile or unstorable is named, never guessed."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revops.kernel import strict_json
from revops.kernel.strict_json import MAX_DEPTH, JsonRefused, dumps, loads

quick = settings(max_examples=150, deadline=None, derandomize=True, database=None)

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**29) + 1, 10**29 - 1) | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=25,
)


def refusal(raw: bytes | str) -> str:
    with pytest.raises(JsonRefused) as refused:
        loads(raw)
    return str(refused.value)


class TestLoads:
    def test_reads_fractions_as_exact_decimals(self) -> None:
        assert loads(b'{"rate": 1.10, "amount": 100, "tiny": 1e-7}') == {
            "rate": Decimal("1.10"),
            "amount": 100,
            "tiny": Decimal("1e-7"),
        }

    @pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 500, 5_000, 100_000])
    @pytest.mark.parametrize(("start", "end"), [(b"[", b"]"), (b'{"a":', b"}")])
    def test_refuses_nesting_beyond_its_depth(self, levels: int, start: bytes, end: bytes) -> None:
        assert "nested deeper than 64" in refusal(start * levels + b"1" + end * levels)

    @pytest.mark.parametrize("start", [b"[", b'{"a":'])
    def test_refuses_a_bomb_that_never_closes(self, start: bytes) -> None:
        assert "nested deeper than 64" in refusal(start * 100_000)

    @pytest.mark.parametrize(("start", "end"), [(b"[", b"]"), (b'{"a":', b"}")])
    def test_reads_nesting_up_to_its_depth(self, start: bytes, end: bytes) -> None:
        assert loads(start * MAX_DEPTH + b"1" + end * MAX_DEPTH)

    def test_reads_many_shallow_brackets_and_brackets_in_texts(self) -> None:
        assert loads(b"[" + b"[]," * 500 + b"[]]") == [[]] * 501
        assert loads(b'"' + b"[{" * 500 + b'\\""') == "[{" * 500 + '"'

    @pytest.mark.parametrize(
        "raw", [b"9" * 5000, b"-" + b"1" * 5000, b'{"amount":' + b"1" * 31 + b"}"]
    )
    def test_refuses_integers_that_no_book_holds(self, raw: bytes) -> None:
        assert "more than 30 digits" in refusal(raw)

    @pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
    def test_refuses_what_is_not_a_number(self, name: str) -> None:
        assert refusal(f'{{"amount": {name}}}') == f"{name} is not a JSON number."

    @pytest.mark.parametrize(
        "number",
        ["1e400", "-1e400", "1E31", "1e-400", "1e99999999999999999999", "1e-9999999999999999"],
    )
    def test_refuses_exponents_beyond_any_amount(self, number: str) -> None:
        assert "beyond the range" in refusal(number)

    def test_refuses_fractions_longer_than_any_rate(self) -> None:
        assert "more than 30 digits" in refusal("0." + "1" * 40)

    def test_refuses_the_same_key_twice(self) -> None:
        assert "“amount” appears twice" in refusal(b'{"amount": 1, "amount": 2}')

    def test_refuses_the_same_key_twice_however_it_is_written(self) -> None:
        assert "“a” appears twice" in refusal(b'[{"x": {"a": 1, "\\u0061": 1}}]')

    def test_names_a_repeated_key_in_words_that_can_be_stored(self) -> None:
        message = refusal(b'{"\\ud800' + b"k" * 200 + b'": 1, "\\ud800' + b"k" * 200 + b'": 2}')

        assert message.encode("utf-8")
        assert len(message) < 140

    @pytest.mark.parametrize(
        ("raw", "words"),
        [
            (b"\xef\xbb\xbf{}", "byte order mark"),
            ("\ufeff{}", "byte order mark"),
            ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
            ('{"a": 1}'.encode("utf-16-le"), "not valid JSON"),
            (b'"\xff"', "not UTF-8"),
            (b'"\xed\xa0\x80"', "not UTF-8"),
            ('"\ud800"', "not UTF-8"),
            (b"", "not valid JSON"),
            (b"{'a': 1}", "not valid JSON"),
            (b'{"a": 1,}', "not valid JSON"),
            (b"{} {}", "not valid JSON"),
            (b'"line\nbreak"', "not valid JSON"),
            (b'"\x00"', "not valid JSON"),
            (b"01", "not valid JSON"),
            (b"+1", "not valid JSON"),
        ],
    )
    def test_refuses_what_is_not_plain_utf_8_json(self, raw: bytes | str, words: str) -> None:
        assert words in refusal(raw)

    def test_refuses_a_body_beyond_its_bound_before_reading_it(self) -> None:
        assert loads(b'"' + b"a" * 8 + b'"', max_bytes=10) == "a" * 8
        with pytest.raises(JsonRefused, match="larger than 10 bytes"):
            loads(b"[" * 11, max_bytes=10)

    @quick
    @given(
        raw=st.binary(max_size=60) | st.text('[]{}",:0123456789eE.-+nultrfasNI\\ud8', max_size=60)
    )
    def test_never_fails_otherwise_than_by_refusing(self, raw: bytes | str) -> None:
        with contextlib.suppress(JsonRefused):
            assert dumps(loads(raw)).encode()

    @quick
    @given(value=values)
    def test_reads_what_a_plain_writer_wrote(self, value: object) -> None:
        assert loads(json.dumps(value)) == value


class TestDumps:
    @quick
    @given(value=values)
    def test_round_trips(self, value: object) -> None:
        assert loads(dumps(value)) == value
        assert dumps(loads(dumps(value))) == dumps(value)

    @quick
    @given(value=st.dictionaries(texts, values, max_size=6), seed=st.randoms(use_true_random=False))
    def test_does_not_depend_on_the_order_of_keys(self, value: dict, seed: object) -> None:
        pairs = list(value.items())
        seed.shuffle(pairs)

        assert dumps(dict(pairs)) == dumps(value)

    def test_writes_equal_decimals_and_instants_alike(self) -> None:
        noon = datetime(2025, 1, 1, 12, tzinfo=UTC)
        same = noon.astimezone(timezone(timedelta(hours=2)))

        assert dumps(Decimal("1.10")) == dumps(Decimal("1.1")) == '"1.1"'
        assert dumps(Decimal("1E+2")) == '"100"'
        assert dumps(Decimal("-0.00")) == '"0"'
        assert dumps(noon) == dumps(same) == '"2025-01-01T12:00:00+00:00"'

    def test_writes_days_and_uuids_as_texts(self) -> None:
        assert dumps({"on": date(2025, 1, 31), "id": UUID(int=1)}) == (
            '{"id":"00000000-0000-0000-0000-000000000001","on":"2025-01-31"}'
        )

    def test_keeps_text_readable_and_escapes_what_utf_8_cannot_hold(self) -> None:
        assert dumps("Žluťoučký 😀") == '"Žluťoučký 😀"'
        assert dumps("é\ud800") == '"é\\ud800"'
        assert loads(dumps("é\ud800")) == "é\ud800"

    @pytest.mark.parametrize(
        "value", [float("nan"), float("inf"), Decimal("NaN"), datetime(2025, 1, 1)]
    )
    def test_refuses_what_has_no_value(self, value: object) -> None:
        with pytest.raises(ValueError, match=r"JSON|time zone"):
            dumps([value])

    def test_refuses_what_json_cannot_hold(self) -> None:
        with pytest.raises(TypeError, match="set has no canonical"):
            dumps({1, 2})


class TestStorable:
    def test_replaces_nul_and_lone_surrogates_and_says_so(self) -> None:
        assert strict_json.storable("a\x00b\ud800c") == ("a\ufffdb\ufffdc", True)

    def test_leaves_good_text_alone(self) -> None:
        assert strict_json.storable("Ünïcode 😀 \u202e") == ("Ünïcode 😀 \u202e", False)

    def test_reaches_every_text_and_key_of_a_value(self) -> None:
        value = loads(b'{"n\\u0000": ["\\ud800", 1, {"x": "fine"}]}')

        assert strict_json.storable_value(value) == (
            {"n\ufffd": ["\ufffd", 1, {"x": "fine"}]},
            True,
        )
        assert strict_json.storable_value({"a": [1, "b"]}) == ({"a": [1, "b"]}, False)

    def test_refuses_keys_that_become_the_same(self) -> None:
        with pytest.raises(JsonRefused, match="appears twice"):
            strict_json.storable_value({"a\x00": 1, "a\ufffd": 2})
