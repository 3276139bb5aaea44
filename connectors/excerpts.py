"""
What was said to a system and what it answered, in excerpts that may be kept and shown. Pure.

Kept is what is surely of business: numbers, codes, states, days, and the words of an error without
e-mail addresses. Everything else of a body, and what its name calls personal or secret, is masked
before it is kept; headers are never kept, nor is anything of a sign-in. What is not known to be
harmless is masked: a name that nobody thought of tells nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any, Final
from urllib.parse import parse_qsl

from revops.kernel import cards, strict_json
from revops.kernel.sight import MASK, mask_addresses

MOST: Final = 2_000
"""Characters that are kept of all calls of one attempt, each way."""
_OF_ONE: Final = 700
_CALLS: Final = 20
_LONGEST: Final = 64 * 1024
_LISTED: Final = 3
_DEEPEST: Final = 8
_MESSAGE: Final = 300
_FIGURES: Final = 40
_LONG_STEP: Final = 8

_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What the name of a member is made of, in lower case: hidden whatever it holds; hidden unless it
# is an id; kept when it looks like a code.
_SECRET: Final = _words(
    """accesskey apikey assertion authorization bank bic card cookie credential credentials csrf
    cvc cvv iban login nonce pan passphrase password private secret session signature tax token
    vat"""
)
_PERSONAL: Final = _words(
    """address addresses birth birthday city client comment comments company contact contacts
    content customer data description email fax file first firstname fullname gender house ip label
    last lastname latitude line1 line2 longitude mail memo mobile name names note notes organization
    owner party person phone post postal postcode recipient region sender street subject supplier
    surname text title to user username vendor zip"""
)
_IDS: Final = _words("id ids key uuid")
_CODES: Final = _words(
    """account accounts at book category class code created currency date day due entity etag event
    external item kind ledger method mode modified no number object outcome period posted posting
    ref reference result revision schema sku source state status subsidiary success time timestamp
    type unit updated version year"""
)
_TOLD: Final = _words("detail details error errors fault message messages msg reason")
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/+-]{0,63}", re.ASCII)
# An amount, or a day with or without a time; a telephone number is neither.
_FIGURE: Final = re.compile(
    r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]{5,18}(?:Z|[+-][0-9:]{4,6})?)?",
    re.ASCII,
)
_ELEMENT: Final = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)(?:\s[^<>]*)?>([^<>]*)</")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call. ``status`` is None without an answer; ``sent`` and ``said`` are excerpts."""

    method: str
    path: str
    status: int | None
    took_ms: int
    sent: str
    said: str


@dataclass(slots=True)
class Tape:
    """The calls that were made while it listened, in the order of their answers."""

    exchanges: list[Exchange] = field(default_factory=list)

    def text(self, *, secrets: Sequence[str] = (), calls_for: int = 1) -> str:
        """All of it as JSON to be kept; ``secrets`` stand nowhere in it. Blank without a call."""
        if not self.exchanges:
            return ""
        # The last calls are those that did it, or failed: what there is room for is theirs.
        kept: list[dict[str, Any]] = []
        sent_left = said_left = MOST
        for one in reversed(self.exchanges[-_CALLS:]):
            sent = _cut(_without(one.sent, secrets), min(_OF_ONE, sent_left))
            said = _cut(_without(one.said, secrets), min(_OF_ONE, said_left))
            sent_left, said_left = sent_left - len(sent), said_left - len(said)
            kept.insert(0, {
                "method": one.method, "path": _without(one.path, secrets)[:200],
                "status": one.status, "took_ms": one.took_ms, "sent": sent, "said": said,
            })  # fmt: skip
        text = json.dumps({"for": calls_for, "calls": kept}, ensure_ascii=False)
        return strict_json.storable(text)[0]


_tape: ContextVar[Tape | None] = ContextVar("tape", default=None)


@contextmanager
def listening() -> Iterator[Tape]:
    """Every call of a client within it is on the tape."""
    tape = Tape()
    held = _tape.set(tape)
    try:
        yield tape
    finally:
        _tape.reset(held)


@contextmanager
def unheard() -> Iterator[None]:
    """Nothing within it is on any tape: signing in is."""
    held = _tape.set(None)
    try:
        yield
    finally:
        _tape.reset(held)


def hear(
    method: str, path: str, body: Any, answer: tuple[int, Mapping[str, str], bytes] | None, *,
    took_ms: int, form: bool = False,
) -> None:  # fmt: skip
    """``body``: parsed JSON, the bytes of anything else, or None; ``answer`` as it came."""
    tape = _tape.get()
    if tape is None:
        return
    status = answer[0] if answer else None
    kind = "application/x-www-form-urlencoded" if form else ""
    try:
        sent = of_body(bytes(body), kind) if isinstance(body, bytes | bytearray) else of_value(body)
        said = of_body(answer[2], answer[1].get("content-type", "")) if answer else ""
        path = of_path(path)
    except (ValueError, TypeError, RecursionError):
        # Whatever it was: a call is not to fail because it cannot be told.
        path, sent, said = path.partition("?")[0], "", ""
    tape.exchanges.append(Exchange(method, path, status, took_ms, sent, said))


def of_path(path: str) -> str:
    """An address without what its query asks for, unless that is a code."""
    path, _, query = path.partition("?")
    asked = [f"{name}={_scalar(value, name)}" for name, value in parse_qsl(query)]
    return str(mask_addresses(f"{path}?{'&'.join(asked)}" if asked else path))


def of_body(body: bytes, content_type: str = "") -> str:
    """JSON, a form or XML; of anything else, only how much it is."""
    if not body:
        return ""
    much = f"{len(body):,} bytes"
    if len(body) > _LONGEST:
        return much
    text = cards.redact(body)[0].decode("utf-8", "replace").strip()
    if "urlencoded" in content_type:
        return of_value(dict(parse_qsl(text)))
    if text[:1] in ("{", "["):
        try:
            return of_value(json.loads(text))
        except (ValueError, RecursionError):
            return much
    if text[:1] == "<" and "html" not in text[:200].lower():
        found = [(name, value.strip()) for name, value in _ELEMENT.findall(text) if value.strip()]
        return "\n".join(f"{name}: {_scalar(value, name)}" for name, value in found) or much
    return much


def of_value(value: Any) -> str:
    """Parsed JSON, masked: a line for each member, deeper ones further in, while there is room."""
    found: list[str] = []
    left = MOST
    for line in _lines(value, "", ""):
        found.append(line)
        left -= len(line) + 1
        if left < 0:
            break
    return _cut("\n".join(found), MOST)


def _lines(value: Any, name: str, pad: str) -> Iterator[str]:
    if len(pad) > _DEEPEST:
        yield f"{pad}{MASK}"
    elif isinstance(value, Mapping):
        for key, held in value.items():
            yield from _member(f"{pad}{str(key)[:80]}:", held, str(key), pad)
    elif isinstance(value, list | tuple):
        for one in value[:_LISTED]:
            yield from _member(f"{pad}-", one, name, pad)
        if len(value) > _LISTED:
            yield f"{pad}… {len(value) - _LISTED:,} more"
    elif value is not None:
        yield f"{pad}{_scalar(value, name)}"


def _member(head: str, held: Any, name: str, pad: str) -> Iterator[str]:
    if held and isinstance(held, list | tuple):
        inner = list(islice(_lines(held, name, f"{pad} "), MOST))
        # A list of what is hidden says no more than that it is.
        if all(line.strip(" -").startswith((MASK, "…")) or not line.strip(" -") for line in inner):
            yield f"{head} {MASK}"
            return
        yield head
        yield from inner
    elif held and isinstance(held, Mapping):
        yield head
        yield from _lines(held, name, f"{pad} ")
    else:
        yield f"{head} {_scalar(held, name)}".rstrip()


@lru_cache(maxsize=4096)
def _what(name: str) -> str:
    """What a member's name says of its value: ``hide``, ``words``, ``code`` or nothing."""
    words = {word.lower() for word in _WORD.findall(name)}
    key = "key" in words and words & {"api", "access", "private"}
    if key or words & _SECRET or (words & _PERSONAL and not words & _IDS):
        return "hide"
    if words & _TOLD:
        return "words"
    return "code" if words & (_CODES | _IDS) else ""


def _scalar(value: Any, name: str) -> str:
    """A value as it may be kept, by what it is called."""
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    what, text = _what(name), str(value)
    if what == "hide":
        return MASK
    if what == "words":
        return " ".join(str(mask_addresses(text[:_MESSAGE])).split())
    if not isinstance(value, str) or _FIGURE.fullmatch(text):
        return text[:_FIGURES]
    return text if what == "code" and _CODE.fullmatch(text) else MASK


def _without(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        for part in _parts(secret):
            if len(part) >= 4:  # noqa: PLR2004  shorter ones are words of every body
                text = text.replace(part, MASK)
    return text


def _parts(secret: str) -> Sequence[str]:
    """
    The secret, the longest form of it first. One that is an address, such as a chat's webhook, is
    one in its pieces as well: its longer steps, and what its query gives.
    """
    bare = secret.strip()
    path, _, query = bare.partition("?")
    found = {secret, bare, bare.strip("/"), path, path.strip("/")}
    if "/" in path:
        found |= {step for step in path.split("/") if len(step) >= _LONG_STEP}
    found |= {value for _, value in parse_qsl(query)}
    return sorted(found, key=len, reverse=True)


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    return f"{text[: most - 1]}…" if most > 0 else ""
