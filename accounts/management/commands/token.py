"""``manage.py token create|list|revoke``: credentials for services. A token is shown once."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import operations, tokens
from accounts.models import ServiceToken, User
from revops.kernel import clock


class Command(BaseCommand):
    help = "Create, list and revoke the tokens that services use for /api/v1/."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        create = acts.add_parser("create", help="make a token and print it, once")
        create.add_argument("--name", required=True, help="what uses it")
        create.add_argument(
            "--scope",
            action="append",
            default=[],
            help=f"repeat for: {', '.join(tokens.SCOPES)}; entity:CODE limits it to an entity",
        )
        create.add_argument("--days", type=int, default=90, help="how long it lives (default 90)")
        create.add_argument("--owner", help="email of the person who answers for it")
        acts.add_parser("list", help="all tokens, without what is secret of them")
        revoke = acts.add_parser("revoke", help="end a token at once")
        revoke.add_argument("prefix", help="the part between the underscores")

    def handle(self, *_args: Any, act: str, **options: Any) -> None:
        try:
            match act:
                case "create":
                    self._create(options)
                case "list":
                    self._list()
                case "revoke":
                    token = operations.revoke_token(options["prefix"])
                    self.stdout.write(f"Revoked: {token}")
        except operations.TokenRefused as error:
            raise CommandError(str(error)) from error

    def _create(self, options: dict[str, Any]) -> None:
        owner = None
        if options["owner"]:
            owner = User.objects.filter(email=options["owner"].lower()).first()
            if owner is None:
                raise CommandError(f"There is nobody with the email {options['owner']}.")
        token, text = operations.create_token(
            name=options["name"], scopes=options["scope"], days=options["days"], owner=owner
        )
        self.stderr.write(
            f"{token}: {', '.join(token.scopes)}, until {token.expires_at:%Y-%m-%d}. "
            "Keep it now: it is not shown again."
        )
        self.stdout.write(text)

    def _list(self) -> None:
        for token in ServiceToken.objects.select_related("owner").order_by("pk"):
            used = f"used {token.used_at:%Y-%m-%d %H:%M}" if token.used_at else "never used"
            owner = f", {token.owner.email}" if token.owner else ""
            self.stdout.write(
                f"{token.prefix}  {_state(token):<18}  {used:<21}  {token.name}{owner}  "
                f"[{' '.join(token.scopes)}]"
            )


def _state(token: ServiceToken) -> str:
    if token.revoked_at is not None:
        return "revoked"
    if token.expires_at <= clock.now():
        return "expired"
    return f"until {token.expires_at:%Y-%m-%d}"
