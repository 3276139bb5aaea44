"""Telling a system what happened, as the connection's messages say it, and asking what it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors import published
from connectors.caller import encode
from connectors.commands import PayloadRefused
from connectors.contract import (
    CallFailed,
    Command,
    Found,
    Outcome,
    PayloadUnreadable,
    Receipt,
)
from connectors.http import Answer
from connectors.problem import Problem
from connectors.systems.rest.converting import Unfit, text
from connectors.systems.rest.outgoing import AGAIN, ASK, Lookup, Message, Outgoing
from connectors.systems.rest.paths import ABSENT
from connectors.systems.rest.session import Session, read, refused
from connectors.systems.rest.takes import Scope, made
from connectors.systems.rest.templates import Unfilled
from revops.kernel.keys import sha256
from revops.kernel.strict_json import dumps

_LONGEST_ID: Final = 200


def digest(outgoing: Outgoing, payload: Mapping[str, Any]) -> str:
    """
    Of what the lookup shows again of a message. Our key stands for all of the content, so that
    nothing else has to.
    """
    if outgoing.lookup is None:
        return sha256(dumps(payload))
    try:
        message, _ = _of(outgoing, payload)
        body = made(message.fields, _scope(payload, ""))
    except (PayloadRefused, PayloadUnreadable):
        return sha256(dumps(payload))
    return _digest({name: body.get(name) for name in outgoing.lookup.same})


async def send(session: Session, outgoing: Outgoing, command: Command) -> Receipt:
    """One message; what is there already is not sent again."""
    try:
        message, told = _of(outgoing, read_payload(command))
        scope = _scope(told, command.key)
        path = message.path.fill(lambda path: path.read(scope.item))
        body = made(message.fields, scope)
        if outgoing.unsure == ASK and outgoing.lookup is not None:
            there = await _look(session, outgoing.lookup, command.key)
            if there:
                return Receipt(Outcome.ALREADY_DONE, external_id=there[0].external_id)
    except (PayloadRefused, PayloadUnreadable, Unfilled) as error:
        reason = str(error).rstrip(".")
        return Receipt(Outcome.REFUSED, code="payload_invalid", reason=f"{reason}.")
    except Problem as problem:
        return _before(problem).receipt()
    headers = {outgoing.key_header: command.key} if outgoing.key_header else {}
    content = encode(body).encode() if message.fields else None
    if content is not None:
        headers["content-type"] = "application/json"
    try:
        answer = await session.call(message.method, path, content=content, headers=headers)
        return _receipt(message, command, answer)
    except Problem as problem:
        return problem.receipt()


async def find(
    session: Session, outgoing: Outgoing, keys: Sequence[str]
) -> dict[str, Sequence[Found]]:
    """Raises Problem, and CallFailed for a system that cannot be asked."""
    if outgoing.unsure == AGAIN:
        # It takes one key once: sending again is how it is asked.
        return {}
    if outgoing.lookup is None:
        raise CallFailed(
            Outcome.REFUSED,
            "This system cannot be asked what it has: somebody has to look there.",
        )
    found = {key: await _look(session, outgoing.lookup, key) for key in keys}
    return {key: there for key, there in found.items() if there}


def read_payload(command: Command) -> Mapping[str, Any]:
    """
    The event as JSON has it; ``{"path": "data.customer_id"}`` looks at it. Raises PayloadRefused.
    """
    published.of(command)
    return command.payload


def _of(outgoing: Outgoing, payload: Mapping[str, Any]) -> tuple[Message, Mapping[str, Any]]:
    message = outgoing.of(str(payload.get("type")))
    if message is None:
        raise PayloadRefused(f"No message of this connection is for “{payload.get('type')}”.")
    return message, payload


def _scope(payload: Mapping[str, Any], key: str) -> Scope:
    told = {**payload, "key": key}
    return Scope(told, told)


async def _look(session: Session, lookup: Lookup, key: str) -> list[Found]:
    """What the system shows under the key, and nothing that it shows beside it."""
    path = lookup.path.fill(lambda _: key)
    answer = await session.call("GET", path)
    if answer.status == 404 and "?" not in lookup.path.text:
        return []
    if answer.status != 200:
        raise refused(answer, write=False)
    value = read(answer, write=False)
    rows = value if lookup.items.text == "." else lookup.items.read(value)
    if isinstance(rows, dict):
        rows = [rows]
    if not isinstance(rows, list):
        where = lookup.items.text
        raise Problem(Outcome.TRANSIENT, "garbled", f"Its answer holds no list at “{where}”.")
    return [_found(lookup, row) for row in rows if lookup.key.read(row) == key]


def _found(lookup: Lookup, row: Any) -> Found:
    shown = {name: path.read(row) for name, path in lookup.same.items()}
    plain = {name: None if value is ABSENT else value for name, value in shown.items()}
    return Found(
        external_id=_id(lookup.id.read(row)), external_number="", posted=True,
        content_sha256=_digest(plain),
    )  # fmt: skip


def _receipt(message: Message, command: Command, answer: Answer) -> Receipt:
    """Raises Problem for what says no, or nothing."""
    status = answer.status
    if status in message.already:
        return Receipt(Outcome.ALREADY_DONE, external_id=command.key, http_status=status)
    said_yes = status in message.success if message.success else 200 <= status < 300
    if not said_yes:
        raise refused(answer, write=True, named=message.path.filled)
    if message.id is not None:
        external = _id(message.id.read(read(answer, write=True)), write=True)
    elif answer.body.lstrip().startswith(b"<"):
        reason = "It answers with a page, not as the system that was meant."
        raise Problem(Outcome.IN_DOUBT, "garbled", reason, status=status)
    else:
        external = command.key
    return Receipt(Outcome.OK, external_id=external, http_status=status)


def _id(value: Any, *, write: bool = False) -> str:
    try:
        found = text(value)
    except Unfit:
        found = ""
    if not found or len(found) > _LONGEST_ID:
        outcome = Outcome.IN_DOUBT if write else Outcome.TRANSIENT
        raise Problem(outcome, "garbled", "Its answer does not name what it holds.")
    return found


def _before(problem: Problem) -> Problem:
    """What went wrong before anything was sent: nothing of it is open."""
    if problem.outcome in (Outcome.IN_DOUBT, Outcome.REFUSED):
        problem.outcome = Outcome.TRANSIENT
    return problem


def _digest(shown: Mapping[str, Any]) -> str:
    """Numbers and their texts are the same: a body that is kept has decimals as texts."""
    return sha256(dumps({name: None if one is None else str(one) for name, one in shown.items()}))
