"""
What a webhook's answer means, in the words of Slack and of those that take the same call.

Slack says one word. Mattermost says ``ok``, and otherwise an object with ``id`` and ``message``;
Rocket.Chat an object with ``success``, Zulip one with ``result`` (newer ones with ``ok``), each of
which may refuse with status 200. The body decides, the status is evidence. Sources are in README.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.answers import retry_after
from connectors.contract import Outcome, PayloadUnreadable, Receipt
from connectors.http import Answer
from connectors.messages import turned_away

# Used when the chat names no time.
WAIT_S: Final = 30
_LONGEST_WAIT_S: Final = 3600
_LONGEST_WORD: Final = 60
# The webhook itself is wrong: no message of ours would go through, and none is at fault.
_OURS: Final[Mapping[str, str]] = {
    "no_service": "the webhook was removed or switched off",
    "no_active_hooks": "the webhook was switched off",
    "invalid_token": "the webhook's address is not right",
    "invalid_auth": "the webhook's address is not right",
    "no_team": "the workspace does not exist",
    "team_disabled": "the workspace is switched off",
    "channel_not_found": "the channel does not exist any more",
    "channel_is_archived": "the channel was archived",
    "action_prohibited": "an administrator forbids posting there",
    "posting_to_general_channel_denied": "posting to this channel is restricted",
    # Mattermost
    "web.incoming_webhook.disabled": "webhooks are switched off there",
    "web.incoming_webhook.invalid": "the webhook was removed",
    "web.incoming_webhook.user": "the webhook's owner does not exist any more",
    "web.incoming_webhook.channel": "the channel does not exist any more",
    "web.incoming_webhook.channel_locked": "the webhook may post to another channel alone",
    "web.incoming_webhook.permissions": "the webhook's owner may not post there",
    # Zulip
    "unauthorized": "the webhook's key is not right",
    "invalid_api_key": "the webhook's key is not right",
    "stream_does_not_exist": "the channel does not exist any more",
    "realm_deactivated": "the organization is switched off",
}
_OUR_WORDS: Final = ("invalid integration", "invalid api key")
_BUSY: Final = frozenset(
    {"rate_limited", "ratelimited", "rate_limit_hit", "error-too-many-requests"}
)
_FAILED: Final = frozenset({"rollup_error", "internal_error", "service_unavailable"})
# What a webhook that is right says to a message without text; none of them posts it.
_NO_TEXT: Final = frozenset(
    {"no_text", "missing_text", "missing_text_or_fallback_or_attachments", "invalid_payload",
     "web.incoming_webhook.text", "web.incoming_webhook.parse"}
)  # fmt: skip
_SECONDS: Final = re.compile(r"wait (\d{1,5}) seconds?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """``taken`` is None for what says neither; ``word`` is for programs, ``words`` for people."""

    taken: bool | None
    word: str = ""
    words: str = ""
    wait: int | None = None


def there(answer: Answer) -> bool:
    """Whether a webhook answered a message without text, as one that takes messages does."""
    said = read(answer)
    return said.word in _NO_TEXT or (said.taken is True and answer.status == 200)


def receipt(answer: Answer, *, key: str) -> Receipt:
    """``key`` names the message: a webhook gives it no id."""
    said = read(answer)
    if said.taken and 200 <= answer.status < 300:
        return Receipt(Outcome.OK, external_id=key, http_status=answer.status)
    if answer.status == 429 or said.word in _BUSY:
        wait = said.wait or retry_after(answer, WAIT_S)
        reason = "The chat asks us to slow down."
        return turned_away(answer, Outcome.THROTTLED, "throttled", reason, wait)
    if said.word in _OURS:
        reason = f"The chat takes no messages from us: {_OURS[said.word]}."
        return turned_away(answer, Outcome.AUTH, said.word, reason)
    if said.words.lower().startswith(_OUR_WORDS):
        reason = "The chat takes no messages from us: the webhook's address is not right."
        return turned_away(answer, Outcome.AUTH, "address_wrong", reason)
    if answer.status in (401, 403, 404, 405, 410) or 300 <= answer.status < 400:
        reason = f"The address is not that of a webhook: it answers {answer.status}."
        return turned_away(answer, Outcome.AUTH, "address_wrong", reason)
    if answer.status >= 500 or said.word in _FAILED:
        reason = f"The chat failed with {said.word or answer.status}."
        return turned_away(answer, Outcome.TRANSIENT, "failed", reason)
    if said.taken is False or 400 <= answer.status < 500:
        reason = f"The chat refuses this message: {said.words or said.word or answer.status}."
        return turned_away(answer, Outcome.REFUSED, said.word or "refused", reason)
    reason = "The chat's answer was not that of a webhook."
    return turned_away(answer, Outcome.IN_DOUBT, "garbled", reason)


def read(answer: Answer) -> Said:
    text = answer.body[:200].decode("utf-8", "replace").strip()
    if text == "ok":
        return Said(True)
    if text.replace("_", "").isalnum() and not text.isdigit():
        return Said(False if answer.status >= 400 else None, text[:_LONGEST_WORD])
    try:
        body = answer.json()
    except PayloadUnreadable:
        return Said(None)
    return _object(body) if isinstance(body, Mapping) else Said(None)


def _object(body: Mapping[str, Any]) -> Said:
    words = next(
        (body[name] for name in ("error", "msg", "message") if isinstance(body.get(name), str)), ""
    ).strip()[:200].rstrip(".")  # fmt: skip
    word = next(
        (body[name] for name in ("id", "code", "errorType") if isinstance(body.get(name), str)), ""
    )
    if not word and words.replace("_", "").isalnum():
        word, words = words, ""
    found = (body.get("success"), body.get("ok"), body.get("result"))
    taken: bool | None = None
    if True in found or "success" in found:
        taken = True
    elif False in found or "error" in found or isinstance(body.get("status_code"), int):
        taken = False
    word = word.strip()[:_LONGEST_WORD].removesuffix(".app_error")
    return Said(taken, word if word.startswith("web.") else word.lower(), words, _wait(body, words))


def _wait(body: Mapping[str, Any], words: str) -> int | None:
    """Zulip names the seconds as a member, Rocket.Chat within its words."""
    given = body.get("retry-after", body.get("retry_after"))
    if given is None:
        found = _SECONDS.search(words)
        given = found[1] if found else None
    try:
        seconds = int(given) if given is not None else 0
    except (TypeError, ValueError, OverflowError):
        return None
    return min(seconds, _LONGEST_WAIT_S) if seconds > 0 else None
