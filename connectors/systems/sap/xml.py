"""
Reading and writing XML with expat itself, which fetches nothing. A document type, and with it every
entity, is refused. Names are local: SAP's prefixes differ from one system to the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from connectors import xml as closed

_DEEPEST: Final = 32
Node = tuple[str, Any]


class Unreadable(ValueError):
    """It is no XML that is read here."""


@dataclass(slots=True)
class Element:
    name: str
    text: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)

    def all(self, *path: str) -> Iterator[Element]:
        """Those below it by a path of names."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.name == path[0]:
                yield from child.all(*path[1:])

    def said(self, *path: str) -> str:
        """The text of the first one there, “” without one."""
        return next((one.text.strip() for one in self.all(*path)), "")

    def find(self, name: str) -> Element | None:
        """The first of that name, at any depth."""
        if self.name == name:
            return self
        for child in self.children:
            found = child.find(name)
            if found is not None:
                return found
        return None


def read(body: bytes) -> Element:
    """Raises Unreadable."""
    root = Element("")
    open_ones = [root]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(open_ones) > _DEEPEST:
            raise Unreadable("It is nested too deeply.")
        element = Element(name.rpartition(" ")[2], attributes=attributes)
        open_ones[-1].children.append(element)
        open_ones.append(element)

    def end(name: str) -> None:
        open_ones.pop()

    def text(data: str) -> None:
        open_ones[-1].text += data

    parser = closed.parser(_refuse)
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, LookupError) as error:
        raise Unreadable("It is no XML.") from error
    if not root.children:
        raise Unreadable("It is empty.")
    return root.children[0]


def write(name: str, value: Any, **attributes: str) -> str:
    """
    An element of text, or of (name, value) pairs; a value may be a pair of text and attributes.
    What is None or empty text is left out.
    """
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], dict):
        return write(name, value[0], **value[1])
    if value is None or value == "":
        return ""
    shown = "".join(f" {key}={quoteattr(one)}" for key, one in attributes.items())
    if isinstance(value, list):
        inner = "".join(write(key, one) for key, one in value)
    else:
        inner = escape("".join(letter for letter in str(value) if letter >= " "))
    return f"<{name}{shown}>{inner}</{name.partition(' ')[0]}>"


def _refuse(*_: object) -> int:
    raise Unreadable("A document type is not read.")
