"""``crm.health``: how the customer fares, as customer success measured it last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from revops.contracts.usage import ThresholdCrossed
from revops.pipeline.transform.base import Answer, Ask, Made, NotNeeded
from revops.pipeline.transform.customers import UNKNOWN, as_of, known, without_account
from revops.pipeline.transform.parties import Party
from revops.store import sql

_HEALTH: Final = """
SELECT id, health_score, health_band, health_on, health_reason FROM canonical_party
WHERE id = ANY(%s)
"""


def health(asks: Sequence[Ask]) -> Mapping[int, Answer]:
    customers = known(asks)
    ids = list({party.id for party in customers.values()})
    rows = {row.id: row for row in sql.rows(_HEALTH, (ids,))} if ids else {}
    return {
        ask.step_id: _health(ask, party, rows[party.id])
        if (party := customers.get(ask.step_id))
        else UNKNOWN
        for ask in asks
    }


def _health(ask: Ask, party: Party, row: Any) -> Answer:
    if row.health_score is None or row.health_on is None:
        return NotNeeded(f"Nobody has measured how {party.name} fares.")
    account = party.at(ask.connection_id)
    if not account:
        return without_account(party)
    payload = {
        "as_of": as_of(ask),
        "account_id": account,
        "score": format(row.health_score.normalize(), "f"),
        "band": row.health_band,
        "measured_on": row.health_on.isoformat(),
        "reason": _why(ask, row.health_reason),
    }
    return Made(party.key, payload)


def _why(ask: Ask, measured: str) -> str:
    """A limit that was passed says more than the last measurement did."""
    event = ask.event
    if isinstance(event, ThresholdCrossed):
        return (
            f"{event.used:f} of {event.entitled:f} {event.meter} used on "
            f"{event.crossed_on.isoformat()}."
        )
    return measured
