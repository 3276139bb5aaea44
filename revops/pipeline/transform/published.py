"""``portal.event``: the event itself, in the published language, for whoever subscribed to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

from revops.kernel import strict_json
from revops.kernel.keys import sha256
from revops.pipeline.transform.base import Answer, Ask, Made, NotNeeded
from revops.store import sql

_WANTED: Final = """
SELECT id, coalesce(parameters ->> 'events', '') AS events FROM connectors_connection
WHERE id = ANY(%s)
"""


def event(asks: Sequence[Ask]) -> Mapping[int, Answer]:
    ids = list({ask.connection_id for ask in asks})
    wanted = {row.id: _patterns(row.events) for row in sql.rows(_WANTED, (ids,))}
    return {ask.step_id: _event(ask, wanted.get(ask.connection_id, ())) for ask in asks}


def _event(ask: Ask, patterns: Sequence[str]) -> Answer:
    if not any(fnmatchcase(ask.event_type, pattern) for pattern in patterns):
        return NotNeeded("It did not subscribe to this event.")
    payload = {
        "type": ask.event_type,
        "contract": ask.event.contract,
        "occurred_at": ask.occurred_at.isoformat(),
        "legal_entity": ask.legal_entity,
        "data": ask.event.model_dump(mode="json"),
    }
    # The same event told again is the same message; whatever differs makes another one.
    what = sha256(strict_json.dumps(payload))[:24]
    return Made(f"{ask.source or 'console'}:{ask.event_type}:{what}", payload)


def _patterns(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
