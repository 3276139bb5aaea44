"""
Voiding a credit note. Nothing new is made by it, so there is no key to look for: the note itself
says whether it is void, and asking twice does no harm.

Stripe voids a note only while the invoice that it lowered is open.
"""

from __future__ import annotations

from connectors.billing import CreditNoteVoid
from connectors.contract import Outcome, Receipt, Settings
from connectors.http import Client
from connectors.problem import Problem
from connectors.systems.stripe import listing, posts, wire


async def void(client: Client, settings: Settings, key: str, asked: CreditNoteVoid) -> Receipt:
    """Raises Problem, and CallFailed before anything was asked."""
    path = f"/v1/credit_notes/{asked.credit_note_id}"
    note = await listing.one(client, settings, path)
    if note is None:
        reason = f"Stripe knows no credit note {asked.credit_note_id}."
        return Receipt(Outcome.REFUSED, code="refused", reason=reason)
    number = wire.text(note.get("number"))
    if note.get("status") == "void":
        return Receipt(Outcome.ALREADY_DONE, external_id=wire.ref(note), external_number=number)
    try:
        made, _ = await posts.post(client, settings, f"{path}/void", [], key=key)
    except Problem as problem:
        if problem.outcome is Outcome.IN_DOUBT:
            # Whatever became of it, the next look at the note says so.
            raise Problem(Outcome.TRANSIENT, problem.code, problem.reason) from problem
        raise
    if made.get("status") != "void":
        return Receipt(Outcome.TRANSIENT, code="not_taken", reason="The note is not void yet.")
    return Receipt(Outcome.OK, external_id=wire.ref(made), external_number=number, http_status=200)
