"""A customer as one, with every id that any system has for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from revops.kernel import strict_json
from revops.store import sql


@dataclass(frozen=True, slots=True)
class Account:
    """One system's account of a customer."""

    id: int
    connection_id: int
    slug: str
    connector: str
    source_id: str
    email: str
    tax_id: str
    currency: str
    address: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Party:
    """``accounts`` in the order in which we came to know them."""

    id: int
    name: str
    domain: str
    parent: Party | None
    accounts: tuple[Account, ...]

    @property
    def ours(self) -> str:
        """What the console calls it towards other systems."""
        return f"PTY-{self.id}"

    @property
    def key(self) -> str:
        return f"party:{self.id}"

    def at(self, connection_id: int) -> str:
        """Its id in a connection's system; empty when that does not know it."""
        for account in self.accounts:
            if account.connection_id == connection_id:
                return account.source_id
        return ""

    def elsewhere(self, connection_id: int) -> list[dict[str, str]]:
        """Its ids in the other systems, one for each, by the name of their connection."""
        found: dict[str, str] = {}
        for account in self.accounts:
            if account.connection_id != connection_id:
                found.setdefault(account.slug, account.source_id)
        return [{"system": slug, "id": source_id} for slug, source_id in found.items()]

    def first(self, field: str) -> str:
        """The first account's value of a field that has one."""
        return next((str(value) for one in self.accounts if (value := getattr(one, field))), "")


_PARTIES: Final = """
SELECT customer.id AS customer_id, party.id, party.name, party.domain,
    parent.id AS parent_id, parent.name AS parent_name, parent.domain AS parent_domain
FROM canonical_customer customer JOIN canonical_party party ON party.id = customer.party_id
LEFT JOIN canonical_party parent ON parent.id = party.parent_id
WHERE customer.id = ANY(%s)
"""
_ACCOUNTS: Final = """
SELECT customer.party_id, customer.id, customer.connection_id, connection.slug,
    connection.connector, customer.source_id, customer.email, customer.tax_id,
    customer.currency, customer.address::text AS address
FROM canonical_customer customer
JOIN connectors_connection connection ON connection.id = customer.connection_id
WHERE customer.party_id = ANY(%s) AND customer.merged_into_id IS NULL ORDER BY customer.id
"""


def of(customer_ids: Collection[int]) -> dict[int, Party]:
    """Each customer as one, by our id of any account of it. Two queries, however many."""
    rows = sql.rows(_PARTIES, (list(set(customer_ids)),)) if customer_ids else []
    if not rows:
        return {}
    wanted = {row.id for row in rows} | {row.parent_id for row in rows if row.parent_id}
    accounts: dict[int, list[Account]] = defaultdict(list)
    for row in sql.rows(_ACCOUNTS, (list(wanted),)):
        accounts[row.party_id].append(
            Account(
                row.id, row.connection_id, row.slug, row.connector,
                row.source_id, row.email, row.tax_id, row.currency, _object(row.address),
            )
        )  # fmt: skip
    return {
        row.customer_id: Party(
            row.id, row.name, row.domain,
            Party(row.parent_id, row.parent_name, row.parent_domain, None,
                  tuple(accounts[row.parent_id])) if row.parent_id else None,
            tuple(accounts[row.id]),
        )
        for row in rows
    }  # fmt: skip


def _object(text: str) -> Mapping[str, Any]:
    found: Any = strict_json.loads(text)
    return found if isinstance(found, dict) else {}
