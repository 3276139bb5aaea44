"""The exported schemas: valid, honest about what the models take, and the same everywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from revops.contracts import export, registry
from revops.contracts.examples import EXAMPLES
from revops.contracts.registry import CONTRACTS, ContractBroken
from tests.contracts.test_registry import EVERY_LEAF, changed
from tests.for_each import for_each

# Rules between fields, and the list of currencies.
BEYOND_SCHEMA = (
    "add up",
    "ISO 4217",
    "Tiers must rise",
    "last tier must be open",
    "more than noth",
)


def validator(contract: str) -> Draft202012Validator:
    made = json.loads((export.FOLDER / export.file_name(contract)).read_text())
    return Draft202012Validator(made, format_checker=Draft202012Validator.FORMAT_CHECKER)


def taken_but_for_sums_and_codes(contract: str, data: dict[str, Any]) -> bool:
    """Whether the model takes it, leaving aside what JSON Schema cannot say."""
    try:
        registry.read(contract, data)
    except ContractBroken as broken:
        return all(any(words in said for words in BEYOND_SCHEMA) for _, said in broken.problems)
    return True


class TestSchemas:
    @pytest.mark.parametrize("contract", CONTRACTS)
    def test_are_exported_as_they_are_in_this_build(self, contract: str) -> None:
        file = export.FOLDER / export.file_name(contract)

        assert file.read_text() == export.text(export.schema(CONTRACTS[contract]))

    def test_are_exported_for_these_contracts_and_no_other(self) -> None:
        assert set(export.exported()) == set(CONTRACTS) == set(EXAMPLES)

    @pytest.mark.parametrize("contract", CONTRACTS)
    def test_are_valid_json_schema(self, contract: str) -> None:
        Draft202012Validator.check_schema(validator(contract).schema)

    @pytest.mark.parametrize("contract", CONTRACTS)
    def test_admit_their_example(self, contract: str) -> None:
        assert validator(contract).is_valid(EXAMPLES[contract])

    @pytest.mark.parametrize("contract", CONTRACTS)
    def test_admit_what_the_console_itself_writes(self, contract: str) -> None:
        written = registry.read(contract, EXAMPLES[contract]).model_dump(mode="json")

        assert validator(contract).is_valid(written)

    @for_each(("contract", "path"), EVERY_LEAF)
    def test_agree_with_the_models_on_every_field(
        self, contract: str, path: tuple[str | int, ...]
    ) -> None:
        schema = validator(contract)
        for value in (None, True, 0, -1, "", "text", [], {"a": 1}):
            data = changed(contract, path, value)

            assert schema.is_valid(data) == taken_but_for_sums_and_codes(contract, data), value

    @pytest.mark.parametrize("contract", CONTRACTS)
    def test_refuse_fields_that_nobody_published(self, contract: str) -> None:
        assert not validator(contract).is_valid({**EXAMPLES[contract], "surprise": 1})


class TestWrite:
    def test_writes_only_what_changed(self, tmp_path: Path) -> None:
        schemas = export.generated()

        assert len(export.write(schemas, tmp_path)) == len(CONTRACTS)
        (tmp_path / "payout.settled.1.json").write_text("{}")
        assert export.stale(schemas, tmp_path) == ["payout.settled/1"]
        assert [file.name for file in export.write(schemas, tmp_path)] == ["payout.settled.1.json"]
        assert export.write(schemas, tmp_path) == []
        assert export.exported(tmp_path) == json.loads(json.dumps(schemas))

    def test_names_a_file_after_its_contract(self) -> None:
        assert export.file_name("invoice.issued/12") == "invoice.issued.12.json"
        assert export.contract_name("invoice.issued.12.json") == "invoice.issued/12"
