"""
What somebody did in the target by hand, as the proof of a command that it had refused.

The caller has asked the target for the document and has compared it; here the command is posted
with it, as if a read had found it under our key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from connectors.contract import HeldDocument, Outcome
from revops.delivery import claims, decide
from revops.delivery.claims import Ending, Work
from revops.delivery.decide import Row, State
from revops.delivery.operations import NotPossible
from revops.store import sql

_ROW: Final = tuple(field.name for field in fields(Row))
_WORK: Final = tuple(field.name for field in fields(Work))[:13]
_LOCK: Final = (
    f"SELECT {', '.join(_WORK[:12])}, "  # noqa: S608  own fields
    "(SELECT coalesce(max(number), 0) FROM delivery_attempt attempt "
    f"WHERE attempt.command_id = command.id) AS number, {', '.join(_ROW)} "
    "FROM delivery_outboundcommand command WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
)
_TAKEN: Final = """
SELECT command.id FROM delivery_outboundcommand command
WHERE command.connection_id = %s AND command.external_id = ANY(%s) AND command.state = 'posted'
"""


def accept(connection_id: int, held: Mapping[int, HeldDocument], *, reason: str) -> list[Ending]:
    """
    Post these commands (by id) with the documents that the target holds for them, in the caller's
    transaction, which tells of the endings. The number of each, and ``reason``, are in its history.

    Raises NotPossible for a command that is not refused any more, and for a document that is the
    proof of another posting: of all or of none.
    """
    documents = [one.external_id for one in held.values()]
    if len(set(documents)) < len(documents):
        raise NotPossible("One document stands for one posting only.")
    taken = sql.rows(_TAKEN, (connection_id, documents))
    if taken:
        raise NotPossible(f"That document is another posting of ours already: CMD-{taken[0].id}.")
    endings = []
    for found in sql.rows(_LOCK, (list(held),)):
        told: dict[str, Any] = dict(zip(_WORK, found[:13], strict=True))
        work = Work(**told, row=Row(State(found[13]), *found[14:]))
        document = held[work.id]
        row = decide.by_hand(work.row, document.external_id, document.external_number)
        if row is None:
            raise NotPossible(f"CMD-{work.id} is {work.row.state.value}, and goes on by itself.")
        endings.append(Ending(work, row))
    reasons = [f"{held[one.work.id].external_number}: {reason}" for one in endings]
    claims.record_reads([one.work for one in endings], outcome=Outcome.OK, reasons=reasons)
    claims.write(endings)
    return endings
