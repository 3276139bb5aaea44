"""What `make run` does: servers, migrations, demo company, processes; then wait for Ctrl-C."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

import httpx

from revops.embedded.product import Product
from revops.embedded.programs import Program, last_line
from revops.embedded.stack import Environment, Services
from revops.embedded.supervisor import StopAsked, Supervisor
from revops.embedded.trouble import CannotStart

_LONGEST_START = 120.0


def run(
    *,
    services: Services,
    make_product: Callable[[Environment], Product],
    say: Callable[[str], None],
    check: Callable[[], None] = lambda: None,
    supervisor: Supervisor | None = None,
) -> None:
    """Returns after a request to stop, when everything has stopped. Raises CannotStart.

    `check` runs first, once it is sure that this home has no other console. `make_product` is
    asked when the servers answer.
    """
    keeper = supervisor or Supervisor(say)
    home = services.home
    refusal = f"The console of {home.root} runs already: stop it, or set REVOPS_HOME to another."
    with home.alone("run.lock", refusal), keeper.signals():
        try:
            check()
            _run(services, make_product, say, keeper)
        except StopAsked:
            say("Stopping.")
        finally:
            keeper.stop()
            services.down()


def _run(
    services: Services,
    make_product: Callable[[Environment], Product],
    say: Callable[[str], None],
    keeper: Supervisor,
) -> None:
    began = time.monotonic()

    def done(what: str) -> None:
        say(f"  {time.monotonic() - began:5.1f} s  {what}")

    say(f"Starting; data and logs are in {services.home.root}")
    environment = services.up()
    # From here on the supervisor looks after them; what it did not start it does not stop.
    for running in services.hand_over():
        keeper.watch(running)
    done("database and broker answer")
    product = make_product(environment)
    for step in product.steps:
        keeper.run_once(step)
        done(f"{step.name} is done")
    for program in product.processes:
        keeper.start(program)
    people = _sign_ins(product.sign_ins)
    if not keeper.run_until(lambda: _complaint(product.ready) is None, seconds=_LONGEST_START):
        say(f"Still not ready after {_LONGEST_START:.0f} s: {_complaint(product.ready)}")
        keeper.run_until(lambda: _complaint(product.ready) is None, seconds=float("inf"))
    say("")
    say(f"Ready after {time.monotonic() - began:.1f} s: {product.address}")
    say("")
    for line in people:
        say(f"  {line}")
    say("")
    say("Ctrl-C stops everything; the data stay.")
    keeper.run_until(lambda: False, seconds=float("inf"))


def _sign_ins(program: Program | None) -> list[str]:
    """Read from its output and not by way of a log, as passwords are in it."""
    if program is None:
        return []
    try:
        answer = subprocess.run(
            program.argv,
            cwd=program.folder,
            env=dict(program.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    except subprocess.TimeoutExpired as error:
        raise CannotStart(f"{program.name} did not end within {error.timeout:.0f} s.") from error
    if answer.returncode != 0:
        program.log.write_text(answer.stderr)
        raise CannotStart(f"{program.name} failed: {last_line(program.log)} ({program.log})")
    return [line for line in answer.stdout.splitlines() if line.strip()]


def _complaint(address: str) -> str | None:
    """Why it is not ready; None when it answers 200. No proxy, as it is on this machine."""
    try:
        answer = httpx.get(address, timeout=5.0, trust_env=False)
    except httpx.HTTPError as error:
        return f"{address} does not answer ({error})"
    if answer.status_code == httpx.codes.OK:
        return None
    return f"{address} answers {answer.status_code}: {answer.text[:500]}"
