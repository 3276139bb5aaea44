"""
``/api/v1/approvals/``: what waits for somebody's yes, and deciding it.

A service decides as the person who answers for its token, with that person's rights and conflicts
and never for what needs them at their keyboard.
"""

from __future__ import annotations

from typing import Annotated, Literal

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import Field, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ServiceToken
from accounts.queries import NotAllowed, OutOfScope
from accounts.tokens import entities_of
from approvals import operations
from approvals.models import ApprovalRequest
from approvals.queries import ladder
from approvals.queries.inbox import visible
from revops.api.paging import PagedQuery, page
from revops.api.parameters import problems_of
from revops.api.problems import Problem
from revops.api.references import number_of
from revops.api.shapes.approvals import ApprovalDetailOut, ApprovalOut, ApprovalsOut, DecisionIn
from revops.api.views.base import MachineView


class ApprovalQuery(PagedQuery):
    state: Annotated[
        Literal["waiting", "sent_back", "approved", "rejected", "withdrawn", "expired"] | None,
        Field(description="How it stands."),
    ] = None
    subject: Annotated[str | None, Field(max_length=40, examples=["service_credit"])] = None
    entity: Annotated[str | None, Field(max_length=24, description="A legal entity's code.")] = None


def _within(request: Request) -> QuerySet[ApprovalRequest, ApprovalRequest]:
    """What the token's person may see, of the legal entities that the token is limited to."""
    assert isinstance(request.auth, ServiceToken)
    limited = entities_of(request.auth.scopes)
    owner = request.auth.owner
    rows = (
        ApprovalRequest.objects.select_related("requested_by") if owner is None else visible(owner)
    )
    return rows if limited is None else rows.filter(entity__in=limited)


def _found(request: Request, reference: str) -> ApprovalRequest:
    found = _within(request).filter(pk=number_of(reference, "APR")).first()
    if found is None:
        raise Problem(404, "", f"There is no request {reference}.")
    return found


def _answer(found: ApprovalRequest, status: int = 200) -> Response:
    body = ApprovalDetailOut.told(found, ladder(found)).model_dump(mode="json")
    return Response(body, status=status, headers={"ETag": f'"{found.sha256}"'})


class Approvals(MachineView):
    scope = "read:approvals"
    entity_scoped = True

    @extend_schema(
        operation_id="list_approvals",
        summary="Requests for approval, newest first",
        parameters=ApprovalQuery.parameters(),
        responses={200: ApprovalsOut},
    )
    def get(self, request: Request) -> Response:
        query = ApprovalQuery.read(request)
        rows = _within(request)
        if query.state:
            rows = rows.filter(state=query.state)
        if query.subject:
            rows = rows.filter(subject=query.subject)
        if query.entity:
            rows = rows.filter(entity=query.entity)
        found, following = page(rows, query, request)
        answer = ApprovalsOut(results=[ApprovalOut.of(one) for one in found], next=following)
        return Response(answer.model_dump(mode="json"))


class ApprovalDetail(MachineView):
    scope = "read:approvals"
    entity_scoped = True

    @extend_schema(
        operation_id="read_approval",
        summary="One request with its steps",
        description="The ETag is the digest of what is asked for; a decision names it in If-Match.",
        responses={200: ApprovalDetailOut},
    )
    def get(self, request: Request, reference: str) -> Response:
        return _answer(_found(request, reference))


class ApprovalDecision(MachineView):
    scope = "approvals:decide"
    entity_scoped = True

    @extend_schema(
        operation_id="decide_approval",
        summary="Decide the step that waits",
        description=(
            "Decides as the person who answers for the token. Needs If-Match with the digest of "
            "what was read; 412 when it was edited since, 409 when somebody else was first. What "
            "needs the person at their keyboard (tier 3 and above) cannot be decided here."
        ),
        parameters=[
            OpenApiParameter(
                "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True,
                description="The ETag of the request as it was read.",
            )
        ],
        request=DecisionIn,
        responses={200: OpenApiResponse(ApprovalDetailOut, "Decided.")},
    )  # fmt: skip
    def post(self, request: Request, reference: str) -> Response:
        assert isinstance(request.auth, ServiceToken)
        found = _found(request, reference)
        seen = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
        if not seen:
            raise Problem(428, "if-match", "Say in If-Match which content you decide about.")
        try:
            wanted = DecisionIn.model_validate(request.data)
        except ValidationError as error:
            raise Problem(
                422, "body", "Some of it is not right.", errors=problems_of(error)
            ) from error
        owner = request.auth.owner
        if owner is None:
            raise Problem(403, "no-owner", "Nobody answers for this token, so it decides nothing.")
        try:
            done = operations.decide(
                request_id=found.pk,
                verdict=wanted.verdict,
                by=owner,
                seen=seen,
                reason=wanted.reason,
                through=f"token:{request.auth.prefix}",
            )
        except OutOfScope as error:
            raise Problem(404, "", f"There is no request {reference}.") from error
        except NotAllowed as error:
            raise Problem(403, "not-yours", str(error)) from error
        except operations.NeedsProof as error:
            raise Problem(403, "at-the-keyboard", "This tier is decided on its page.") from error
        except operations.Changed as error:
            differs = [(one.label, f"{one.was} → {one.now}") for one in error.differences]
            raise Problem(412, "changed", str(error), errors=differs) from error
        except operations.Decided as error:
            raise Problem(409, "decided", str(error)) from error
        except operations.ApprovalRefused as error:
            raise Problem(422, "refused", str(error)) from error
        return _answer(done)
