"""
What is sent, and how the system is asked whether it has it: the connection's messages, read from
JSON. All members are in docs/rest.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from connectors.systems.rest import asked
from connectors.systems.rest.asked import Node
from connectors.systems.rest.paths import Path
from connectors.systems.rest.paths import parse as parse_path
from connectors.systems.rest.spelling import fields_of
from connectors.systems.rest.takes import Take, Taken
from connectors.systems.rest.templates import Template, template

METHODS: Final = ("POST", "PUT", "PATCH", "DELETE")
HEADER_WORDS: Final = "a header's name is letters, digits and -, and none of HTTP's own"
_HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,59}", re.ASCII)
# These say where a call goes and where it ends.
_HTTPS_OWN: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer",
     "expect", "content-type", "content-encoding"}
)  # fmt: skip
_EVENTS: Final = re.compile(r"[a-z_.*]{1,80}", re.ASCII)
ASK, AGAIN, LEAVE = "ask", "send_again", "leave"


@dataclass(frozen=True, slots=True)
class Message:
    """
    How events of these names are told. ``success``: statuses that say yes, any 2xx when there are
    none; ``already``: those that say that it was there before; ``id``: where the answer has its id.
    """

    events: Sequence[str]
    method: str
    path: Template
    fields: Mapping[str, Take]
    success: Sequence[int]
    already: Sequence[int]
    id: Path | None

    def fits(self, event: str) -> bool:
        return any(fnmatchcase(event, one) for one in self.events)


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where what is there under our key is asked for; ``same``: members of ours that it shows."""

    path: Template
    items: Path
    key: Path
    id: Path
    same: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """``unsure``: what becomes of a call whose answer was lost: ask, send it again, leave it."""

    messages: Sequence[Message] = ()
    key_header: str = ""
    lookup: Lookup | None = None
    unsure: str = LEAVE

    def of(self, event: str) -> Message | None:
        return next((one for one in self.messages if one.fits(event)), None)


@lru_cache(maxsize=64)
def read(text: str) -> tuple[Outgoing, Sequence[str]]:
    """What is to be sent, and what is wrong with it in sentences: then it is nothing."""
    if not text.strip():
        return Outgoing(), ()
    found, problems = asked.read(text, _outgoing)
    return found or Outgoing(), tuple(problems)


def may_be_named(header: str) -> bool:
    """Whether a connection may carry something in a header of that name."""
    return _HEADER.fullmatch(header) is not None and header.lower() not in _HTTPS_OWN


def _outgoing(node: Node) -> Outgoing:
    node.only("messages", "key_header", "find", "if_unsure")
    messages = [_message(one) for one in node.rows("messages", needed=True)]
    header = node.text("key_header", most=60)
    if header and not may_be_named(header):
        node.wrong("key_header", HEADER_WORDS)
    find = node.node("find")
    lookup = _lookup(find) if find else None
    unsure = node.choice("if_unsure", (ASK, AGAIN, LEAVE), ASK if find else LEAVE)
    if unsure == ASK and find is None:
        node.wrong("if_unsure", "“find” has to say where it can be asked")
    if unsure == AGAIN and not header and not all(one and _keyed(one) for one in messages):
        node.wrong(
            "if_unsure", "only what carries our key, as “key_header” or in a field of each "
            "message, may be sent again",
        )  # fmt: skip
    return Outgoing(tuple(one for one in messages if one), header.lower(), lookup, unsure)


def _message(node: Node) -> Message | None:
    node.only("events", "method", "path", "fields", "success", "already", "id")
    events = []
    for where, one in node.items("events", needed=True):
        if not isinstance(one, str) or not _EVENTS.fullmatch(one):
            node.problems.tell(
                where, "an event is named as in entitlement.granted, or entitlement.*"
            )
        else:
            events.append(one)
    method = node.choice("method", METHODS, "POST")
    path = template(node, "path")
    fields = {} if method == "DELETE" and not node.has("fields") else fields_of(node)
    success, already = _statuses(node, "success"), _statuses(node, "already")
    own = node.path("id")
    if path is None:
        return None
    return Message(tuple(events), method, path, fields, success, already, own)


def _statuses(node: Node, name: str) -> tuple[int, ...]:
    found = [one for _, one in node.items(name)]
    if not all(type(one) is int and 200 <= one < 500 for one in found):
        node.wrong(name, "an answer's status is a number from 200 to 499")
        return ()
    return tuple(found)


def _lookup(node: Node) -> Lookup | None:
    node.only("path", "items", "key", "id", "same")
    path = template(node, "path", places=("key",))
    if path and not path.filled:
        node.wrong("path", "it has to hold {key}, which is our key")
    key, own = node.path("key", needed=True), node.path("id", needed=True)
    same = node.node("same")
    found = {}
    for name in same.value if same else ():
        assert same is not None
        found[name] = same.path(name)
    if path is None or key is None or own is None:
        return None
    return Lookup(
        path, node.path("items") or parse_path("."), key, own,
        {name: one for name, one in found.items() if one is not None},
    )  # fmt: skip


def _keyed(message: Message) -> bool:
    """Whether our key is in the address or the body."""
    named = [part for part in message.path.parts if isinstance(part, Path)]
    named += [one.path for one in message.fields.values() if isinstance(one, Taken)]
    return any(one.steps == ("key",) for one in named)
