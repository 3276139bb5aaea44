"""
Telling a ticket: read it with its audits, and change it only when our key is not there yet.

The change is bound to the ticket as it was read (``safe_update``), so nothing that happened between
is lost, and two calls that read the same ticket cannot both change it, but within one second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.commands import PayloadRefused, refused
from connectors.contract import Command, Found, Outcome, Receipt
from connectors.problem import Problem
from connectors.systems.zendesk import payloads
from connectors.systems.zendesk.answers import Json
from connectors.systems.zendesk.names import Names
from connectors.systems.zendesk.payloads import Told
from connectors.systems.zendesk.wire import Zendesk

KEY: Final = "revops_key"
CONTENT: Final = "revops_content"
ABOUT: Final = "revops_about"
VERSION: Final = "revops_version"


async def run(desk: Zendesk, names: Names, commands: Sequence[Command]) -> list[Receipt]:
    """One receipt for each command, in order; one after the other, as tickets may be the same."""
    receipts: list[Receipt] = []
    for command in commands:
        last = receipts[-1] if receipts else None
        if last is not None and last.outcome in (Outcome.THROTTLED, Outcome.AUTH):
            receipts.append(last)
            continue
        try:
            receipts.append(await _one(desk, names, command))
        except Problem as problem:
            receipts.append(problem.receipt())
    return receipts


async def find(desk: Zendesk, names: Names, keys: Sequence[str]) -> dict[str, list[Found]]:
    """
    Changes by their key: the ticket by Zendesk's search, the change by the ticket's audits. Of a
    ticket that was told something newer since, the older key is not found by the search.
    """
    found: dict[str, list[Found]] = {}
    for key in keys:
        # Quoted, so that the parts of the key are not looked for one by one.
        for row in await desk.search(f'type:ticket custom_field_{_key_field(names)}:"{key}"'):
            number = row.get("id")
            if type(number) is not int:
                continue
            for audit in await desk.audits(number):
                custom = _custom(audit)
                if custom.get(KEY) == key:
                    held = Found(
                        str(audit.get("id") or ""), f"#{number}", posted=True,
                        content_sha256=str(custom.get(CONTENT) or ""),
                    )  # fmt: skip
                    found.setdefault(key, []).append(held)
    return found


async def _one(desk: Zendesk, names: Names, command: Command) -> Receipt:
    """Raises Problem."""
    try:
        payload = payloads.read(command)
    except PayloadRefused as error:
        return error.receipt()
    field = _key_field(names)
    number = names.ticket(payload.ticket_id)
    ticket = await desk.ticket(number) if number is not None else None
    if number is None or ticket is None:
        return refused("ticket_missing", f"Zendesk has no ticket {payload.ticket_id}.")
    settled = _settled(await desk.audits(number), command, payload)
    if settled is not None:
        return settled
    if ticket.get("status") == "closed":
        reason = f"The ticket {payload.ticket_id} is closed, and Zendesk changes it no more."
        return refused("ticket_closed", reason)
    texts = [(at, text) for at, text in payload.fields(names) if at is not None]
    if not payload.note and not texts:
        reason = "The connection names no ticket field for this, so it is not shown."
        shown = f"ticket:{number}"
        return Receipt(Outcome.OK, external_id=shown, code="not_shown", reason=reason)
    fields = [(field, command.key), *texts]
    note = {"comment": {"body": payload.note, "public": False}} if payload.note else {}
    change = {
        **note,
        "custom_fields": [{"id": at, "value": text} for at, text in fields],
        "metadata": {
            KEY: command.key,
            CONTENT: payloads.digest(command.payload),
            ABOUT: payload.about,
            VERSION: str(payload.version),
        },
        "safe_update": True,
        "updated_stamp": ticket.get("updated_at"),
    }
    answer = await desk.change(number, change)
    audit = answer.get("audit")
    audit_id = audit.get("id") if isinstance(audit, Mapping) else None
    if type(audit_id) is not int:
        reason = "Zendesk said yes without naming the change."
        return Receipt(Outcome.IN_DOUBT, code="garbled", reason=reason)
    return Receipt(
        Outcome.OK, external_id=str(audit_id), external_number=f"#{number}", http_status=200
    )


def _settled(audits: Sequence[Json], command: Command, payload: Told) -> Receipt | None:
    """What the ticket says of this command already; None when it is still to be told."""
    for audit in audits:
        custom = _custom(audit)
        if custom.get(KEY) == command.key:
            return Receipt(Outcome.ALREADY_DONE, external_id=str(audit.get("id") or ""))
    newer = [
        audit
        for audit in audits
        if _custom(audit).get(ABOUT) == payload.about and _version(_custom(audit)) > payload.version
    ]
    if newer:
        # The change that the newer statement made stands for this one.
        reason = "The ticket shows a newer state of this."
        audit_id = str(newer[-1].get("id") or "")
        return Receipt(Outcome.OK, external_id=audit_id, code="superseded", reason=reason)
    return None


def _custom(audit: Json) -> Mapping[str, Any]:
    metadata = audit.get("metadata")
    custom = metadata.get("custom") if isinstance(metadata, Mapping) else None
    return custom if isinstance(custom, Mapping) else {}


def _version(custom: Mapping[str, Any]) -> int:
    text = str(custom.get(VERSION) or "")
    return int(text) if text.isascii() and text.isdigit() else 0


def _key_field(names: Names) -> int:
    if names.key is None:
        reason = "The connection does not say which ticket field holds our key."
        raise Problem(Outcome.AUTH, "setup", reason)
    return names.key
