from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from starlette.types import ASGIApp

from connectors.contract import Command, Settings, SignatureInvalid
from connectors.schemes import sign_stamped
from connectors.systems.zendesk import sandbox
from connectors.systems.zendesk.connector import connector
from connectors.systems.zendesk.desk import FIRST, billing_context, credit_state
from connectors.testing import LOOPBACK, SignInContract, SinkContract, SourceContract
from connectors.testing.sources import _AT, _OTHER, _SECRET
from revops.kernel import clock


def with_tickets(**parameters: str) -> ASGIApp:
    app = sandbox.build(sandbox.Config(parameters=parameters))
    world = app.state.sandbox.world
    for number in range(10):
        world.open(number=FIRST + number, at=clock.now() - timedelta(days=30), status="open")
    return app


class Tickets(SinkContract):
    """A sink of credits onto tickets; ``asked`` makes its commands."""

    connector = connector
    asked = staticmethod(credit_state)

    def build(self) -> ASGIApp:
        return with_tickets()

    def command(self, number: int) -> Command:
        return self.asked(number)

    def refused_command(self) -> Command:
        return self.asked(99)


class TestZendesk(Tickets, SourceContract, SignInContract):
    settings = Settings(
        slug="zendesk",
        base_url=LOOPBACK,
        parameters={"key_field": "1"},
        secrets={"client_id": sandbox.CLIENT_ID, "client_secret": sandbox.CLIENT_SECRET},
    )

    def test_accepts_a_signed_call_and_refuses_all_others(self) -> None:
        """Two headers prove a call: the signature, and the time that it covers."""
        body = next(iter(self.fixtures().values()))
        stamp = "2026-01-15T12:00:00Z"
        name, when = (
            "x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp",
        )  # fmt: skip
        good = {name: sign_stamped(body=body, secret=_SECRET, stamp=stamp), when: stamp}
        self.verify(body, good, [_OTHER, _SECRET])
        self.verify(b"", {name: sign_stamped(body=b"", secret=_SECRET, stamp=stamp), when: stamp},
                    [_SECRET])  # fmt: skip
        late = timedelta(seconds=301)
        for refused, headers, secrets, at in (
            (body, {}, [_SECRET], _AT),
            (body, good | {name: ""}, [_SECRET], _AT),
            (body, good | {name: "é=\udcff"}, [_SECRET], _AT),
            (body, good | {when: "2026-01-15T12:00:01Z"}, [_SECRET], _AT),
            (body, good | {when: "yesterday"}, [_SECRET], _AT),
            (body, good | {when: "2026-01-15T12:00:00"}, [_SECRET], _AT),
            (body, good, [_OTHER], _AT),
            (body, good, [], _AT),
            (body + b" ", good, [_SECRET], _AT),
            (body, good, [_SECRET], _AT + late),
            (body, good, [_SECRET], _AT - late),
        ):
            with pytest.raises(SignatureInvalid):
                self.verify(refused, headers, secrets, at)


class TestByApiToken(Tickets):
    """Accounts that have one may use it until Zendesk ends them."""

    settings = replace(
        TestZendesk.settings,
        parameters={"key_field": "1", "sign_in": "api_token", "email": sandbox.EMAIL},
        secrets={"api_token": sandbox.API_TOKEN},
    )


class TestBillingBesideTickets(Tickets):
    asked = staticmethod(billing_context)
    settings = replace(TestZendesk.settings, parameters={"key_field": "1", "context_field": "2"})

    def build(self) -> ASGIApp:
        return with_tickets(context_field="2")
