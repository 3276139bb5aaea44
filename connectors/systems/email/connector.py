"""E-mail by SMTP: notices go out, nothing comes in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from connectors.commands import PayloadRefused
from connectors.contract import Command, Outcome, ProbeStep, Receipt, Settings
from connectors.http import Client
from connectors.messages import Messages
from connectors.problem import Problem
from connectors.systems.email import message, signing
from connectors.systems.email.replies import REFUSED
from connectors.systems.email.wire import Session


class EmailConnector(Messages):
    """A CommandSink and a Probe."""

    async def send(
        self, client: Client, settings: Settings, commands: Sequence[Command]
    ) -> Sequence[Receipt]:
        """All in one conversation, as long as it holds; what comes after a break was not sent."""
        receipts: list[Receipt] = []
        try:
            async with _session(client, settings) as session:
                for command in commands:
                    if session.broken:
                        break
                    receipts.append(await _one(session, settings, command))
        except Problem as problem:
            # Before the first mail: nothing was sent.
            return [problem.receipt()] * len(commands)
        missing = len(commands) - len(receipts)
        reason = "The conversation broke off before this mail."
        return [*receipts, *[Receipt(Outcome.NOT_SENT, reason=reason)] * missing]

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        try:
            async with _session(client, settings) as session:
                how = "encrypted" if session.encrypted else "not encrypted, in a trusted network"
        except Problem as problem:
            return [ProbeStep("Connect and sign in", False, problem.reason)]
        return [
            ProbeStep(
                "Connect and sign in",
                True,
                f"Mail goes out as {message.sender_of(settings)}; the connection is {how}.",
            )
        ]


@asynccontextmanager
async def _session(client: Client, settings: Settings) -> AsyncIterator[Session]:
    """A conversation, signed in: once more, when our token is refused. Raises Problem."""
    name = str(settings.parameters.get("name") or "").strip()
    async with AsyncExitStack() as stack:
        credentials = await signing.credentials(client, settings)
        try:
            session = await stack.enter_async_context(Session(client, credentials, name=name))
        except Problem as problem:
            if not credentials.token or problem.code != REFUSED:
                raise
            fresh = await signing.credentials(client, settings, instead_of=credentials.secret)
            session = await stack.enter_async_context(Session(client, fresh, name=name))
        yield session


async def _one(session: Session, settings: Settings, command: Command) -> Receipt:
    try:
        payload = message.read(command)
        mail = message.build(command, payload, settings)
    except PayloadRefused as refused:
        return refused.receipt()
    try:
        answer = await session.deliver(
            sender=message.returned_to(settings), to=payload.to, mail=mail, reference=command.key
        )
    except Problem as problem:
        return problem.receipt()
    named = message.message_id(command, settings)
    return Receipt(Outcome.OK, external_id=named, http_status=answer.code)


connector = EmailConnector(__file__)
