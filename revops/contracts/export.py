"""
The contracts as JSON Schema 2020-12 files, for whoever writes or reads our events.

``schemas/<type>.<version>.json`` is generated, committed, and what ``compatibility`` compares a
changed model with. The same model gives the same bytes on every machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from revops.contracts.base import EventData
from revops.contracts.examples import EXAMPLES
from revops.contracts.registry import CONTRACTS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
FOLDER: Final = Path(__file__).parent / "schemas"

Schema = dict[str, Any]


def file_name(contract: str) -> str:
    """``invoice.issued/1`` is kept in ``invoice.issued.1.json``."""
    kind, _, version = contract.partition("/")
    return f"{kind}.{version}.json"


def contract_name(file: str) -> str:
    """``invoice.issued.1.json`` keeps ``invoice.issued/1``."""
    kind, _, version = file.removesuffix(".json").rpartition(".")
    return f"{kind}/{version}"


def schema(model: type[EventData]) -> Schema:
    """The schema of the event's data, with the contract's name and example in it."""
    made = model.model_json_schema(mode="validation")
    example = EXAMPLES.get(model.contract)
    return {
        "$schema": DIALECT,
        "$id": f"urn:revops:contract:{model.contract.replace('/', ':')}",
        **made,
        "title": model.contract,
        **({"examples": [example]} if example else {}),
    }


def text(made: Mapping[str, Any]) -> str:
    """The bytes of a schema file: sorted, indented, one newline at the end."""
    return json.dumps(made, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def exported(folder: Path = FOLDER) -> dict[str, Schema]:
    """The schemas on disk by contract. Empty when nothing has been exported yet."""
    return {
        contract_name(file.name): json.loads(file.read_text(encoding="utf-8"))
        for file in sorted(folder.glob("*.json"))
    }


def generated(models: Iterable[type[EventData]] | None = None) -> dict[str, Schema]:
    """The schemas of this build's models by contract."""
    chosen = CONTRACTS.values() if models is None else models
    return {model.contract: schema(model) for model in chosen}


def stale(schemas: Mapping[str, Schema], folder: Path = FOLDER) -> list[str]:
    """The contracts whose file is missing or holds other bytes."""
    return [contract for contract, made in schemas.items() if not _holds(folder, contract, made)]


def write(schemas: Mapping[str, Schema], folder: Path = FOLDER) -> list[Path]:
    """Write each schema whose file is stale; gives the files that changed."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for contract in stale(schemas, folder):
        file = folder / file_name(contract)
        file.write_text(text(schemas[contract]), encoding="utf-8")
        changed.append(file)
    return changed


def _holds(folder: Path, contract: str, made: Schema) -> bool:
    file = folder / file_name(contract)
    return file.exists() and file.read_text(encoding="utf-8") == text(made)
