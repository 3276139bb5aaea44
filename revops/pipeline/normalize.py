"""
Raw event → business events of the published language. Pure but for the connector it is given.

What cannot be understood is said in words and quarantined; nothing is dropped.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from connectors.contract import Envelope, NeedsFetch, PayloadUnreadable, TypeUnknown
from revops.contracts import registry as contracts
from revops.contracts.base import EventData
from revops.contracts.registry import ContractBroken, ContractUnknown
from revops.events.operations import Claimed
from revops.kernel import strict_json
from revops.pipeline.sources import Source

log = structlog.get_logger(__name__)

# Events that came as business events already: through the API, or told by this console itself in
# the name of the system that holds the record. No sender can claim the second.
API_TYPE = "console.event"
OWN_TYPE = "console.own"
# What a person corrected of an event that could not be booked (correcting.py), all of its meanings.
CORRECTED_TYPE = "console.corrected"


@dataclass(frozen=True, slots=True)
class Meaning:
    """
    One business event in an inbound event, dated and ordered as its source says.
    ``source_object`` is the object's (type, id) in the source's own words.
    """

    inbound: Claimed
    position: int
    data: EventData
    version: int
    occurred_at: datetime
    source_object: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Understood:
    """
    What an inbound event means: meanings; or why nothing is to be done; or what is wrong; or, in
    ``fetches``, the source's object (type, id) that has to be asked for first. ``zone`` is the one
    that its dates were read in.
    """

    inbound: Claimed
    meanings: tuple[Meaning, ...] = ()
    ignored: str = ""
    problem: str = ""
    problem_facts: tuple[tuple[str, str], ...] = ()
    object_label: str = ""
    fetches: tuple[str, str] | None = None
    zone: str = ""


def normalize(
    source: Source,
    inbound: Claimed,
    *,
    zone_of: Callable[[EventData], str | None],
    likely: str = "",
) -> Understood:
    """
    Read one stored event. ``zone_of`` gives the zone of the books an event belongs to: when that
    is not the connection's, the event is read again, because dates are dates in the entity's zone.
    ``likely`` is the zone of the event before it, which is tried first: it makes no other meaning,
    and spares the second reading.
    """
    zone = source.settings.zone
    try:
        if inbound.type in (API_TYPE, OWN_TYPE):
            return _published(inbound)
        if inbound.type == CORRECTED_TYPE:
            return _corrected(inbound)
        envelope = source.connector.open(inbound.body)
        label = f"{envelope.object_type} {envelope.object_id}".strip()
        if envelope.ignored:
            return Understood(inbound, ignored=envelope.ignored, object_label=label)
        found, zone = _read(source, envelope, zone_of, likely)
    except NeedsFetch:
        named = (envelope.object_type, envelope.object_id)
        return Understood(inbound, object_label=label, fetches=named)
    except TypeUnknown as error:
        return _problem(inbound, str(error), (("Event type", inbound.type),))
    except ContractBroken as error:
        facts = tuple(error.problems[:12])
        return _problem(inbound, f"The {inbound.type} event has a shape we do not know.", facts)
    except (ContractUnknown, PayloadUnreadable, strict_json.JsonRefused) as error:
        return _problem(inbound, str(error))
    except Exception as error:
        # A connector's own fault must not stop the batch, and must not lose the event.
        log.exception("normalize.connector_failed", inbound=inbound.id)
        return _problem(
            inbound,
            f"The connector could not read this {inbound.type} event.",
            (("Fault", type(error).__name__),),
        )
    if not found:
        return Understood(
            inbound, ignored="It changes nothing that the books follow.", object_label=label
        )
    return Understood(
        inbound,
        tuple(
            Meaning(
                inbound,
                position,
                data,
                envelope.object_version,
                envelope.occurred_at,
                (envelope.object_type, envelope.object_id),
            )  # fmt: skip
            for position, data in enumerate(found)
        ),
        object_label=label,
        zone=zone,
    )


def _read(
    source: Source, envelope: Envelope, zone_of: Callable[[EventData], str | None], likely: str
) -> tuple[Sequence[EventData], str]:
    """The meanings, with their dates in the zone of their books, and that zone."""
    own = source.settings.zone

    def zones(found: Sequence[EventData]) -> set[str]:
        # What names no entity is the default one's: it tells nothing where another meaning does.
        saying = [data for data in found if getattr(data, "legal_entity", "")] or found
        return {zone for data in saying if (zone := zone_of(data))} - {own}

    if likely and likely != own:
        with contextlib.suppress(Exception):  # what is wrong with it is said by the usual reading
            found = source.connector.translate(envelope, source.in_zone(likely))
            if zones(found) == {likely}:
                return found, likely
    found = source.connector.translate(envelope, source.settings)
    others = zones(found)
    if len(others) != 1:
        return found, own
    (zone,) = others
    return source.connector.translate(envelope, source.in_zone(zone)), zone


def _published(inbound: Claimed) -> Understood:
    raw = strict_json.loads(inbound.body)
    data = contracts.read(raw["contract"], raw["data"])
    at = datetime.fromisoformat(raw["occurred_at"]).astimezone(UTC)
    meaning = Meaning(inbound, 0, data, int(at.timestamp()), at)
    return Understood(inbound, (meaning,), object_label=f"{data.subject} {data.subject_id}")


def _corrected(inbound: Claimed) -> Understood:
    raw = strict_json.loads(inbound.body)
    at = datetime.fromisoformat(raw["occurred_at"]).astimezone(UTC)
    told = [contracts.read(one["contract"], one["data"]) for one in raw["meanings"]]
    meanings = tuple(
        Meaning(inbound, position, data, raw["version"], at) for position, data in enumerate(told)
    )
    return Understood(inbound, meanings, object_label=f"{told[0].subject} {told[0].subject_id}")


def _problem(
    inbound: Claimed, sentence: str, facts: tuple[tuple[str, str], ...] = ()
) -> Understood:
    return Understood(inbound, problem=sentence, problem_facts=facts)
