"""What may be asked of a chat, and the body that an incoming webhook takes."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from connectors import commands
from connectors.contract import Command
from revops.contracts.base import Part

KIND: Final = "notice.chat"


class ChatPayload(Part):
    """``notice.chat``: ``who`` it is for, in words; ``link`` is an absolute address."""

    title: Annotated[str, Field(min_length=1, max_length=300)]
    text: Annotated[str, Field(max_length=2000)] = ""
    who: Annotated[str, Field(max_length=500)] = ""
    link: Annotated[str, Field(max_length=2000, pattern=r"^(https?://[^\s<>|]+)?$")] = ""


def body(command: Command) -> dict[str, Any]:
    """The JSON body. Raises PayloadRefused."""
    payload = commands.read(
        command.kind, command.payload, {KIND: ChatPayload}, otherwise="The message cannot be made"
    )
    title = escape(payload.title)
    lines = [f"<{payload.link}|{title}>" if payload.link else f"*{title}*"]
    if payload.text:
        lines.append(escape(payload.text))
    # The reference makes two copies of one message recognizable.
    lines.append(
        "_" + " · ".join(part for part in (escape(payload.who), reference(command)) if part) + "_"
    )
    return {"text": "\n".join(lines), "unfurl_links": False, "unfurl_media": False}


def reference(command: Command) -> str:
    """The end of the command's key, for people."""
    return f"ref {command.key[-8:]}"


def escape(text: str) -> str:
    """As Slack's mrkdwn wants it, so that no text can name a person, a channel or a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
