"""
Whom the lines of entries name: where the customer is, and under which other ids an ERP may know it.

An ERP may have been told of a customer before billing knew it (``customer.upsert``), or by another
account of it. So a posting carries every id, and the ERP is not given the customer a second time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from connectors import registry
from revops.store import sql

# What the console calls it comes first, now and before it was merged, then each system's accounts.
_KNOWN: Final = """
WITH RECURSIVE named AS (
    SELECT asked.slug, asked.source_id, party.id AS party_id, party.country
    FROM unnest(%s::text[], %s::text[]) AS asked (slug, source_id)
    JOIN connectors_connection connection ON connection.slug = asked.slug
    JOIN canonical_customer customer ON customer.connection_id = connection.id
        AND customer.source_id = asked.source_id
    JOIN canonical_party party ON party.id = customer.party_id
), called (party_id, id) AS (
    SELECT party_id, party_id FROM named
    UNION
    SELECT called.party_id, gone.id
    FROM called JOIN canonical_party gone ON gone.merged_into_id = called.id
)
SELECT named.slug, named.source_id, named.country, 'PTY-' || called.id AS known_as,
    NULL::bigint AS connection_id, NULL AS connector,
    (called.id <> named.party_id)::int AS rank, called.id
FROM named JOIN called ON called.party_id = named.party_id
UNION ALL
SELECT named.slug, named.source_id, named.country, account.source_id, account.connection_id,
    connection.connector, 2, account.id
FROM named JOIN canonical_customer account ON account.party_id = named.party_id
JOIN connectors_connection connection ON connection.id = account.connection_id
ORDER BY rank, id
"""


@dataclass(slots=True)
class Who:
    """``ids`` with the connection that gave each; with None those that any system may know."""

    country: str
    ids: list[tuple[str, int | None]] = field(default_factory=list)

    def besides(self, own: str, *, at: int) -> list[str]:
        """Its other ids, as far as the ERP of a connection may know them."""
        found = dict.fromkeys(one for one, given_by in self.ids if given_by in (None, at))
        return [one for one in found if one != own]


Known = Mapping[tuple[str, str], Who]


def of(wanted: Collection[tuple[str, str]]) -> Known:
    """By (source's slug, its id of the customer); one statement. Unknown ones are absent."""
    if not wanted:
        return {}
    slugs, ids = zip(*sorted(wanted), strict=True)
    found: dict[tuple[str, str], Who] = {}
    for row in sql.rows(_KNOWN, (list(slugs), list(ids))):
        who = found.setdefault((row.slug, row.source_id), Who(row.country))
        # An ERP's own numbers are plain: in another ERP the same one may be somebody else.
        own = row.connector is not None and registry.manifest(row.connector).role == "erp"
        who.ids.append((row.known_as, row.connection_id if own else None))
    return found
