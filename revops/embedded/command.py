"""Run one command with the servers up, as tests and tools need it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from types import FrameType

from revops.embedded.programs import bound_to_parent
from revops.embedded.stack import Environment, Services
from revops.embedded.supervisor import StopAsked
from revops.embedded.trouble import CannotStart


def run_command(
    *,
    services: Services,
    command: Sequence[str],
    variables: Callable[[Environment], Mapping[str, str]],
) -> int:
    """Start what is missing, run the command in the terminal's foreground, stop what we started.

    Returns the command's exit code, 128 + signal when one ended it, as shells do. A Ctrl-C goes
    to the command by way of the terminal; other requests to stop are handed on to it.
    """
    child: subprocess.Popen[bytes] | None = None
    starting = False
    wanted = signal.SIGINT

    def asked(number: int, _frame: FrameType | None) -> None:
        nonlocal wanted
        if child is not None:
            if number != signal.SIGINT:
                child.send_signal(number)
            return
        wanted = signal.Signals(number)
        # The command may run already before it is known here: it hears of it in a moment.
        if not starting:
            raise StopAsked

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, asked) for number in numbers}
    try:
        whole = dict(variables(services.up()))
        starting = True
        try:
            child = subprocess.Popen(command, env=whole, preexec_fn=bound_to_parent(signal.SIGTERM))
        except OSError as error:
            raise CannotStart(f"Cannot start {command[0]}: {error.strerror}.") from error
        if wanted != signal.SIGINT:
            child.send_signal(wanted)
        code = child.wait()
        return code if code >= 0 else 128 - code
    except StopAsked:
        return 128 + wanted
    finally:
        services.down()
        for number, handler in before.items():
            signal.signal(number, handler)
