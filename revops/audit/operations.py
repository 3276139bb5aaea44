"""Recording an act. The only writer of the trail."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, ParamSpec, Protocol, TypeVar, cast

from django.db import connection

from revops.kernel import cards, correlation
from revops.kernel.actor import Actor, acting
from revops.store import sql

P = ParamSpec("P")
R = TypeVar("R")

_LONGEST_REASON: Final = 4_000
# What the operation that is under way has recorded so far; None outside of one.
_said: ContextVar[list[str] | None] = ContextVar("audit_said", default=None)

_APPEND: Final = """
INSERT INTO audit_event (
    seq, ts, actor, roles, on_behalf, action, kind, reference, entity, correlation_id, request_id,
    detail, detail_mac, prev, hash
)
SELECT 0, now(), %s, %s, %s, %s, %s, held.reference, held.entity, %s, %s, held.detail, '', '', ''
FROM unnest(%s::text[], %s::text[], %s::text[]) AS held (reference, entity, detail)
RETURNING seq
"""


class NotInTransaction(RuntimeError):
    """An act is recorded in the transaction that does it, or not at all; a mistake in the code."""


class NotRecorded(RuntimeError):
    """An operation ended without a word in the trail; a mistake in the code."""


@dataclass(frozen=True, slots=True)
class Object:
    """What an act was done to. ``reference`` is what people and addresses call it: ``EXC-12``."""

    reference: str
    label: str = ""
    entity: str = ""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


def record(
    action: str,
    *,
    by: Actor,
    kind: str,
    reference: str,
    label: str = "",
    entity: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    on_behalf: str = "",
) -> int:
    """
    Record that ``by`` did ``action`` to an object and return the act's number.

    Called last in the operation and in its transaction: writers wait for each other from here to
    the commit. ``before`` and ``after`` hold what changed, as plain values; never a secret.
    ``entity`` is the legal entity's code when the object has one. ``on_behalf`` is the key of
    whoever delegated. Machines' work has records of its own and does not belong here.
    """
    held = Object(reference, label, entity, before, after)
    return record_each(action, by=by, kind=kind, held=[held], reason=reason, on_behalf=on_behalf)[0]


def record_each(
    action: str,
    *,
    by: Actor,
    kind: str,
    held: Sequence[Object],
    reason: str = "",
    on_behalf: str = "",
) -> list[int]:
    """One act for each of many objects of a kind, in one statement; their numbers."""
    if not held:
        return []
    if not connection.in_atomic_block:
        raise NotInTransaction(f"{action} is recorded outside of a transaction.")
    now = acting()
    common = {
        "name": by.name,
        "reason": reason.strip()[:_LONGEST_REASON],
        "ip": now.ip,
        "session": now.session,
    }
    details = [
        canonical(
            {**common, "label": one.label, "before": one.before or {}, "after": one.after or {}}
        )
        for one in held
    ]
    rows = sql.rows(
        _APPEND,
        (
            by.key[:64], " ".join(by.roles)[:200], on_behalf[:64], action, kind,
            correlation.current()[:64], now.request_id[:64],
            [_plain(one.reference)[:200] for one in held], [one.entity[:24] for one in held],
            details,
        ),
    )  # fmt: skip
    _note(action)
    return [row.seq for row in rows]


class _Recording(Protocol):
    recorded: bool


def recorded(operation: Callable[P, R]) -> Callable[P, R]:
    """
    What a person can do ends with an act in the trail, or says why not (``nothing_to_record``).

    Every operation that takes a person carries this; an architecture test sees to that, and this
    sees to the rest while it runs. Raises NotRecorded.
    """

    @wraps(operation)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        mine: list[str] = []
        outer = _said.get()
        token = _said.set(mine)
        try:
            result = operation(*args, **kwargs)
        finally:
            _said.reset(token)
        if not mine:
            raise NotRecorded(f"{operation.__module__}.{operation.__qualname__} recorded nothing.")
        if outer is not None:
            outer.extend(mine)
        return result

    cast(_Recording, run).recorded = True  # what the architecture test looks for
    return run


def nothing_to_record(why: str) -> None:
    """The operation changed nothing, for this reason; a refusal raises instead."""
    _note(why)


def _note(text: str) -> None:
    said = _said.get()
    if said is not None:
        said.append(text)


def canonical(detail: Mapping[str, Any]) -> str:
    """
    One text for equal values: keys in order, nothing blank, no spaces. Values that JSON does not
    know (dates, amounts) become their text.
    """
    kept = {key: value for key, value in detail.items() if value not in ("", None, {}, [])}
    text = json.dumps(kept, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return _plain(cards.redact(text.encode("utf-8", "replace"))[0].decode())


def _plain(text: str) -> str:
    """What PostgreSQL can hold: no NUL and no half of a pair of surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
