"""Looking again at checks that did not hold, after somebody mended what they are about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from exceptions import operations as cases
from revops.contracts import registry as contracts
from revops.kernel import strict_json
from revops.pipeline.flows import checks, states
from revops.pipeline.flows.catalogue import flows
from revops.pipeline.flows.order import ready
from revops.pipeline.flows.release import release
from revops.pipeline.flows.trouble import fingerprint
from revops.store import sql

_FAILED: Final = """
SELECT run.id, run.flow, run.record_kind, run.record_id, event.contract, event.data,
    coalesce(entity.code, '') AS legal_entity
FROM pipeline_flowrun run JOIN events_businessevent event ON event.id = run.business_event_id
LEFT JOIN mappings_legalentity entity ON entity.id = run.legal_entity_id
WHERE run.id = ANY(%s) AND run.state = 'failed' ORDER BY run.id FOR UPDATE OF run
"""


def recheck(run_ids: Sequence[int], *, at: datetime) -> tuple[list[str], set[int]]:
    """
    What still does not hold, in sentences, and which connections got commands. In the caller's
    transaction. The event stays as it was told: what it lacks needs a new event, what our records
    lack can have been mended since.
    """
    rows = sql.rows(_FAILED, (list(run_ids),))
    places = checks.places([row.record_id for row in rows if row.record_kind == "opportunity"])
    still: list[str] = []
    settled: list[str] = []
    for row in rows:
        data = contracts.read(row.contract, strict_json.loads(row.data))
        place = places.get(row.record_id, checks.Place())
        answers = {
            step.name: checks.answer(step.name, data, row.legal_entity, place)
            for step in flows()[row.flow].checks
        }
        failed = [found.sentence for found in answers.values() if not found.passed]
        still += failed
        if not failed:
            settled.append(fingerprint(row.id))
        found = [
            {"step": name, "passed": answer.passed, "sentence": answer.sentence}
            for name, answer in answers.items()
        ]
        sql.run(
            "UPDATE pipeline_flowrun SET checks = %s::jsonb WHERE id = %s",
            (strict_json.dumps(found), row.id),
        )
    ids = [row.id for row in rows]
    states.settle(ids)
    cases.settle(fingerprints=settled, text="The check holds now: the flow goes on.", at=at)
    return still, release(ready(ids), at=at)
