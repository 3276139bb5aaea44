"""Keys: one per identity, in an alphabet that every target takes."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from revops.kernel.keys import idempotency_key, sha256

quick = settings(max_examples=150, deadline=None, derandomize=True, database=None)

PART = st.text('ab|",\\ \x00é\ud800', max_size=6)
IDENTITY = st.tuples(PART, PART, PART, PART, st.integers(1, 3))


def key(identity: tuple[str, str, str, str, int]) -> str:
    lane, legal_entity, document_type, business_key, revision = identity
    return idempotency_key(
        lane=lane,
        legal_entity=legal_entity,
        document_type=document_type,
        business_key=business_key,
        revision=revision,
    )


class TestIdempotencyKey:
    @quick
    @given(identity=IDENTITY)
    def test_uses_only_letters_digits_and_a_hyphen(self, identity) -> None:
        assert re.fullmatch(r"rc1-[a-z2-7]{32}", key(identity))

    @quick
    @given(one=IDENTITY, other=IDENTITY)
    def test_is_the_same_for_the_same_identity_only(self, one, other) -> None:
        assert (key(one) == key(other)) == (one == other)

    def test_is_not_fooled_by_a_separator_inside_a_part(self) -> None:
        assert key(("a|b", "c", "invoice", "in_1", 1)) != key(("a", "b|c", "invoice", "in_1", 1))

    def test_stays_what_it_was_when_it_was_sent(self) -> None:
        # A key that changes between releases would post everything in flight again.
        assert (
            key(("primary", "us", "invoice", "in_1", 1)) == "rc1-nxwqk7taxvizogh3zs3ii4pm67itlbs4"
        )


class TestSha256:
    def test_takes_text_as_its_utf_8_bytes(self) -> None:
        assert sha256("é") == sha256("é".encode())
        assert sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
