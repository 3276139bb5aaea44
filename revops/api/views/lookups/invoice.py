"""``/api/v1/lookups/invoice/``: how an invoice stands."""

from __future__ import annotations

from typing import Annotated

from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from revops.api.lookups import freshness, invoices
from revops.api.lookups.invoices import Posting, Standing
from revops.api.parameters import Query
from revops.api.problems import Problem
from revops.api.queries import POSTING
from revops.api.shapes.lookups import (
    CustomerRefOut,
    FreshnessOut,
    InvoiceOut,
    OpenCaseOut,
    PostingOut,
)
from revops.api.shapes.money import MoneyOut
from revops.api.views.lookups.asked import Lookup, System, Word, several
from revops.delivery.decide import State


class InvoiceQuery(Query):
    id: Annotated[Word, Field(description="Its number, or its id in any system.")]
    system: System = None


class CandidateOut(BaseModel):
    """One of several invoices of that name."""

    number: str
    id: str
    system: str


class Invoice(Lookup):
    @extend_schema(
        operation_id="lookup_invoice",
        summary="How an invoice stands: open amount, posting in the ERP, cases",
        parameters=InvoiceQuery.parameters(),
        responses={200: InvoiceOut},
    )
    def get(self, request: Request) -> Response:
        query = InvoiceQuery.read(request)
        found = invoices.by_id(query.id, self.reach(request), system=query.system or "")
        if not found:
            raise Problem(404, "unknown-invoice", f"No invoice is known as “{query.id[:60]}”.")
        if len(found) > 1:
            raise several(
                f"“{query.id[:60]}” is more than one invoice: name the system.",
                [
                    CandidateOut(number=one.number, id=one.source_id, system=one.system)
                    for one in found
                ],
            )
        standing = invoices.standing(found[0].id)
        return Response(_told(standing).model_dump(mode="json"))


def _told(standing: Standing) -> InvoiceOut:
    row = standing.row

    def money(minor: int) -> MoneyOut:
        return MoneyOut(minor=minor, currency=row.currency)

    return InvoiceOut(
        number=row.number,
        id=row.source_id,
        system=row.slug,
        entity=row.entity or None,
        customer=CustomerRefOut(id=f"PTY-{row.party_id}", name=row.party_name),
        state=row.state,
        issued_on=row.issued_on,
        due_on=row.due_on,
        overdue_days=standing.overdue_days,
        total=money(row.total),
        settled=money(row.applied),
        credited=money(row.credited),
        open=money(standing.open),
        posted=any(
            one.state == State.POSTED.value and one.document_type == "invoice"
            for one in standing.postings
        ),
        postings=[_posting(one) for one in standing.postings],
        cases=[
            OpenCaseOut(
                id=one.reference, what_happened=one.what_happened, state=one.state,
                due_at=one.due_at,
            )
            for one in standing.cases
        ],
        freshness=FreshnessOut.of(freshness.of([row.connection_id])),
    )  # fmt: skip


def _posting(one: Posting) -> PostingOut:
    return PostingOut(
        journal=one.journal,
        document_type=one.document_type,
        accounting_date=one.dated,
        lane=one.lane,
        state=POSTING[State(one.state)] if one.state else None,
        system=one.system or None,
        number=one.number or None,
        at=one.at,
        reason=one.reason or None,
    )
