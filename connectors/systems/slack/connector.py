"""A chat by a Slack-compatible incoming webhook: notices go out, nothing comes in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.commands import PayloadRefused
from connectors.contract import Command, Found, Outcome, ProbeStep, Receipt, Settings
from connectors.http import Answer, Client, NotSent, Unanswered
from connectors.manifest import Manifest
from connectors.systems.slack import message
from revops.kernel import backoff
from revops.kernel.clock import now
from revops.kernel.keys import sha256
from revops.kernel.strict_json import dumps

_PATH: Final = re.compile(r"/[A-Za-z0-9._~/-]{1,500}", re.ASCII)
# The webhook itself is wrong: no message of ours would go through, and none is at fault.
_OURS: Final = {
    "no_service": "the webhook was removed or switched off",
    "no_active_hooks": "the webhook was switched off",
    "invalid_token": "the webhook's address is not right",
    "no_team": "the workspace does not exist",
    "team_disabled": "the workspace is switched off",
    "channel_not_found": "the channel does not exist any more",
    "channel_is_archived": "the channel was archived",
    "action_prohibited": "an administrator forbids posting there",
    "posting_to_general_channel_denied": "posting to this channel is restricted",
}
_WAIT_S: Final = 30


class SlackConnector:
    """A CommandSink and a Probe."""

    def __init__(self) -> None:
        self.manifest = Manifest.beside(__file__)

    def digest(self, payload: Mapping[str, Any]) -> str:
        return sha256(dumps(payload))

    async def send(
        self, client: Client, settings: Settings, commands: Sequence[Command]
    ) -> Sequence[Receipt]:
        """One call each; what comes after a call that was turned away for us all is not tried."""
        receipts: list[Receipt] = []
        for command in commands:
            last = receipts[-1] if receipts else None
            if last is not None and last.outcome in (Outcome.THROTTLED, Outcome.AUTH):
                receipts.append(last)
                continue
            receipts.append(await _one(client, settings, command))
        return receipts

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        """Nothing: a webhook cannot be asked. What is in doubt is therefore sent again."""
        return {}

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        """An empty message: a webhook that is right says that it has no text, and posts nothing."""
        label = "Ask the webhook without posting"
        try:
            answer = await client.call("POST", _path(settings), json={})
        except (NotSent, Unanswered) as error:
            return [ProbeStep(label, False, error.reason)]
        except PayloadRefused as refused:
            return [ProbeStep(label, False, str(refused))]
        word = _word(answer)
        if answer.status == 400 and word in ("no_text", "invalid_payload", "missing_text"):
            return [ProbeStep(label, True, "The webhook is there and takes messages.")]
        return [ProbeStep(label, False, _receipt(answer).reason or "It answered unexpectedly.")]


def _path(settings: Settings) -> str:
    path = settings.secrets.get("path", "").strip()
    path = path if path.startswith("/") else f"/{path}"
    if not _PATH.fullmatch(path):
        raise PayloadRefused("The path of the webhook is missing or is no path.")
    return path


async def _one(client: Client, settings: Settings, command: Command) -> Receipt:
    try:
        body = message.body(command)
    except PayloadRefused as refused:
        return Receipt(Outcome.REFUSED, code="payload_invalid", reason=str(refused))
    try:
        path = _path(settings)
    except PayloadRefused as refused:
        return Receipt(Outcome.AUTH, code="address_wrong", reason=str(refused))
    try:
        answer = await client.call("POST", path, json=body)
    except NotSent as error:
        return Receipt(Outcome.NOT_SENT, code="not_sent", reason=error.reason)
    except Unanswered as error:
        return Receipt(Outcome.IN_DOUBT, code="unanswered", reason=error.reason)
    receipt = _receipt(answer)
    if receipt.outcome is Outcome.OK:
        # A webhook gives no id; ours names the message.
        return Receipt(Outcome.OK, external_id=command.key, http_status=answer.status)
    return receipt


def _receipt(answer: Answer) -> Receipt:
    """The body's one word decides, the status is evidence."""
    word = _word(answer)
    if answer.status == 200 and word == "ok":
        return Receipt(Outcome.OK, external_id="posted", http_status=answer.status)
    if answer.status == 429 or word == "rate_limited":
        wait = backoff.retry_after(answer.headers.get("retry-after"), at=now()) or _WAIT_S
        reason = "The chat asks us to slow down."
        return _not(Outcome.THROTTLED, "throttled", reason, answer, wait)
    if word in _OURS:
        reason = f"The chat takes no messages from us: {_OURS[word]}."
        return _not(Outcome.AUTH, word, reason, answer)
    if answer.status in (401, 403, 404, 410) or 300 <= answer.status < 400:
        reason = f"The address is not that of a webhook: it answers {answer.status}."
        return _not(Outcome.AUTH, "address_wrong", reason, answer)
    if 400 <= answer.status < 500:
        reason = f"The chat refuses this message: {word or answer.status}."
        return _not(Outcome.REFUSED, word or "refused", reason, answer)
    if answer.status >= 500:
        reason = f"The chat failed with {answer.status}."
        return _not(Outcome.TRANSIENT, "failed", reason, answer)
    reason = "The chat's answer was not that of a webhook."
    return _not(Outcome.IN_DOUBT, "garbled", reason, answer)


def _not(
    outcome: Outcome, code: str, reason: str, answer: Answer, wait: int | None = None
) -> Receipt:
    return Receipt(
        outcome, code=code, reason=reason, http_status=answer.status, excerpt=answer.excerpt(200),
        retry_after=wait,
    )  # fmt: skip


def _word(answer: Answer) -> str:
    """The body when it is one word, as webhooks answer."""
    text = answer.body[:100].decode("utf-8", "replace").strip()
    return text if text.replace("_", "").isalnum() else ""


connector = SlackConnector()
