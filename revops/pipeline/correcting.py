"""
A corrected event in the place of one that could not be booked.

The first one is kept as it came and says which took its place; the corrected one is stored as an
event of its own, under the same connection, and goes through every step like any other. Only what
is in no books yet can be corrected: what was booked is reversed, never rewritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from django.db import transaction

from exceptions.correcting.editors import Editor, Leg, Meaning, NotEditable, Trial
from exceptions.findings import fingerprint_of
from exceptions.models import Case, CaseState
from revops.contracts import registry as contracts
from revops.events import operations as inbox
from revops.events.models import BusinessEvent, Channel, InboundEvent, InboxState
from revops.events.operations import Arrival, Claimed
from revops.kernel import strict_json
from revops.kernel.keys import sha256
from revops.ledger.books import all_books
from revops.pipeline import sources, wake, whatif
from revops.pipeline.entities import Entities
from revops.pipeline.normalize import CORRECTED_TYPE, Understood, normalize
from revops.pipeline.order import BOOKED
from revops.store import rows, sql

# In these the facts themselves can be wrong. Elsewhere the fault is in a system or in our maps.
KINDS: Final = frozenset(
    {
        "mapping_missing", "service_period_missing", "unbalanced", "more_than_charged",
        "period_closed", "dependency_overdue", "customer_unmatched", "schema_drift",
    }
)  # fmt: skip
_WAITING: Final = (InboxState.QUARANTINED, InboxState.PARKED)

# The next claim counts as a second one, so that the case is settled by what becomes of the event.
_EXPECTED: Final = "UPDATE events_inboundevent SET fence = fence + 1 WHERE id = %s"
_REPLACED: Final = """
UPDATE events_inboundevent
SET state = 'ignored', reason = %s, waits_for = '', leased = false, fence = fence + 1,
    processed_at = now()
WHERE id = %s AND state IN ('quarantined', 'parked')
RETURNING id
"""


class LineEditor(Editor):
    def why_not(self, case: Case) -> str:
        if case.kind not in KINDS:
            return "What is wrong here is not in the event."
        if case.inbound is None or case.command_id is not None:
            return "What was booked is reversed, never rewritten."
        if case.state not in (CaseState.OPEN, CaseState.RETRYING):
            return "The case is not open."
        if case.inbound.state not in _WAITING:
            return "The event is on its way. Wait for what becomes of it."
        return ""

    def read(self, case: Case) -> Sequence[Meaning]:
        inbound, understood = self._understood(case)
        told = set(
            BusinessEvent.objects.filter(
                inbound__connection=inbound.connection_id,
                subject_id__in=[one.data.subject_id for one in understood.meanings],
            ).values_list("contract", "subject_id")
        )
        found = [
            Meaning(
                one.data.contract,
                one.data.model_dump(mode="json"),
                one.data.subject in BOOKED and (one.data.contract, one.data.subject_id) not in told,
            )
            for one in understood.meanings
        ]
        if not any(one.editable for one in found):
            raise NotEditable("The books hold what this event says already, or follow none of it.")
        return found

    def rehearse(self, case: Case, meanings: Sequence[Meaning]) -> Trial:
        inbound, understood = self._understood(case)
        with rows.widened(), transaction.atomic():
            stored = self._store(inbound, understood, meanings)
            (answer,) = whatif.imagine([stored]).answers
            transaction.set_rollback(True)
        if not answer.clears:
            return Trial(problem=answer.sentence)
        if not answer.legs:
            return Trial(problem="It would change nothing in the books.")
        return Trial(
            [
                Leg(leg.entity, leg.period, leg.account, leg.currency, leg.amount)
                for leg in answer.legs
            ]
        )

    def send(self, case: Case, meanings: Sequence[Meaning]) -> int:
        inbound, understood = self._understood(case)
        with rows.widened():
            stored = self._store(inbound, understood, meanings)
            if not sql.rows(_REPLACED, (f"Corrected by a person: EVT-{stored}.", inbound.pk)):
                raise NotEditable("The event is on its way. Wait for what becomes of it.")
            sql.run(_EXPECTED, (stored,))
        for held in Case.objects.filter(inbound=inbound).exclude(state=CaseState.RESOLVED):
            known = fingerprint_of(held.kind, f"event:{inbound.pk}")
            held.inbound_id = stored
            if held.fingerprint == known:
                held.fingerprint = fingerprint_of(held.kind, f"event:{stored}")
            held.save(update_fields=["inbound", "fingerprint"])
        transaction.on_commit(partial(wake.line, inbound.connection_id), robust=True)
        return stored

    def _understood(self, case: Case) -> tuple[InboundEvent, Understood]:
        why = self.why_not(case)
        if why or case.inbound_id is None:
            raise NotEditable(why)
        inbound = InboundEvent.objects.get(pk=case.inbound_id)
        source = sources.by_id(inbound.connection_id)
        claimed = Claimed(
            inbound.pk, inbound.fence, inbound.channel, inbound.type, bytes(inbound.body),
            inbound.correlation_id, 0, False, "", None, inbound.received_at,
        )  # fmt: skip
        with rows.within(None):
            entities = Entities(source.id, all_books())
        understood = normalize(source, claimed, zone_of=entities.zone_of)
        if not understood.meanings:
            raise NotEditable(
                f"The console cannot read this event, so there is nothing to edit. "
                f"{understood.problem}".strip()
            )
        return inbound, understood

    @staticmethod
    def _store(inbound: InboundEvent, understood: Understood, meanings: Sequence[Meaning]) -> int:
        """Raises NotEditable when the corrected one is about another record."""
        told = [contracts.read(one.contract, one.data) for one in meanings]
        first = understood.meanings
        if [(one.contract, one.subject_id) for one in told] != [
            (one.data.contract, one.data.subject_id) for one in first
        ]:
            raise NotEditable("A correction is about the same records as the event.")
        raw = {
            "corrects": inbound.pk,
            "occurred_at": first[0].occurred_at.isoformat(),
            "version": first[0].version,
            "meanings": [
                {"contract": one.contract, "data": one.model_dump(mode="json")} for one in told
            ],
        }
        body = strict_json.dumps(raw)
        recorded = inbox.record(
            Arrival(
                connection_id=inbound.connection_id,
                account=inbound.account,
                source_event_id=f"correction:{inbound.pk}:{sha256(body)[:32]}",
                channel=Channel.API,
                type=CORRECTED_TYPE,
                schema_version=told[0].contract,
                object_type=inbound.object_type,
                object_id=inbound.object_id,
                object_version=inbound.object_version,
                occurred_at=inbound.occurred_at,
                body=body.encode(),
                content_sha256=sha256(body),
                correlation_id=inbound.correlation_id,
            )
        )
        return recorded.id
