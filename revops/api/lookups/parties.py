"""Who is meant: a customer as one, by any id that any system knows it by, or by its tax id."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from revops.api.lookups.reach import WITHIN, Reach
from revops.canonical.operations.apply.customers import tax_key_of
from revops.kernel import strict_json
from revops.store import sql

OURS: Final = re.compile(r"PTY-([0-9]{1,18})", re.IGNORECASE | re.ASCII)
# pg_trgm's similarity from which two names are taken for spellings of one.
_ALIKE: Final = Decimal("0.4")

_BY_ID: Final = f"""
WITH found AS (
    SELECT reference.record_id AS id
    FROM canonical_externalreference reference
    JOIN connectors_connection connection ON connection.id = reference.connection_id
    WHERE reference.external_id = %(id)s AND reference.record_kind = 'customer'
      AND (%(system)s = '' OR connection.slug = %(system)s)
    UNION
    SELECT customer.id FROM canonical_customer customer
    WHERE customer.other_ids @> %(noted)s::jsonb
)
SELECT DISTINCT customer.party_id AS id
FROM found JOIN canonical_customer customer ON customer.id = found.id
LEFT JOIN mappings_legalentity entity ON entity.id = customer.legal_entity_id
WHERE {WITHIN} ORDER BY 1 LIMIT 20
"""  # noqa: S608  WITHIN is ours
_OWN: Final = """
SELECT coalesce(party.merged_into_id, party.id) AS id FROM canonical_party party
WHERE party.id = %(id)s
"""
_BY_TAX: Final = f"""
SELECT DISTINCT customer.party_id AS id FROM canonical_customer customer
LEFT JOIN mappings_legalentity entity ON entity.id = customer.legal_entity_id
WHERE customer.tax_key = %(tax_key)s AND {WITHIN} ORDER BY 1 LIMIT 20
"""  # noqa: S608  WITHIN is ours
_READ: Final = f"""
SELECT party.id, party.name, party.tax_id, party.country, party.region, party.parent_id,
    parent.name AS parent_name, party.health_band, party.renews_on,
    round(similarity(lower(party.name), lower(%(name)s))::numeric, 4) AS likeness,
    customer.id AS customer_id, customer.source_id, customer.name AS account_name,
    connection.id AS connection_id, connection.slug, connection.label,
    coalesce(entity.code, '') AS entity
FROM canonical_party party
JOIN canonical_customer customer ON customer.party_id = party.id
JOIN connectors_connection connection ON connection.id = customer.connection_id
LEFT JOIN mappings_legalentity entity ON entity.id = customer.legal_entity_id
LEFT JOIN canonical_party parent ON parent.id = party.parent_id AND (
    %(entities)s::text[] IS NULL OR EXISTS (
        SELECT 1 FROM canonical_customer known
        JOIN mappings_legalentity books ON books.id = known.legal_entity_id
        WHERE known.party_id = parent.id AND books.code = ANY(%(entities)s::text[])))
WHERE party.id = ANY(%(ids)s) AND {WITHIN}
ORDER BY party.id, connection.label, customer.source_id
LIMIT 500
"""  # noqa: S608  WITHIN is ours
_DUPLICATES: Final = """
WITH proposed AS MATERIALIZED (
    SELECT right_id AS id, score FROM canonical_mergeproposal
    WHERE left_id = %(id)s AND state = 'open'
    UNION ALL
    SELECT left_id, score FROM canonical_mergeproposal
    WHERE right_id = %(id)s AND state = 'open'
    LIMIT 50
)
SELECT other.id, other.name, proposed.score
FROM proposed JOIN canonical_party other ON other.id = proposed.id
WHERE (%(entities)s::text[] IS NULL OR EXISTS (
        SELECT 1 FROM canonical_customer customer
        JOIN mappings_legalentity entity ON entity.id = customer.legal_entity_id
        WHERE customer.party_id = other.id AND entity.code = ANY(%(entities)s::text[])))
ORDER BY proposed.score DESC, other.id LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class Account:
    """What one system calls the customer."""

    connection_id: int
    system: str
    label: str
    id: str
    name: str
    entity: str


@dataclass(frozen=True, slots=True)
class Known:
    """A customer, with the accounts that the caller may see; ``likeness`` of the name, 0 to 1."""

    id: int
    name: str
    tax_id: str
    country: str
    region: str
    parent_id: int | None
    parent_name: str
    health: str
    likeness: Decimal
    accounts: tuple[Account, ...]

    @property
    def reference(self) -> str:
        return f"PTY-{self.id}"

    @property
    def connections(self) -> set[int]:
        return {account.connection_id for account in self.accounts}

    def name_agrees(self, asked: str) -> str:
        if _plain(asked) == _plain(self.name):
            return "exact"
        return "similar" if self.likeness >= _ALIKE else "different"


@dataclass(frozen=True, slots=True)
class Duplicate:
    id: int
    name: str
    score: Decimal


def by_id(text: str, reach: Reach, *, system: str = "") -> list[int]:
    """
    The customers that an id leads to: several when systems use one id for different ones. Our own
    ids (``PTY-12``) lead to the survivor of a merge.
    """
    wanted = text.strip()
    if own := OURS.fullmatch(wanted):
        row = sql.one(_OWN, {"id": int(own[1])})
        return [row.id] if row is not None else []
    noted = {"system": system, "id": wanted} if system else {"id": wanted}
    values = {"id": wanted, "system": system, "noted": strict_json.dumps([noted])}
    return [row.id for row in sql.rows(_BY_ID, values | reach.values)]


def by_tax(tax_id: str, country: str, reach: Reach) -> list[int] | None:
    """None when that tax id could be nobody's."""
    key = tax_key_of(tax_id, country)
    if not key:
        return None
    return [row.id for row in sql.rows(_BY_TAX, {"tax_key": key} | reach.values)]


def read(ids: Sequence[int], reach: Reach, *, name: str = "") -> list[Known]:
    """Those of the customers that the caller may see anything of."""
    found: dict[int, list[Any]] = {}
    for row in sql.rows(_READ, {"ids": list(ids), "name": name} | reach.values):
        found.setdefault(row.id, []).append(row)
    return [_known(rows) for rows in found.values()]


def duplicates(id: int, reach: Reach) -> list[Duplicate]:
    """Customers that may be the same one; nobody has decided yet."""
    rows = sql.rows(_DUPLICATES, {"id": id} | reach.values)
    return [Duplicate(row.id, row.name, row.score) for row in rows]


def _known(rows: Sequence[Any]) -> Known:
    first = rows[0]
    return Known(
        id=first.id,
        name=first.name,
        tax_id=first.tax_id,
        country=first.country,
        region=first.region,
        parent_id=first.parent_id if first.parent_name else None,
        parent_name=first.parent_name or "",
        health=first.health_band,
        likeness=first.likeness,
        accounts=tuple(
            Account(
                row.connection_id, row.slug, row.label, row.source_id, row.account_name, row.entity
            )
            for row in rows
        ),
    )


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())
