"""I22, for events: a field that the contract does not name is refused, wherever it stands."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revops.contracts import registry
from revops.contracts.examples import EXAMPLES

Path = tuple[str | int, ...]


def objects(data: Any, at: Path = ()) -> Iterator[Path]:
    """Where an object stands in an example."""
    if isinstance(data, dict):
        yield at
        for name, value in data.items():
            yield from objects(value, (*at, name))
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from objects(value, (*at, place))


PLACES: Final = [
    (contract, at) for contract, data in EXAMPLES.items() for at in objects(dict(data))
]
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.dictionaries(
    st.text(max_size=5), st.integers(), max_size=2
)  # fmt: skip
NAMES = st.text(min_size=1, max_size=30) | st.sampled_from(
    ["id", "state", "approved_by", "connection", "legal_entity", "fence", "__class__", "_id", "pk"]
)


@given(place=st.sampled_from(PLACES), name=NAMES, value=VALUES)
@settings(max_examples=300, deadline=None)
def test_i22_an_event_with_one_field_more_is_refused_wherever_it_stands(
    place: tuple[str, Path], name: str, value: Any
) -> None:
    contract, at = place
    data: Any = copy.deepcopy(dict(EXAMPLES[contract]))
    inner = data
    for part in at:
        inner = inner[part]
    model = registry.read(contract, data)
    if name in inner or name in _known(model, at):
        return
    inner[name] = value
    with pytest.raises(ValueError, match="."):
        registry.read(contract, data)


def _known(model: Any, at: Path) -> set[str]:
    """The names that the contract has at this place."""
    for part in at:
        model = model[part] if isinstance(part, int) else getattr(model, part)
    return set(getattr(type(model), "model_fields", {}))
