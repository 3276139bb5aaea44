from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import PayloadUnreadable
from connectors.systems.stripe import wire


class TestMinor:
    @pytest.mark.parametrize(
        ("value", "currency", "expected"),
        [
            (1299, "USD", 1299),
            (-500, "EUR", -500),
            (500, "JPY", 500),
            (500, "CLP", 500),
            (5120, "KWD", 5120),
            (5120, "TND", 5120),
            # Hundredths on the wire, no minor unit in ISO 4217.
            (500, "ISK", 5),
            (-500, "UGX", -5),
            # Whole on the wire, hundredths in ISO 4217.
            (5, "MGA", 500),
            # Whole in payouts only, hundredths on the wire.
            (104500, "HUF", 104500),
            (80045, "TWD", 80045),
        ],
    )
    def test_counts_in_iso_minor_units(self, value: int, currency: str, expected: int) -> None:
        assert wire.minor(value, currency) == expected

    @pytest.mark.parametrize("value", [501, -501, 1])
    def test_refuses_fractions_of_a_currency_that_has_none(self, value: int) -> None:
        with pytest.raises(PayloadUnreadable, match="no fractions"):
            wire.minor(value, "ISK")

    @pytest.mark.parametrize("value", ["1", 1.0, True, None, [], 10**15, -(10**15)])
    def test_refuses_what_is_no_whole_number_of_units(self, value: Any) -> None:
        with pytest.raises(PayloadUnreadable, match="“fee”"):
            wire.minor(value, "USD", field="fee")

    def test_refuses_a_currency_that_does_not_exist(self) -> None:
        with pytest.raises(PayloadUnreadable, match="XQZ"):
            wire.minor(1, "XQZ")


class TestReading:
    def test_a_reference_is_an_id_expanded_or_not(self) -> None:
        assert wire.ref("ch_1") == wire.ref({"id": "ch_1"}) == "ch_1"
        assert wire.ref(None) == wire.ref({}) == wire.ref(5) == wire.ref([]) == ""

    def test_lists_are_read_with_or_without_their_object(self) -> None:
        assert list(wire.items({"data": [{"id": 1}]})) == list(wire.items([{"id": 1}]))
        assert list(wire.items(None)) == []
        with pytest.raises(PayloadUnreadable):
            list(wire.items(["x"]))

    @pytest.mark.parametrize("value", [-1, 1.5, "1", None, 10**12, True])
    def test_refuses_what_is_no_time(self, value: Any) -> None:
        with pytest.raises(PayloadUnreadable, match="“created”"):
            wire.instant(value, field="created")

    def test_the_legal_entity_is_the_first_that_metadata_names(self) -> None:
        assert wire.entity({}, None, {"metadata": {"legal_entity": "US01"}}) == "US01"
        assert wire.entity({"metadata": {"legal_entity": 5}}) == ""
