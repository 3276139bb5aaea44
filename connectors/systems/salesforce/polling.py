"""
What changed since the last poll, by ``SystemModstamp``, oldest first.

Stamps have whole seconds and many records may share one, so a list goes on after (stamp, id). A
record can become visible after others with a later stamp, because a transaction stamps before it
commits and may take minutes; so a list that was read to its end is read again from a while before
its newest record. What was read before is known by its id, stamp and content.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from connectors.contract import CallFailed, Outcome, Page, PayloadUnreadable, Settings
from connectors.manifest import Manifest
from connectors.systems.salesforce import reading, records, wire
from connectors.systems.salesforce.session import Org
from connectors.systems.salesforce.wire import Json
from revops.kernel import strict_json
from revops.kernel.clock import now

PAGE: Final = 500
# When others use up the calls: they get this long before we ask again.
_PAUSE_S: Final = 900


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a list stands: after this record, or from this millisecond on without an id."""

    since: int
    after: str = ""


async def poll(org: Org, settings: Settings, manifest: Manifest, *, cursor: str) -> Page:
    """Raises Problem, CallFailed, or PayloadUnreadable for a foreign cursor."""
    kinds = reading.objects(org.layout)
    places = _read(cursor, kinds, settings, manifest)
    told: dict[str, Json] = {}
    contracts: list[str] = []
    more = False
    for kind in kinds:
        listed = await reading.found(org, kind, _rest(places[kind]))
        _leave_room(org, settings)
        more = more or len(listed) == PAGE
        places[kind] = _next(places[kind], listed, manifest)
        if kind == reading.ORDER:
            contracts += [wire.text(order.get("ContractId")) for order in listed]
        elif kind == reading.CONTRACT:
            contracts += [wire.text(item.get("Id")) for item in listed]
        else:
            told |= {wire.text(item.get("Id")): item for item in listed}
    ids = sorted({identity for identity in contracts if wire.is_id(identity)})
    for item in await reading.contracts_of(org, ids):
        told[wire.text(item.get("Id"))] = item
    ordered = sorted(told.values(), key=lambda item: _order(item, kinds))
    bodies = tuple(strict_json.dumps(item).encode() for item in ordered)
    return Page(bodies=bodies, cursor=_write(places), more=more)


def _rest(place: _Place) -> str:
    moment = literal(datetime.fromtimestamp(place.since / 1000, tz=UTC))
    where = f"SystemModstamp >= {moment}"
    if place.after:
        later = f"SystemModstamp > {moment}"
        where = f"({later} OR (SystemModstamp = {moment} AND Id > '{place.after}'))"
    return f"WHERE {where} ORDER BY SystemModstamp ASC, Id ASC LIMIT {PAGE}"


def _next(place: _Place, listed: Sequence[Json], manifest: Manifest) -> _Place:
    newest = place.since
    if listed:
        newest = wire.stamp(listed[-1].get("SystemModstamp"), field="SystemModstamp")
    if len(listed) == PAGE:
        last = wire.text(listed[-1].get("Id"))
        if not wire.is_id(last):
            raise PayloadUnreadable("A listed record has no id.")
        return _Place(newest, last)
    if not listed and not place.after:
        return place
    return _Place(newest - manifest.poll_overlap_s * 1000)


def _order(item: Json, kinds: Sequence[str]) -> tuple[int, int, str]:
    kind = wire.text(wire.part(item.get("attributes")).get("type"))
    rank = kinds.index(kind) if kind in kinds else len(kinds)
    return records.version(item), rank, wire.text(item.get("Id"))


def _leave_room(org: Org, settings: Settings) -> None:
    """Raises CallFailed when the day's calls are used up to the share that polling may go on to."""
    share = settings.parameters.get("api_share")
    limit = share if type(share) is int and 0 < share <= 100 else 80
    if org.used and org.used[0] * 100 >= org.used[1] * limit:
        used, allowed = org.used
        raise CallFailed(
            Outcome.THROTTLED,
            f"{used} of {allowed} API calls of 24 hours are used; others may need the rest.",
            retry_after=_PAUSE_S,
        )


def literal(moment: datetime) -> str:
    """An instant as SOQL has it, unquoted."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read(
    cursor: str, kinds: Sequence[str], settings: Settings, manifest: Manifest
) -> dict[str, _Place]:
    """Every account is wanted, however old, since all else refers to them."""
    sales = _Place(_first(settings, manifest))
    places = {kind: _Place(0) if kind == reading.ACCOUNT else sales for kind in kinds}
    if not cursor:
        return places
    try:
        found = dict(json.loads(cursor).items())
        for kind in kinds:
            if kind in found:
                since, after = found[kind]
                places[kind] = _Place(int(since), after if wire.is_id(after) else "")
    except (ValueError, TypeError, AttributeError) as error:
        raise PayloadUnreadable("The poll's cursor cannot be read.") from error
    return places


def _first(settings: Settings, manifest: Manifest) -> int:
    since = settings.parameters.get("since")
    if since:
        try:
            day = date.fromisoformat(str(since))
        except ValueError as error:
            raise PayloadUnreadable("“Sales since” is no date.") from error
        moment = datetime.combine(day, time(), tzinfo=ZoneInfo(settings.zone))
    else:
        moment = now() - timedelta(seconds=manifest.first_lookback_s)
    return int(moment.timestamp()) * 1000


def _write(places: dict[str, _Place]) -> str:
    return strict_json.dumps({kind: [place.since, place.after] for kind, place in places.items()})
