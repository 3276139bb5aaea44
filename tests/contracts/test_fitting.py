"""Data against a proposed schema: as a full validator says, and nothing passes unchecked."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from revops.contracts.examples import EXAMPLES
from revops.contracts.export import generated
from revops.contracts.fitting import SchemaUnreadable, misfits, readable

SCHEMAS = generated()
WRONG: tuple[Any, ...] = (None, "", "x" * 5_000, -1, 10**30, True, [], {}, "not a date", 1.5)


class TestFitting:
    @pytest.mark.parametrize("contract", sorted(SCHEMAS))
    def test_agrees_with_a_full_validator_on_every_contract(self, contract: str) -> None:
        schema = SCHEMAS[contract]
        readable(schema)
        judge = Draft202012Validator(schema)
        example = EXAMPLES.get(contract, {})
        if example:
            assert misfits(schema, example) == []
        for name in sorted(schema["properties"]):
            for wrong in WRONG:
                changed = copy.deepcopy(example) | {name: wrong}
                assert (misfits(schema, changed) == []) == judge.is_valid(changed), (name, wrong)
            missing = {key: held for key, held in example.items() if key != name}
            assert (misfits(schema, missing) == []) == judge.is_valid(missing), name

    def test_names_the_field_and_what_is_wrong(self) -> None:
        schema = {
            "type": "object", "required": ["id", "sku"], "additionalProperties": False,
            "properties": {
                "id": {"type": "string"}, "sku": {"type": "string"},
                "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}},
                "day": {"anyOf": [{"type": "string", "pattern": "^2"}, {"type": "null"}]},
            },
            "$defs": {"Line": {"type": "object", "properties": {"amount": {"minimum": 0}}}},
        }  # fmt: skip
        data = {"id": 5, "lines": [{"amount": 1}, {"amount": -1}], "more": 1, "day": "soon"}
        assert set(misfits(schema, data)) == {
            ("sku", "is missing"), ("id", "must be string"), ("day", "does not have the form ^2"),
            ("lines[1].amount", "must be at least 0"), ("more", "is not part of the contract"),
        }  # fmt: skip

    @pytest.mark.parametrize(
        "schema",
        [
            {"oneOf": []}, {"properties": {"a": {"if": {}}}},
            {"pattern": "("}, {"items": 5}, {"anyOf": [7]}, {"properties": 3},
        ],
    )  # fmt: skip
    def test_refuses_what_it_cannot_check(self, schema: dict[str, Any]) -> None:
        with pytest.raises(SchemaUnreadable):
            readable(schema)

    def test_refuses_a_circle_and_a_name_that_is_not_there(self) -> None:
        circle = {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}
        for schema in (circle, {"$ref": "#/$defs/None"}):
            with pytest.raises(SchemaUnreadable):
                misfits(schema, {})
