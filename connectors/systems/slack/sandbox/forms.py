"""
How each product answers a call of an incoming webhook.

Slack: one word. Mattermost: ``ok``, or an object with ``id`` and ``status_code``. Rocket.Chat: an
object with ``success``; a message without text is taken and not shown. Zulip: an object with
``result``; the same. Where each form comes from is in README.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import JSONResponse, PlainTextResponse, Response

SLACK: Final = "slack"
MATTERMOST: Final = "mattermost"
ROCKET_CHAT: Final = "rocket_chat"
ZULIP: Final = "zulip"

_Form = Mapping[str, tuple[int, Any]]
_WORDS: Final[_Form] = {
    "taken": (200, "ok"),
    "no_text": (400, "no_text"),
    "invalid_payload": (400, "invalid_payload"),
    "msg_too_long": (400, "msg_too_long"),
    "gone": (404, "no_service"),
    "archived": (410, "channel_is_archived"),
    "unauthorized": (403, "invalid_token"),
}
_IDS: Final[_Form] = {
    "taken": (200, "ok"),
    "no_text": (400, ("text", "No text specified.")),
    "invalid_payload": (400, ("parse", "Unable to parse incoming data.")),
    "msg_too_long": (400, ("split_props_length", "Unable to split webhook props.")),
    "gone": (400, ("invalid", "Invalid webhook.")),
    "archived": (404, ("channel", "Couldn't find the channel.")),
    "unauthorized": (400, ("invalid", "Invalid webhook.")),
}
_SUCCESS: Final[_Form] = {
    "taken": (200, {"success": True}),
    "no_text": (200, {"success": True}),
    "invalid_payload": (400, {"success": False, "error": "Unexpected token in JSON"}),
    "msg_too_long": (400, {"success": False, "error": "error-message-size-exceeded"}),
    "gone": (400, {"success": False, "error": "Invalid integration id or token provided."}),
    "archived": (400, {"success": False, "error": "invalid-channel"}),
    "unauthorized": (400, {"success": False, "error": "Invalid integration id or token provided."}),
}
_RESULT: Final[_Form] = {
    "taken": (200, {"result": "success", "msg": ""}),
    "no_text": (200, {"result": "success", "msg": ""}),
    "invalid_payload": (400, {"result": "error", "code": "INVALID_JSON", "msg": "Malformed JSON"}),
    "msg_too_long": (400, {"result": "error", "code": "BAD_REQUEST", "msg": "Malformed payload"}),
    "gone": (401, {"result": "error", "code": "INVALID_API_KEY", "msg": "Invalid API key"}),
    "archived": (
        400,
        {"result": "error", "code": "STREAM_DOES_NOT_EXIST", "msg": "No such channel"},
    ),
    "unauthorized": (401, {"result": "error", "code": "INVALID_API_KEY", "msg": "Invalid API key"}),
}
_FORMS: Final[Mapping[str, _Form]] = {
    SLACK: _WORDS, MATTERMOST: _IDS, ROCKET_CHAT: _SUCCESS, ZULIP: _RESULT,
}  # fmt: skip
FORMS: Final = tuple(_FORMS)


def known(name: str) -> str:
    """Raises ValueError."""
    if name not in _FORMS:
        raise ValueError(f"There is no form “{name}”; there are {', '.join(FORMS)}.")
    return name


def answer(form: str, what: str) -> Response:
    status, said = _FORMS[form][what]
    if isinstance(said, str):
        return PlainTextResponse(said, status)
    if isinstance(said, tuple):
        said = _error(said[0], said[1], status)
    return JSONResponse(said, status)


def throttled(form: str, wait: int | None) -> Response:
    """Each tells how long in a place of its own."""
    header = {"retry-after": str(wait)} if wait else {}
    match form:
        case "mattermost":
            return PlainTextResponse("limit exceeded", 429, header)
        case "rocket_chat":
            said = f"Please slow down. You must wait {wait or 60} seconds before trying this again."
            error = f"Error, too many requests. {said} [error-too-many-requests]"
            return JSONResponse({"success": False, "error": error}, 429)
        case "zulip":
            body = {"result": "error", "code": "RATE_LIMIT_HIT", "msg": "API usage exceeded"}
            return JSONResponse(body | ({"retry-after": wait} if wait else {}), 429)
    return PlainTextResponse("rate_limited", 429, header)


def _error(word: str, said: str, status: int) -> dict[str, Any]:
    return {
        "id": f"web.incoming_webhook.{word}.app_error",
        "message": said,
        "detailed_error": "",
        "request_id": "",
        "status_code": status,
    }
