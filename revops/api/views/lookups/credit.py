"""``/api/v1/lookups/credit/``: where a customer stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from revops.api.lookups import credit, freshness
from revops.api.lookups.credit import Sum
from revops.api.parameters import Query
from revops.api.shapes.lookups import (
    AgedOut,
    CountsOut,
    CreditOut,
    CurrencyOut,
    CustomerRefOut,
    FreshnessOut,
    HoldOut,
)
from revops.api.views.lookups.asked import Lookup, System, Word, customer


class CreditQuery(Query):
    customer: Annotated[Word, Field(description="Any system's id of the customer, or ours.")]
    system: System = None


class Credit(Lookup):
    @extend_schema(
        operation_id="lookup_credit",
        summary="Credit standing: open and overdue by age, balances, disputes, pending credits",
        description=(
            "Over all systems that know the customer. `credit_hold` is the console's own rule: a "
            f"debt more than {credit.HOLD_AFTER_DAYS} days late, or one that was written off."
        ),
        parameters=CreditQuery.parameters(),
        responses={200: CreditOut},
    )
    def get(self, request: Request) -> Response:
        query = CreditQuery.read(request)
        reach = self.reach(request)
        known = customer(query.customer, reach, system=query.system)
        sums = credit.standing(known.id, reach)
        held = credit.hold(sums)
        answer = CreditOut(
            customer=CustomerRefOut.of(known),
            credit_hold=HoldOut(held=held.held, reasons=list(held.reasons)),
            counts=CountsOut(
                open_invoices=_many(sums, "open"),
                overdue_invoices=_many([one for one in sums if one.age != "not_due"], "open"),
                disputes=_many(sums, "disputed"),
                returned_payments=_many(sums, "returned"),
                pending_credits=_many(sums, "pending"),
            ),
            currencies=[
                _currency(code, [one for one in sums if one.currency == code])
                for code in sorted({one.currency for one in sums})
            ],
            freshness=FreshnessOut.of(freshness.of(known.connections)),
        )
        return Response(answer.model_dump(mode="json"))


def _currency(code: str, sums: Sequence[Sum]) -> CurrencyOut:
    ages = {age: _total(sums, "open", age) for age in credit.AGES}
    total = sum(ages.values())
    return CurrencyOut(
        currency=code,
        open=total,
        overdue=total - ages["not_due"],
        by_age=AgedOut(
            not_due=ages["not_due"],
            days_1_30=ages["1_30"],
            days_31_60=ages["31_60"],
            days_61_90=ages["61_90"],
            days_over_90=ages["over_90"],
        ),
        written_off=_total(sums, "written_off"),
        credit_balance=_total(sums, "balance"),
        unapplied_payments=_total(sums, "unapplied"),
        pending_credits=_total(sums, "pending"),
        disputed=_total(sums, "disputed"),
        returned_payments=_total(sums, "returned"),
    )


def _total(sums: Sequence[Sum], what: str, age: str | None = None) -> int:
    return sum(one.amount for one in sums if one.what == what and age in (None, one.age))


def _many(sums: Sequence[Sum], what: str) -> int:
    return sum(one.many for one in sums if one.what == what)
