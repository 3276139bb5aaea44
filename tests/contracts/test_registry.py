"""The door of the published language: exact facts come in, everything else is named."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from revops.contracts import registry
from revops.contracts.examples import EXAMPLES
from revops.contracts.invoices import InvoiceIssued
from revops.contracts.registry import CONTRACTS, ContractBroken, ContractUnknown
from revops.kernel import strict_json
from tests.for_each import for_each

Path = tuple[str | int, ...]
INVOICE = "invoice.issued/1"


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    if not inner:
        yield path
    for key, item in inner:
        yield from leaves(item, (*path, key))


def changed(contract: str, path: Path, value: Any) -> dict[str, Any]:
    data = json.loads(json.dumps(EXAMPLES[contract]))
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return data


def problems(contract: str, data: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ContractBroken) as broken:
        registry.read(contract, data)
    return dict(broken.value.problems)


EVERY_LEAF = [
    (contract, path) for contract, data in EXAMPLES.items() for path in leaves(dict(data))
]


class TestRead:
    @pytest.mark.parametrize("contract", CONTRACTS)
    def test_reads_the_example_of_every_contract(self, contract: str) -> None:
        data = registry.read(contract, EXAMPLES[contract])

        assert type(data) is CONTRACTS[contract]
        assert data.subject_id
        assert all(kind and source_id for kind, source_id in data.needs)

    @pytest.mark.parametrize("contract", CONTRACTS)
    def test_reads_back_what_it_gives_out(self, contract: str) -> None:
        data = registry.read(contract, EXAMPLES[contract])

        assert registry.read(contract, strict_json.loads(data.model_dump_json())) == data

    @for_each(("contract", "path"), EVERY_LEAF)
    def test_names_the_field_that_drifted(self, contract: str, path: Path) -> None:
        named = ".".join(map(str, path))

        assert named in problems(contract, changed(contract, path, {"retyped": True}))

    @pytest.mark.parametrize("contract", CONTRACTS)
    def test_refuses_a_field_that_it_does_not_know(self, contract: str) -> None:
        found = problems(contract, {**EXAMPLES[contract], "surprise\x00": 1})

        assert found == {"surprise\ufffd": "Extra inputs are not permitted"}

    def test_refuses_a_field_whose_name_is_no_text(self) -> None:
        assert "unicode" in problems(INVOICE, {**EXAMPLES[INVOICE], "\ud800": 1})["(whole)"]

    @pytest.mark.parametrize("contract", CONTRACTS)
    def test_names_every_required_field_that_is_missing(self, contract: str) -> None:
        required = {
            name for name, field in CONTRACTS[contract].model_fields.items() if field.is_required()
        }

        assert problems(contract, {}) == dict.fromkeys(required, "Field required")

    @pytest.mark.parametrize("data", [[], None, "text", 1])
    def test_refuses_what_is_no_object(self, data: Any) -> None:
        assert problems(INVOICE, data) == {"(whole)": "The data must be an object."}

    def test_says_which_versions_it_knows_when_a_sender_is_ahead(self) -> None:
        with pytest.raises(
            ContractUnknown, match=r"invoice\.issued/9; it knows invoice\.issued/1\."
        ):
            registry.read("invoice.issued/9", {})

    @pytest.mark.parametrize("contract", ["", "invoice.issued", "no.such/1", "x" * 500 + "\ud800"])
    def test_refuses_a_contract_that_nobody_published(self, contract: str) -> None:
        with pytest.raises(ContractUnknown) as unknown:
            registry.read(contract, {})

        assert len(str(unknown.value).encode()) < 200

    def test_upgrades_an_old_version_step_by_step(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def named(data: dict[str, Any]) -> dict[str, Any]:
            return {"reason": data.pop("why"), **data}

        steps = {
            "invoice.voided/-1": ("invoice.voided/0", lambda data: {**data, "why": "Old."}),
            "invoice.voided/0": ("invoice.voided/1", named),
        }
        monkeypatch.setattr(registry, "UPGRADES", steps)
        old = {"invoice_id": "in_1", "voided_on": "2025-01-10"}

        assert registry.read("invoice.voided/-1", old).reason == "Old."
        assert old == {"invoice_id": "in_1", "voided_on": "2025-01-10"}


class TestAmounts:
    @pytest.mark.parametrize("amount", [1.0, "100", True, None, 10**15, -(10**15), Decimal(100)])
    def test_takes_only_whole_minor_units(self, amount: Any) -> None:
        assert "total" in problems(INVOICE, {**EXAMPLES[INVOICE], "total": amount})

    def test_refuses_an_invoice_that_does_not_add_up(self) -> None:
        assert problems(INVOICE, changed(INVOICE, ("total",), 1)) == {
            "(whole)": "The lines and taxes add up to 1299000 minor units, the total says 1."
        }

    def test_refuses_a_payment_of_less_than_nothing(self) -> None:
        assert "amount" in problems(
            "payment.applied/1", changed("payment.applied/1", ("amount",), -1)
        )

    @pytest.mark.parametrize("currency", ["usd", "US", "ZZZ", "XXX", " USD", "USD\n"])
    def test_refuses_what_is_no_currency(self, currency: str) -> None:
        assert "currency" in problems(INVOICE, changed(INVOICE, ("currency",), currency))


class TestNumbers:
    @pytest.mark.parametrize("number", ["8.250", "8.25", Decimal("8.250"), Decimal("825E-2")])
    def test_makes_equal_numbers_the_same(self, number: str | Decimal) -> None:
        data = changed(INVOICE, ("lines", 0, "taxes", 0, "rate_percent"), None)
        data["lines"][0]["taxes"][0]["rate_percent"] = number

        written = registry.read(INVOICE, data).model_dump_json()

        assert written == registry.read(INVOICE, EXAMPLES[INVOICE]).model_dump_json()

    @pytest.mark.parametrize(
        "number",
        [1.5, True, "1_000", "1e3", "٣", "+1", " 1", "1\n", "", ".", "1.", "NaN", "Infinity",
         Decimal("NaN"), Decimal("Infinity"), Decimal("1e99999"), Decimal("1e-99999"), 10**15,
         "9" * 5000],
    )  # fmt: skip
    def test_refuses_numbers_that_could_be_read_otherwise(self, number: Any) -> None:
        data = copy.deepcopy(dict(EXAMPLES[INVOICE]))
        data["lines"][0]["quantity"] = number

        assert "lines.0.quantity" in problems(INVOICE, data)

    def test_knows_no_minus_before_a_zero(self) -> None:
        data = changed(INVOICE, ("lines", 0, "quantity"), "-0.0")

        assert registry.read(INVOICE, data).model_dump(mode="json")["lines"][0]["quantity"] == "0"


class TestDays:
    @pytest.mark.parametrize(
        "day",
        [1735689600, "1735689600", "2025-01-01T00:00:00", "20250101", "2025-W01-1", "2025-1-1",
         "2025-02-30", "٢٠٢٥-٠١-٠١", "2025-01-01 ", "", None, True],
    )  # fmt: skip
    def test_refuses_what_is_no_day(self, day: Any) -> None:
        assert "issued_on" in problems(INVOICE, changed(INVOICE, ("issued_on",), day))

    def test_takes_a_date_but_no_instant(self) -> None:
        data = {**EXAMPLES[INVOICE], "issued_on": date(2025, 1, 1)}

        assert registry.read(INVOICE, data).issued_on == date(2025, 1, 1)
        assert "issued_on" in problems(INVOICE, {**data, "issued_on": datetime(2025, 1, 1)})

    def test_refuses_a_service_period_that_runs_backward(self) -> None:
        data = changed(INVOICE, ("lines", 0, "service_period", "end"), "2024-12-31")

        assert problems(INVOICE, data) == {
            "lines.0.service_period": "The service period ends before it starts."
        }


class TestTexts:
    def test_replaces_what_the_database_cannot_hold_in_a_text(self) -> None:
        data = {**EXAMPLES["customer.created/1"], "name": "Nul\x00 and \ud800, 😀"}

        assert registry.read("customer.created/1", data).name == "Nul\ufffd and \ufffd, 😀"

    @pytest.mark.parametrize(
        "identity", ["", "   ", "in\x00", "in_1\nin_2", "x" * 121, "\ud800", 7]
    )
    def test_refuses_an_id_that_cannot_be_compared_or_printed(self, identity: Any) -> None:
        assert "invoice_id" in problems(INVOICE, {**EXAMPLES[INVOICE], "invoice_id": identity})

    def test_refuses_two_lines_with_one_id(self) -> None:
        data = changed(INVOICE, ("total",), 2 * EXAMPLES[INVOICE]["total"])
        data["lines"] *= 2

        assert problems(INVOICE, data) == {
            "(whole)": "Two lines have the same line_id; each needs its own."
        }


class TestEvents:
    def test_cannot_be_changed_once_read(self) -> None:
        data = registry.read(INVOICE, EXAMPLES[INVOICE])

        assert isinstance(data, InvoiceIssued)
        with pytest.raises(ValueError, match="frozen"):
            data.total = 1
