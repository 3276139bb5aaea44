"""``/api/v1/lookups/account/``: is this customer known, and may they buy?"""

from __future__ import annotations

from typing import Annotated, Literal

from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from revops.api.lookups import credit, freshness, parties
from revops.api.lookups.reach import Reach
from revops.api.parameters import Query
from revops.api.problems import Problem
from revops.api.shapes.lookups import (
    AccountOut,
    CustomerRefOut,
    DuplicateOut,
    FreshnessOut,
    HoldOut,
    plain,
)
from revops.api.views.lookups.asked import Lookup, System, Word, customer, known_as, only


class AccountQuery(Query):
    id: Annotated[
        Word | None, Field(description="Any system's id of the customer, or ours (PTY-12).")
    ] = None
    system: System = None
    name: Annotated[Word | None, Field(description="Compared with ours.")] = None
    tax_id: Word | None = None
    country: Annotated[
        str | None, Field(pattern="^[A-Z]{2}$", description="Of the tax id.", examples=["DE"])
    ] = None


class Account(Lookup):
    @extend_schema(
        operation_id="lookup_account",
        summary="Validate an account: who it is, which systems know it, may it buy on credit",
        description=(
            "By `id`, or by `name`, `tax_id` and `country` together. A name alone is no proof of "
            "who somebody is."
        ),
        parameters=AccountQuery.parameters(),
        responses={200: AccountOut},
    )
    def get(self, request: Request) -> Response:
        query = AccountQuery.read(request)
        reach = self.reach(request)
        known, by = _meant(query, reach)
        held = credit.hold(credit.standing(known.id, reach))
        answer = AccountOut(
            customer=CustomerRefOut.of(known),
            matched_by=by,
            name_agrees=known.name_agrees(query.name) if query.name else None,
            tax_id=known.tax_id or None,
            country=known.country or None,
            region=known.region or None,
            parent=CustomerRefOut(id=f"PTY-{known.parent_id}", name=known.parent_name)
            if known.parent_id
            else None,
            health=known.health or None,
            known_as=known_as(known),
            credit_hold=HoldOut(held=held.held, reasons=list(held.reasons)),
            may_be_the_same=[
                DuplicateOut(id=f"PTY-{one.id}", name=one.name, score=plain(one.score))
                for one in parties.duplicates(known.id, reach)
            ],
            freshness=FreshnessOut.of(freshness.of(known.connections)),
        )
        return Response(answer.model_dump(mode="json"))


def _meant(query: AccountQuery, reach: Reach) -> tuple[parties.Known, Literal["id", "tax_id"]]:
    """Raises Problem."""
    if query.id:
        return customer(query.id, reach, system=query.system, name=query.name or ""), "id"
    wanting = [
        (field, "This is missing.")
        for field, value in (
            ("name", query.name), ("tax_id", query.tax_id), ("country", query.country)
        )
        if not value
    ]  # fmt: skip
    if wanting or not query.tax_id or not query.country:
        detail = "Give an id, or a name with its tax id and country."
        raise Problem(422, "who", detail, errors=wanting)
    ids = parties.by_tax(query.tax_id, query.country, reach)
    if ids is None:
        detail = f"“{query.tax_id[:40]}” is too short to be a tax id."
        raise Problem(422, "who", detail, errors=[("tax_id", detail)])
    return only(ids, reach, asked=query.tax_id, name=query.name or ""), "tax_id"
