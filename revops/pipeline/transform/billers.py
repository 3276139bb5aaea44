"""
Which billing system is asked, where several could be: a new sale becomes one subscription, and a
line goes where its subscription is billed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from revops.kernel import strict_json
from revops.pipeline.transform.base import Ask
from revops.pipeline.transform.parties import Party
from revops.store import sql

_PEERS: Final = """
SELECT connection.id, connection.parameters::text AS parameters
FROM connectors_connection connection
WHERE connection.state = 'live' AND connection.connector = ANY(%s) ORDER BY connection.id
"""
_SUBSCRIBED: Final = "SELECT id, connection_id FROM canonical_subscription WHERE id = ANY(%s)"
# A connection's parameter: the legal entities whose new sales it provisions.
PROVISIONS: Final = "provisions"


def peers(connectors: Collection[str]) -> Sequence[tuple[int, frozenset[str]]]:
    """Connections of these connectors, and the legal entities that each is said to provision."""
    return [
        (row.id, _codes(strict_json.loads(row.parameters)))
        for row in sql.rows(_PEERS, (list(connectors),))
    ]


def provisioner(
    candidates: Sequence[tuple[int, frozenset[str]]], legal_entity: str, party: Party
) -> int | None:
    """
    The connection that provisions a sale: the one that is said to do so for its legal entity; else
    the one that bills the customer already; else the first that is not reserved for others.
    """
    said = [one for one, entities in candidates if legal_entity in entities]
    free = [one for one, entities in candidates if not entities]
    known = [one for one in free if party.at(one)]
    return next(iter((*said, *known, *free)), None)


def of_subscriptions(asks: Sequence[Ask]) -> Mapping[int, int]:
    """The connection that bills the subscription of each ask's record, by record."""
    wanted = [ask.record_id for ask in asks if ask.record_kind == "subscription"]
    return {row.id: row.connection_id for row in sql.rows(_SUBSCRIBED, (wanted,))} if wanted else {}


def _codes(parameters: Any) -> frozenset[str]:
    said = str(parameters.get(PROVISIONS) or "") if isinstance(parameters, dict) else ""
    return frozenset(code.strip() for code in said.split(",") if code.strip())
