"""A request to stop that comes before the command is under way, at the worst moments."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from typing import Any, cast

import pytest

from revops.embedded import command
from revops.embedded.stack import Environment, Services

LONG = ("sleep", "60")


class Servers:
    """Stand up at once; ``begin`` is what happens meanwhile."""

    def __init__(self, begin: Callable[[], None] = lambda: None) -> None:
        self.begin = begin
        self.stopped = False

    def up(self) -> Environment:
        self.begin()
        return Environment("postgres://nowhere", "redis://nowhere")

    def down(self) -> None:
        self.stopped = True


def stop(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


def run(servers: Servers) -> int:
    return command.run_command(
        services=cast(Services, servers), command=LONG, variables=lambda _: dict(os.environ)
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_while_the_servers_start_ends_it_before_the_command(number: signal.Signals) -> None:
    servers = Servers(lambda: stop(number))
    assert run(servers) == 128 + number
    assert servers.stopped


def test_just_as_the_command_starts_reaches_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    class Started(subprocess.Popen[bytes]):
        """It runs already, and nobody knows its id yet."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            stop(signal.SIGTERM)

    monkeypatch.setattr(command.subprocess, "Popen", Started)
    servers = Servers()
    assert run(servers) == 128 + signal.SIGTERM
    assert servers.stopped
