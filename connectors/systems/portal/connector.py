"""Events of the published language, told to a subscriber by signed webhooks (Standard Webhooks)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from connectors.answers import retry_after
from connectors.commands import PayloadRefused
from connectors.contract import Command, Outcome, ProbeStep, Receipt, Settings
from connectors.http import Answer, Client, NotSent, Unanswered
from connectors.messages import Messages, turned_away
from connectors.problem import Problem, carried
from connectors.systems.portal import message
from revops.kernel.clock import now

_WAIT_S: Final = 30
# These speak of the endpoint and not of what was posted: the next message would fare the same.
_OF_THE_ENDPOINT: Final = frozenset({401, 403, 404, 405})
# Refused for what is in the message; to repeat it would change nothing.
_OF_THE_MESSAGE: Final = frozenset({400, 413, 415, 422})


class PortalConnector(Messages):
    """A CommandSink and a Probe."""

    async def send(
        self, client: Client, settings: Settings, commands: Sequence[Command]
    ) -> Sequence[Receipt]:
        """One call each."""
        return [await _one(client, settings, command) for command in commands]

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        """The secret can sign, and the host answers; no message is sent."""
        steps = []
        try:
            message.headers(
                message_id="msg_probe", content=b"{}",
                secret=settings.secrets.get("signing_secret", ""), at=now(),
            )  # fmt: skip
            steps.append(ProbeStep("The secret can sign", True, "A key of enough bytes."))
        except PayloadRefused as refused:
            return [ProbeStep("The secret can sign", False, str(refused))]
        label = "The subscriber answers"
        try:
            answer = await client.call("GET", message.path(settings))
        except (NotSent, Unanswered) as error:
            return [*steps, ProbeStep(label, False, error.reason)]
        there = answer.status < 500 and answer.status not in (404, 410)
        said = f"It answers {answer.status} to being asked; nothing was posted."
        return [*steps, ProbeStep(label, there, said)]


async def _one(client: Client, settings: Settings, command: Command) -> Receipt:
    try:
        content = message.body(command)
    except PayloadRefused as refused:
        return refused.receipt()
    try:
        headers = message.headers(
            message_id=command.key, content=content,
            secret=settings.secrets.get("signing_secret", ""), at=now(),
        )  # fmt: skip
    except PayloadRefused as refused:
        return Receipt(Outcome.AUTH, code="secret_wrong", reason=str(refused))
    try:
        with carried(write=True):
            answer = await client.call(
                "POST", message.path(settings), content=content, headers=headers
            )
    except Problem as problem:
        return problem.receipt()
    return receipt_of(command, answer)


def receipt_of(command: Command, answer: Answer) -> Receipt:
    """The status decides, as in the standard: 2xx is taken, anything else is not."""
    status = answer.status
    if 200 <= status < 300:
        # The id is ours: the subscriber gives none.
        return Receipt(Outcome.OK, external_id=command.key, http_status=status)
    if status == 429 or status >= 500 and "retry-after" in answer.headers:
        wait = retry_after(answer, _WAIT_S)
        return turned_away(answer, Outcome.THROTTLED, "throttled", "It asks us to slow down.", wait)
    if status == 410:
        # The standard's word for: do not send here any more.
        reason = "The subscriber wants no more messages here."
        return turned_away(answer, Outcome.AUTH, "unsubscribed", reason)
    if status in _OF_THE_ENDPOINT or 300 <= status < 400:
        reason = f"The address takes no messages from us: it answers {status}."
        return turned_away(answer, Outcome.AUTH, "endpoint_wrong", reason)
    if status in _OF_THE_MESSAGE:
        reason = f"The subscriber refuses this message with {status}."
        return turned_away(answer, Outcome.REFUSED, "refused", reason)
    return turned_away(answer, Outcome.TRANSIENT, "failed", f"The subscriber failed with {status}.")


connector = PortalConnector(__file__)
