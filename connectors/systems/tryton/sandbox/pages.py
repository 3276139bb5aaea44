"""HTML pages as Tryton's web layer makes them for whatever is no answer of the application."""

from __future__ import annotations

import html
from http import HTTPStatus
from typing import Final

HTML: Final = "text/html; charset=utf-8"

_DEFAULT: Final = {
    401: "The server could not verify that you may see the address that you asked for.",
    403: "You don't have the permission to access the requested resource.",
    404: "The requested URL was not found on the server.",
    503: "The server cannot service the request now.",
    504: "The connection to an upstream server timed out.",
}


def page(status: int, text: str = "") -> bytes:
    name = HTTPStatus(status).phrase
    words = html.escape(text or _DEFAULT.get(status, ""))
    return (
        f"<!doctype html>\n<html lang=en>\n<title>{status} {name}</title>\n<h1>{name}</h1>\n"
        f"<p>{words}</p>\n"
    ).encode()
