"""A chat by a Slack-compatible incoming webhook: notices go out, nothing comes in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from connectors.commands import PayloadRefused
from connectors.contract import Command, Outcome, ProbeStep, Receipt, Settings
from connectors.http import Client, NotSent, Unanswered
from connectors.messages import Messages
from connectors.problem import Problem, carried
from connectors.systems.slack import answers, message

# Zulip keeps the key and the channel in the query.
_PATH: Final = re.compile(r"/[A-Za-z0-9._~/-]{1,500}(?:\?[A-Za-z0-9._~%&=+-]{1,500})?", re.ASCII)


class SlackConnector(Messages):
    """A CommandSink and a Probe."""

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

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        """An empty message: a webhook that is right says that it has no text, and posts nothing."""
        label = "Ask the webhook without posting"
        try:
            answer = await client.call("POST", _path(settings), json={})
        except (NotSent, Unanswered) as error:
            return [ProbeStep(label, False, error.reason)]
        except PayloadRefused as refused:
            return [ProbeStep(label, False, str(refused))]
        if answers.there(answer):
            return [ProbeStep(label, True, "The webhook is there and takes messages.")]
        said = answers.receipt(answer, key="").reason
        return [ProbeStep(label, False, said or "It answered unexpectedly.")]


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
        return refused.receipt()
    try:
        path = _path(settings)
    except PayloadRefused as refused:
        return Receipt(Outcome.AUTH, code="address_wrong", reason=str(refused))
    try:
        with carried(write=True):
            answer = await client.call("POST", path, json=body)
    except Problem as problem:
        return problem.receipt()
    return answers.receipt(answer, key=command.key)


connector = SlackConnector(__file__)
