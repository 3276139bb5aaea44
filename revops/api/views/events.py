"""``POST /api/v1/events/``: business events in the published language, in."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC
from typing import Annotated, Any, Final, Literal

from drf_spectacular.utils import OpenApiResponse, extend_schema
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    StringConstraints,
    ValidationError,
)
from rest_framework.request import Request
from rest_framework.response import Response

from connectors.models import Connection
from revops.api.parameters import problems_of
from revops.api.problems import Problem
from revops.api.views.base import MachineView
from revops.contracts import registry as contracts
from revops.events.models import Channel
from revops.events.operations import Stored
from revops.kernel import correlation
from revops.pipeline import receive, sources

MOST: Final = 500


def _instant_text(value: Any) -> Any:
    # A number could be seconds or milliseconds; only an ISO 8601 text says what it means.
    if not isinstance(value, str):
        raise ValueError("Give the instant as a text, such as 2026-10-31T23:59:59Z.")
    return value


_Word = StringConstraints(min_length=1, strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]+$")


_TAKEN: Final = sorted(contracts.CONTRACTS.keys() - contracts.PRODUCED_HERE)


class EventIn(BaseModel):
    """
    One business event. ``id`` is the sender's own and unique for its source: the same id with the
    same content is the same event, however often it is sent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    contract: Annotated[str, _Word, Field(max_length=60, json_schema_extra={"enum": [*_TAKEN]})]
    id: Annotated[str, _Word, Field(max_length=200)]
    source: Annotated[str, _Word, Field(max_length=60, description="The slug of a connection.")]
    occurred_at: Annotated[AwareDatetime, BeforeValidator(_instant_text)]
    data: Annotated[dict[str, Any], Field(description="As the contract's JSON Schema says.")]


class EventsIn(RootModel[EventIn | list[EventIn]]):
    """One event, or a list of up to 500."""


class EventOut(BaseModel):
    """What became of one event; ``event`` names it in the console."""

    id: str
    status: Literal["accepted", "duplicate", "conflict"]
    event: str


class EventsOut(BaseModel):
    """One result for each event of a list, in its order."""

    results: list[EventOut]


class SentOut(RootModel[EventOut | EventsOut]):
    """A result for one event, results for a list."""


_STATUS: Final[dict[Stored, Literal["accepted", "duplicate", "conflict"]]] = {
    Stored.NEW: "accepted",
    Stored.DUPLICATE: "duplicate",
    Stored.CONFLICT: "conflict",
}
_CONFLICT: Final = (
    "This id came before with other content. The first one stands, both are kept, and a person "
    "sees the difference."
)


class Events(MachineView):
    scope = "events:write"

    @extend_schema(
        operation_id="send_events",
        summary="Send one business event, or a list of up to 500",
        description=(
            "Stored before it is answered, and processed after. Sending again is always safe. "
            "When any event of a list does not hold its contract, none is stored and the problem "
            "names every field."
        ),
        request=EventsIn,
        responses={
            202: OpenApiResponse(SentOut, "Stored."),
            200: OpenApiResponse(SentOut, "All of it had been stored before."),
            207: OpenApiResponse(EventsOut, "A list in which some ids came with other content."),
        },
    )
    def post(self, request: Request) -> Response:
        body = request.data
        items = _read(body)
        results = _store(items)
        listed = isinstance(body, list)
        if not listed and results[0].status == "conflict":
            raise Problem(409, "conflict", _CONFLICT, event=results[0].event)
        answer: BaseModel = EventsOut(results=results) if listed else results[0]
        return Response(answer.model_dump(), status=_overall(results))


def _overall(results: list[EventOut]) -> int:
    found = {result.status for result in results}
    if "conflict" in found:
        return 207
    return 202 if "accepted" in found else 200


def _read(body: Any) -> list[EventIn]:
    """Raises Problem: 400 for another form of body, 422 for items that do not hold."""
    if not isinstance(body, dict | list) or body in ({}, []):
        raise Problem(400, "form", "Send one event as an object, or a list of them.")
    raw = body if isinstance(body, list) else [body]
    if len(raw) > MOST:
        raise Problem(413, "form", f"Send at most {MOST} events at once.")
    items: list[EventIn] = []
    errors: list[tuple[str, str]] = []
    for place, values in enumerate(raw):
        under = str(place) if isinstance(body, list) else ""
        try:
            item = EventIn.model_validate(values)
        except ValidationError as error:
            errors += problems_of(error, under=under)
            continue
        items.append(item)
        errors += [(_joined(under, path), why) for path, why in _broken(item)]
    if errors:
        raise Problem(
            422, "event-refused", "Nothing was stored: correct these fields.", errors=errors
        )
    return items


def _broken(item: EventIn) -> list[tuple[str, str]]:
    if item.contract in contracts.PRODUCED_HERE:
        return [("contract", f"{item.contract} is told by this console, not to it.")]
    try:
        contracts.read(item.contract, item.data)
    except contracts.ContractUnknown as error:
        return [("contract", str(error))]
    except contracts.ContractBroken as error:
        return [(_joined("data", path), problem) for path, problem in error.problems]
    try:
        sources.by_slug(item.source)
    except Connection.DoesNotExist:
        return [("source", f"There is no connection “{item.source}”.")]
    return []


def _joined(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def _store(items: list[EventIn]) -> list[EventOut]:
    """In the order in which they came; events of one source together."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, item in enumerate(items):
        places[item.source].append(place)
    results: dict[int, EventOut] = {}
    for slug, chosen in places.items():
        accepted = receive.accept(
            connection_slug=slug,
            items=[_offered(items[place]) for place in chosen],
            channel=Channel.API,
            correlation_id=correlation.current() or correlation.new_id(),
        )
        for place, result in zip(chosen, accepted, strict=True):
            results[place] = EventOut(
                id=result.id, status=_STATUS[result.stored], event=f"EVT-{result.inbound_id}"
            )
    return [results[place] for place in range(len(items))]


def _offered(item: EventIn) -> receive.Offered:
    return receive.Offered(
        id=item.id,
        contract=item.contract,
        # One instant has one form, or its zone would make a repeat look like other content.
        occurred_at=item.occurred_at.astimezone(UTC),
        data=item.data,
    )
