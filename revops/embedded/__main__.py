"""`python -m revops.embedded run|up|down|status|env|exec`; see `--help`.

REVOPS_HOME moves the data, REVOPS_PORT the web address; DATABASE_URL and REDIS_URL replace our
servers. A throwaway `exec` looks at REVOPS_TEST_DATABASE_URL and REVOPS_TEST_REDIS_URL instead,
as tests flush brokers and drop databases.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from revops.embedded import preflight
from revops.embedded.account import Account, server_account
from revops.embedded.command import run_command
from revops.embedded.home import Home, open_home, throwaway_home
from revops.embedded.product import (
    NEEDS,
    PROJECT,
    Logins,
    Product,
    console,
    secrets_for_children,
)
from revops.embedded.run import run
from revops.embedded.stack import Environment, Services
from revops.embedded.trouble import CannotStart


def main(arguments: list[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    cut = words.index("--") if "--" in words else len(words)
    options = _parser().parse_args(words[:cut])
    command = words[cut + 1 :]
    if options.what == "exec" and not command:
        print("Name a command after --: exec -- COMMAND", file=sys.stderr)
        return 2
    try:
        preflight.check_python()
        if options.what == "exec" and options.throwaway:
            return _exec_throwaway(command, durable=options.durable)
        home = open_home(
            Path(os.environ.get("REVOPS_HOME") or PROJECT / ".revops"), _account(os.environ)
        )
        return _do(options.what, home, command)
    except CannotStart as trouble:
        print(trouble, file=sys.stderr)
        return 1


def _do(what: str, home: Home, command: list[str]) -> int:
    services = Services(home, os.environ, outlive=what == "up")
    match what:
        case "run":
            _run(services)
        case "up":
            services.up()
            print(f"PostgreSQL and Valkey answer; data and logs are in {home.root}")
        case "down":
            # The supervisor of a running console would start them again at once.
            with home.alone("run.lock", f"The console of {home.root} runs: stop that instead."):
                print("stopped:", ", ".join(services.stop_found()) or "nothing was running")
        case "status":
            return _status(services)
        case "env":
            return _env(services)
        case "exec":
            return run_command(services=services, command=command, variables=_variables(home))
    return 0


def _run(services: Services) -> None:
    home = services.home
    port = preflight.port_from(os.environ, "REVOPS_PORT", 8000)
    sandbox = preflight.port_from(os.environ, "REVOPS_DEMO_SANDBOX_PORT", 8801)

    def check() -> None:
        preflight.check_packages(NEEDS)
        preflight.check_disk(home.root)
        preflight.check_port(port, variable="REVOPS_PORT")
        preflight.check_port(sandbox, variable="REVOPS_DEMO_SANDBOX_PORT")

    def product(environment: Environment) -> Product:
        extra = {"REVOPS_PORT": str(port), "REVOPS_DEMO": "1", "PYTHONUNBUFFERED": "1"}
        extra["DJANGO_SETTINGS_MODULE"] = "revops.settings.local"
        variables = _variables(home)(environment) | extra
        return console(home=home, variables=variables, port=port, logins=_logins(services))

    run(services=services, check=check, make_product=product, say=_say)


def _logins(services: Services) -> Logins | None:
    """The roles of the console's processes in a database of our own."""
    if services.given.get("DATABASE_URL"):
        return None
    kept, postgres = services.home.secrets(), services.postgres()
    return Logins(
        door=postgres.url_of("revops_door", kept["DOOR_PASSWORD"]),
        worker=postgres.url_of("revops_worker", kept["WORKER_PASSWORD"]),
        passwords={
            "REVOPS_DOOR_PASSWORD": kept["DOOR_PASSWORD"],
            "REVOPS_WORKER_PASSWORD": kept["WORKER_PASSWORD"],
        },
    )


def _exec_throwaway(command: list[str], *, durable: bool) -> int:
    given = {
        name: os.environ.get(f"REVOPS_TEST_{name}", "") for name in ("DATABASE_URL", "REDIS_URL")
    }
    home = throwaway_home(_account(given))
    services = Services(home, given, durable=durable)
    try:
        return run_command(services=services, command=command, variables=_variables(home))
    finally:
        home.delete()


def _status(services: Services) -> int:
    """0 when both servers live, 3 (as service managers say it) when not."""
    print(f"home      {services.home.root}")
    found = {running.program.name: running.pid for running in services.found()}
    for name in ("postgres", "valkey"):
        print(f"{name:<9} {f'runs, process {found[name]}' if name in found else 'does not run'}")
    return 0 if len(found) == 2 else 3


def _env(services: Services) -> int:
    """Lines for a shell: eval "$(python -m revops.embedded env)"."""
    if len(services.found()) < 2:
        raise CannotStart("The servers do not run: python -m revops.embedded up")
    made = Environment(services.postgres().url, services.valkey().url)
    for name, value in _own_variables(services.home, made).items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def _variables(home: Home) -> Callable[[Environment], dict[str, str]]:
    """The caller's environment with ours over it."""
    return lambda environment: dict(os.environ) | _own_variables(home, environment)


def _own_variables(home: Home, environment: Environment) -> dict[str, str]:
    keys = secrets_for_children(home, os.environ)
    return environment.variables() | keys | {"REVOPS_HOME": str(home.root)}


def _account(given: Mapping[str, str]) -> Account | None:
    """Nobody else is needed to run servers when we start none."""
    both_given = given.get("DATABASE_URL") and given.get("REDIS_URL")
    return None if both_given else server_account()


def _say(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m revops.embedded")
    commands = parser.add_subparsers(dest="what", required=True)
    commands.add_parser("run", help="the whole console with the demo company; Ctrl-C ends it")
    commands.add_parser("up", help="PostgreSQL and Valkey, which stay when this ends")
    commands.add_parser("down", help="stop them")
    commands.add_parser("status", help="what runs; code 3 when something does not")
    commands.add_parser("env", help="their addresses and our keys, as lines for a shell")
    execute = commands.add_parser("exec", help="run a command with them: exec [options] -- COMMAND")
    execute.add_argument("--throwaway", action="store_true", help="new servers, deleted at the end")
    execute.add_argument("--durable", action="store_true", help="throwaway, and yet with fsync")
    return parser


if __name__ == "__main__":
    sys.exit(main())
