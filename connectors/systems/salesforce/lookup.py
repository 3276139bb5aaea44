"""What Salesforce holds under our keys, by the stamps that writes leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from connectors.contract import Found
from connectors.problem import Problem
from connectors.systems.salesforce import forms, wire
from connectors.systems.salesforce.forms import Stamp
from connectors.systems.salesforce.session import Org, select
from connectors.systems.salesforce.writing import external_id

_AT_ONCE: Final = 50
# Where there is no such field or object, nothing can have been written to it.
_ABSENT: Final = ("field_missing", "object_missing")


async def by_keys(org: Org, keys: Sequence[str]) -> dict[str, list[Found]]:
    """
    The records whose last write of its kind was made under these keys. Raises Problem.

    A write that a newer state has replaced is not found any more; sending it again says so and
    changes nothing.
    """
    wanted = [key for key in dict.fromkeys(keys) if forms.KEY.fullmatch(key)]
    found: dict[str, list[Found]] = {}
    for target, field in forms.stamps(org.layout):
        for start in range(0, len(wanted), _AT_ONCE):
            chunk = wanted[start : start + _AT_ONCE]
            patterns = " OR ".join(f"{field} LIKE '{key} %'" for key in chunk)
            try:
                records = await org.query(select(["Id", field], target, f"WHERE {patterns}"))
            except Problem as problem:
                if problem.code in _ABSENT:
                    break
                raise
            for record in records:
                stamp = Stamp.read(record.get(field))
                identity = wire.text(record.get("Id"))
                if stamp is not None and stamp.key in chunk:
                    one = Found(external_id(identity, stamp.key), identity, True, stamp.sha256)
                    found.setdefault(stamp.key, []).append(one)
    return found
