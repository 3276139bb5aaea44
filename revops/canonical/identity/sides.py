"""What is known of customers, from all their accounts, ready to be compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, Final

from revops.canonical.identity.scoring import Place, Side
from revops.kernel import strict_json
from revops.store import sql


def sides(party_ids: Collection[int]) -> dict[int, Side]:
    """Each of these customers as all its accounts describe it. One query, however many."""
    if not party_ids:
        return {}
    rows: dict[int, list[Any]] = defaultdict(list)
    for row in sql.rows(_ROWS, (sorted(set(party_ids)),)):
        rows[row.party_id].append(row)
    return {party_id: _side(party_id, found) for party_id, found in rows.items()}


def _side(party_id: int, rows: list[Any]) -> Side:
    first = rows[0]
    places = [_place(row.address) for row in rows if row.address]
    return Side(
        id=party_id,
        names=_once([first.party_name, *(row.name for row in rows)]),
        domains=_once([first.party_domain, *(row.domain or _of_mail(row.email) for row in rows)]),
        tax=tuple(sorted({_tax(row.tax_key) for row in rows if row.tax_key})),
        places=tuple(sorted({place for place in places if place.country})),
        parents=((first.parent_id, first.parent_name),) if first.parent_id else (),
    )


def _once(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _of_mail(address: str | None) -> str:
    return address.rpartition("@")[2].casefold() if address and "@" in address else ""


def _tax(key: str) -> tuple[str, str]:
    country, _, plain = key.partition(":")
    return country, plain


def _place(address: str) -> Place:
    said = strict_json.loads(address)
    if not isinstance(said, dict):
        return Place("")
    return Place(
        *(str(said.get(part) or "").strip() for part in ("country", "postal_code", "city"))
    )


_ROWS: Final = """
SELECT party.id AS party_id, party.name AS party_name, party.domain AS party_domain,
    parent.id AS parent_id, parent.name AS parent_name,
    customer.name, customer.email, customer.domain, customer.tax_key,
    customer.address::text AS address
FROM canonical_party party
LEFT JOIN canonical_party parent ON parent.id = party.parent_id
LEFT JOIN canonical_customer customer ON customer.party_id = party.id
WHERE party.id = ANY(%s) ORDER BY party.id, customer.id
"""
