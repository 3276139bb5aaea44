"""Acts as files: JSON lines that anybody can verify, and CSV for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any, Final

from revops.audit.chain import Link, instant

COLUMNS: Final = tuple(one.name for one in fields(Link))


def line(link: Link) -> str:
    """One JSON object; octets are hex. docs/verify_audit.py reads these."""
    values: dict[str, Any] = {name: getattr(link, name) for name in COLUMNS}
    values["ts"] = instant(link.ts)
    for name in ("salt", "detail_mac", "prev", "hash"):
        held = values[name]
        values[name] = None if held is None else bytes(held).hex()
    return json.dumps(values, ensure_ascii=False) + "\n"


def lines(links: Iterable[Link]) -> Iterator[str]:
    return (line(link) for link in links)
