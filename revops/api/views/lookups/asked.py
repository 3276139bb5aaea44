"""What the lookups' questions have in common: who is meant, and when that is not one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from rest_framework.request import Request

from accounts.models import ServiceToken
from revops.api.lookups import parties
from revops.api.lookups.parties import Known
from revops.api.lookups.reach import Reach
from revops.api.problems import Problem
from revops.api.shapes.lookups import CustomerRefOut, KnownAsOut
from revops.api.views.base import MachineView


def _no_person(text: str) -> str:
    # An address of the API is kept in logs on its way: nobody's e-mail belongs into one.
    if "@" in text:
        raise ValueError("Ask by an id, not by an e-mail address.")
    return text


Word = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=200, strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
    AfterValidator(_no_person),
]
System = Annotated[
    str | None,
    Field(max_length=60, description="The slug of a connection, when an id is several systems'."),
]


class Lookup(MachineView):
    """A read within the legal entities of the token."""

    scope = "read:lookups"
    entity_scoped = True

    def reach(self, request: Request) -> Reach:
        token = request.auth
        assert isinstance(token, ServiceToken)
        return Reach.of(token)


def customer(text: str, reach: Reach, *, system: str | None, name: str = "") -> Known:
    """The one customer of that id. Raises Problem 404 or 409."""
    return only(parties.by_id(text, reach, system=system or ""), reach, asked=text, name=name)


def only(ids: Sequence[int], reach: Reach, *, asked: str, name: str = "") -> Known:
    """The one customer among these that can be seen. Raises Problem 404 or 409."""
    known = parties.read(ids, reach, name=name) if ids else []
    if not known:
        raise Problem(404, "unknown-customer", f"No customer is known as “{asked[:60]}”.")
    if len(known) > 1:
        raise several(
            f"“{asked[:60]}” is more than one customer. Name the system, or ask by PTY- number.",
            [CustomerRefOut.of(one) for one in known],
        )
    return known[0]


def several(detail: str, matches: Sequence[BaseModel]) -> Problem:
    listed = [match.model_dump(mode="json") for match in matches]
    return Problem(409, "several", detail, matches=listed)


def known_as(known: Known) -> list[KnownAsOut]:
    return [
        KnownAsOut(
            system=account.system, id=account.id, name=account.name, entity=account.entity or None
        )
        for account in known.accounts
    ]
