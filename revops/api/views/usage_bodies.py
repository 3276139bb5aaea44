"""
Reading bodies that are larger than other addresses take, without holding them.

NDJSON is read line by line as it arrives and may be long; a JSON array has to be whole before it
means anything, so it is held to a size that fits into memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from typing import Final, Protocol

from django.http import HttpRequest

from revops.api.bodies import BodyRefused
from revops.kernel import strict_json
from revops.usage.reading import LONGEST_LINE, Bad, Raw, bad, read, read_line

LONGEST_ARRAY: Final = 8 * 1024 * 1024
LONGEST_STREAM: Final = 256 * 1024 * 1024
_CHUNK: Final = 256 * 1024

LINES: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")
ARRAYS: Final = (
    "application/json",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
)


def records(request: HttpRequest, *, source: str, now: datetime) -> Iterator[Raw | Bad]:
    """
    The records of a body, one by one. Raises BodyRefused (at once, or while it is read: what was
    read before then stands) and JsonRefused for an array that is no JSON.
    """
    kind = (request.META.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()
    if request.META.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in (
        "",
        "identity",
    ):
        raise BodyRefused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Compressed bodies are not read; send it plain."
        )
    if kind in LINES:
        return _of_lines(_chunks(request, LONGEST_STREAM), source, now)
    if kind in ARRAYS:
        return _of_array(b"".join(_chunks(request, LONGEST_ARRAY)), source, now)
    raise BodyRefused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send {', '.join((*ARRAYS, LINES[0]))}.")


def _of_array(body: bytes, source: str, now: datetime) -> Iterator[Raw | Bad]:
    value = strict_json.loads(body, max_bytes=LONGEST_ARRAY)
    items = value if isinstance(value, list) else [value]
    return (read(item, source=source, now=now) for item in items)


def _of_lines(chunks: Iterator[bytes], source: str, now: datetime) -> Iterator[Raw | Bad]:
    """Empty lines are nothing. A line that is too long is refused and skipped to its end."""
    rest = b""
    skipping = False
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if skipping:
                skipping = False  # the end of the long line
            elif line.strip():
                yield read_line(line, source=source, now=now)
        if len(rest) > LONGEST_LINE and not skipping:
            yield bad(rest[:200].decode("utf-8", "replace"), _TOO_LONG)
            skipping = True
        if skipping:
            rest = b""
    if rest.strip() and not skipping:
        yield read_line(rest, source=source, now=now)


_TOO_LONG: Final = f"A line is longer than {LONGEST_LINE} bytes."


def _chunks(request: HttpRequest, limit: int) -> Iterator[bytes]:
    meta = request.META
    if meta.get("HTTP_TRANSFER_ENCODING"):
        if not meta.get("wsgi.input_terminated"):
            raise BodyRefused(HTTPStatus.LENGTH_REQUIRED, "Send a Content-Length.")
        return _bounded(meta["wsgi.input"], limit, None)
    length = meta.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        raise BodyRefused(HTTPStatus.BAD_REQUEST, "The Content-Length is not a number.")
    if int(length) > limit:
        raise _too_large(limit)
    return _bounded(request, limit, int(length))


class _Stream(Protocol):
    """What a request and the server's own input have in common."""

    def read(self, size: int, /) -> bytes: ...


def _bounded(stream: _Stream, limit: int, length: int | None) -> Iterator[bytes]:
    seen = 0
    while True:
        chunk = stream.read(_CHUNK)
        seen += len(chunk)
        if seen > limit:
            raise _too_large(limit)
        if not chunk:
            if length is not None and seen < length:
                raise BodyRefused(
                    HTTPStatus.BAD_REQUEST, "The body ended before its Content-Length."
                )
            return
        yield chunk


def _too_large(limit: int) -> BodyRefused:
    return BodyRefused(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {limit} bytes."
    )
