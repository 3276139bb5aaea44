"""A page of what arrived in a sandbox, for people who try the console out."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from starlette.responses import HTMLResponse

_PAGE: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>{title}</title>'
    "<style>body{{font:15px/1.5 system-ui;margin:1.5rem auto;max-width:50rem;padding:0 1rem;"
    "color-scheme:light dark}}article{{border-top:1px solid #8888;padding:.6rem 0;"
    "overflow-wrap:anywhere}}h2{{font-size:1rem;margin:0}}p{{margin:.3rem 0}}"
    "pre{{white-space:pre-wrap;font:inherit;margin:.3rem 0}}</style>"
    "<h1>{title}</h1><p>{lead}</p>{items}</html>"
)


def page(*, title: str, lead: str, items: Iterable[str], empty: str) -> HTMLResponse:
    """``items`` are HTML of the sandbox's own making, each in an article; the rest is text."""
    shown = "".join(f"<article>{item}</article>" for item in items)
    return HTMLResponse(
        _PAGE.format(
            title=escape(title), lead=escape(lead), items=shown or f"<p>{escape(empty)}</p>"
        )
    )
