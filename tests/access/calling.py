"""The API's callers: what each asks for, with which token."""

from __future__ import annotations

import json
from typing import Any, Final

from django.db import transaction
from django.test import Client

from accounts.operations import create_token
from accounts.tokens import SCOPES
from tests.access.asking import address_of, signed_in
from tests.access.expected import Row
from tests.access.sides import Side
from tests.access.world import World
from tests.architecture.addresses import Address

# A token of OURS asks for ours and for theirs; one of all entities for theirs; one that has every
# scope but the right one; nobody's; a signed-in finance manager without one.
CALLERS: Final = ("ours", "theirs", "all", "unscoped", "none", "person")

_QUERIES: Final = {
    "find": lambda side: {"q": side.invoice.number},
    "account": lambda side: {"id": side.customer.source_id},
    "credit": lambda side: {"customer": side.customer.source_id},
    "entitlement": lambda side: {
        "customer": side.customer.source_id, "feature": side.entitlement.feature},
    "invoice": lambda side: {"id": side.invoice.number},
    "price": lambda side: {"price": side.price.source_id},
}  # fmt: skip


def called(name: str, row: Row, one: Address, world: World) -> int:
    """The status that this caller gets."""
    side = world.ours if name == "ours" else world.theirs
    client, headers = Client(), {}
    if name == "person":
        client = signed_in(world.of_all["manager"])
    elif name in ("ours", "theirs"):
        headers = bearer(world.ours.token_text)
    elif name == "all":
        owner = world.of_all["manager"]
        headers = bearer(create_token(name="all", scopes=[*SCOPES], owner=owner)[1])
    elif name == "unscoped":
        headers = bearer(create_token(name="x", scopes=[s for s in SCOPES if s != row.scope])[1])
    with transaction.atomic():
        status = ask(client, row.method, one, side, headers).status_code
        transaction.set_rollback(True)
    return int(status)


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def ask(client: Client, method: str, one: Address, side: Side, headers: dict[str, str]) -> Any:
    path = address_of(one, side)
    last = path.strip("/").rpartition("/")[2]
    if method == "GET":
        query = _QUERIES[last](side) if last in _QUERIES else {}
        return client.get(path, query, headers=headers)
    body = {"verdict": "approve"} if last == "decision" else {}
    headers = headers | {"If-Match": f'"{side.request.sha256}"'}
    return client.post(path, json.dumps(body), content_type="application/json", headers=headers)
