"""Reading a body without trusting what its headers promise."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from django.http import HttpRequest

from revops.kernel import strict_json

LIMIT: Final = strict_json.MAX_BYTES


class BodyRefused(Exception):
    """The body will not be read; ``status`` is 400, 411, 413 or 415."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def read(request: HttpRequest, *, limit: int = LIMIT) -> bytes:
    """
    The raw body, never more than ``limit`` bytes of it in memory. Raises BodyRefused.

    A chunked body has no length to check beforehand (Django takes it for empty), so it is read
    from the server's stream up to one byte too many; that needs a server that ends the stream
    (``wsgi.input_terminated``), which granian does.
    """
    meta = request.META
    if meta.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in ("", "identity"):
        raise BodyRefused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Compressed bodies are not read; send it plain."
        )
    if meta.get("HTTP_TRANSFER_ENCODING"):
        if not meta.get("wsgi.input_terminated"):
            raise BodyRefused(HTTPStatus.LENGTH_REQUIRED, "Send a Content-Length.")
        return _bounded(meta["wsgi.input"].read(limit + 1), limit)
    length = meta.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        raise BodyRefused(HTTPStatus.BAD_REQUEST, "The Content-Length is not a number.")
    if int(length) > limit:
        raise _too_large(limit)
    body = request.read(limit + 1)
    if len(body) < int(length):
        raise BodyRefused(HTTPStatus.BAD_REQUEST, "The body ended before its Content-Length.")
    return _bounded(body, limit)


def _bounded(body: bytes, limit: int) -> bytes:
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _too_large(limit: int) -> BodyRefused:
    return BodyRefused(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {limit} bytes."
    )
