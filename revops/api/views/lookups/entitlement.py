"""``/api/v1/lookups/entitlement/``: may they use it, and how much is left?"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from revops.api.lookups import entitlements, freshness
from revops.api.lookups.reach import Reach
from revops.api.parameters import Query
from revops.api.problems import Problem
from revops.api.shapes.lookups import EntitlementOut, FreshnessOut, PeriodOut, plain
from revops.api.views.lookups.asked import Lookup, System, Word, customer
from revops.kernel import clock


class EntitlementQuery(Query):
    customer: Annotated[Word | None, Field(description="Any id of the customer.")] = None
    subscription: Annotated[Word | None, Field(description="Any id of the subscription.")] = None
    feature: Annotated[Word, Field(description="The feature, its meter, or the grant's own id.")]
    on: Annotated[date | None, Field(description="Today in UTC, unless said otherwise.")] = None
    system: System = None


class Entitlement(Lookup):
    @extend_schema(
        operation_id="lookup_entitlement",
        summary="Whether a customer or subscription may use a feature, and how much is left",
        description=(
            "`used` is counted within a month: the calendar's, or the subscription's where the "
            "usage policy says so. Grants without a meter are not measured."
        ),
        parameters=EntitlementQuery.parameters(),
        responses={200: EntitlementOut},
    )
    def get(self, request: Request) -> Response:
        query = EntitlementQuery.read(request)
        if bool(query.customer) == bool(query.subscription):
            raise Problem(422, "who", "Give either a customer or a subscription.")
        reach = self.reach(request)
        day = query.on or clock.now().date()
        party = subscription = None
        if query.customer:
            party = customer(query.customer, reach, system=query.system).id
        else:
            subscription = _subscription(query, reach)
        right = entitlements.right(
            query.feature, day, reach, party=party, subscription=subscription
        )
        if right is None:
            detail = f"“{query.feature[:60]}” was never granted there."
            raise Problem(404, "never-granted", detail)
        answer = EntitlementOut(
            feature=right.feature,
            entitled=right.entitled,
            why=right.why or None,
            on=day,
            unlimited=right.unlimited,
            quantity=None if right.quantity is None else plain(right.quantity),
            unit=right.unit or None,
            used=None if right.used is None else plain(right.used),
            remaining=None if right.remaining is None else plain(right.remaining),
            over=right.used is not None and right.quantity is not None
            and right.used > right.quantity,
            period=PeriodOut(start=right.period.start, end=right.period.end)
            if right.period
            else None,
            valid_until=right.valid_until,
            freshness=FreshnessOut.of(freshness.of(right.connections)),
        )  # fmt: skip
        return Response(answer.model_dump(mode="json"))


def _subscription(query: EntitlementQuery, reach: Reach) -> int:
    """Raises Problem 404 or 409."""
    text = query.subscription or ""
    ids = entitlements.subscriptions(text, reach, system=query.system or "")
    if not ids:
        raise Problem(404, "unknown-subscription", f"No subscription is known as “{text[:60]}”.")
    if len(ids) > 1:
        detail = f"“{text[:60]}” is a subscription in several systems: name the system."
        raise Problem(409, "several", detail)
    return ids[0]
