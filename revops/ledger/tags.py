"""Tags of an entity's postings beside their accounts: cost centres and customer classes by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from revops.store import sql

_FOREVER: Final = date(9999, 12, 31)
Table = Mapping[str, list[tuple[date, date, str]]]


@dataclass(frozen=True, slots=True)
class Tags:
    """Centres by account, and classes by country (``*`` is every other one)."""

    centres: Table = field(default_factory=dict)
    classes: Table = field(default_factory=dict)

    def cost_centre(self, account: str, day: date) -> str:
        """The tag of what is posted to an account; nothing where no row says one."""
        return _tag(self.centres, account, day)

    def customer_class(self, country: str, day: date) -> str:
        """The tag of a country's customers; nothing without a row."""
        own = _tag(self.classes, country, day) if country else ""
        return own or _tag(self.classes, "*", day)


_TAGS: Final = """
SELECT map.legal_entity_id, true AS centre, account.code AS key, lower(map.valid) AS since,
    upper(map.valid) AS until, map.cost_centre AS tag
FROM mappings_costcentremap map JOIN mappings_ledgeraccount account ON account.id = map.account_id
UNION ALL
SELECT legal_entity_id, false, country, lower(valid), upper(valid), customer_class
FROM mappings_customerclassmap
"""


def read_tags() -> dict[int, Tags]:
    """By entity id, of those that have any. One query."""
    found: dict[int, Tags] = defaultdict(lambda: Tags(defaultdict(list), defaultdict(list)))
    for row in sql.rows(_TAGS):
        tags = found[row.legal_entity_id]
        table = tags.centres if row.centre else tags.classes
        table[row.key].append((row.since or date.min, row.until or _FOREVER, row.tag))
    return dict(found)


def _tag(table: Table, key: str, day: date) -> str:
    return next((tag for since, until, tag in table.get(key, ()) if since <= day < until), "")
