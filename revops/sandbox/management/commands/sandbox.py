"""``manage.py sandbox serve``: the demo's outside systems, on loopback, until stopped."""

from __future__ import annotations

import asyncio
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from revops.sandbox import people, play, serve


class Command(BaseCommand):
    help = "Serve the sandbox systems of the demo company."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["serve"])
        parser.add_argument("--only", default="", help="the slug of one connection")
        parser.add_argument("--port", type=int, default=0, help="with --only: another port")
        parser.add_argument("--quiet", action="store_true", help="serve, but play no business")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.REVOPS_ALLOW_LOOPBACK:
            raise CommandError("Sandboxes run only where REVOPS_ALLOW_LOOPBACK is set.")
        state = None if options["only"] else settings.REVOPS_HOME / "sandbox"
        if state is not None:
            state.mkdir(parents=True, exist_ok=True)
        console_url = f"http://127.0.0.1:{settings.REVOPS_PORT}"
        stands = serve.stands(
            console_url=console_url, state=state, only=options["only"], port=options["port"]
        )
        if not stands:
            raise CommandError("No connection has a sandbox: run “manage.py demo seed” first.")
        connection.close()
        asyncio.run(self._all(stands, console_url, quiet=options["quiet"] or bool(options["only"])))

    async def _all(self, stands: list[serve.Stand], console_url: str, *, quiet: bool) -> None:
        playing = [] if quiet else [
            asyncio.create_task(play.business(stands, console_url)),
            asyncio.create_task(people.work()),
        ]  # fmt: skip
        try:
            await serve.serve(stands)
        finally:
            for one in playing:
                one.cancel()
