"""
What changed since the last poll, oldest first, told in the same bodies as by a rule.

A page asks for records changed at or after a second, in the order of their change. The next one
begins at the last second of the page, so a record that changes meanwhile hides no other one, as it
would with counted offsets. A second that holds more than a page is read by Gsid.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connectors.bodies import text
from connectors.contract import CallFailed, Outcome, Page, PayloadUnreadable
from connectors.manifest import Manifest
from connectors.systems.gainsight import told
from connectors.systems.gainsight.answers import Json
from connectors.systems.gainsight.names import COMPANY, Names
from connectors.systems.gainsight.wire import Gainsight, Where, stamp
from revops.kernel import strict_json
from revops.kernel.clock import now

PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Stream:
    """Read from ``since`` (epoch seconds); with ``drain``, that second alone beyond this Gsid."""

    since: int
    drain: str | None = None


@dataclass(frozen=True, slots=True)
class _Reading:
    name: str
    fields: Sequence[str]
    changed: str
    tell: Callable[[Json], list[dict[str, Any]]]


async def poll(tenant: Gainsight, names: Names, manifest: Manifest, *, cursor: str) -> Page:
    """Raises Problem, CallFailed for rows that cannot be read, or PayloadUnreadable."""
    streams = _read(cursor, manifest)
    bodies: list[bytes] = []
    after: dict[str, Stream] = {}
    more = False
    for key, reading in _readings(names).items():
        stream = streams.get(key) or Stream(_start(manifest))
        try:
            found, after[key], waiting = await _page(tenant, reading, stream, manifest)
        except PayloadUnreadable as error:
            reason = f"A record of {reading.name} cannot be read: {error}"
            raise CallFailed(Outcome.TRANSIENT, reason) from error
        more = more or waiting
        bodies += [
            strict_json.dumps(item | {"source": told.POLL}).encode()
            for row in found
            for item in reading.tell(row)
        ]
    return Page(tuple(bodies), _write(after), more)


async def _page(
    tenant: Gainsight, reading: _Reading, stream: Stream, manifest: Manifest
) -> tuple[Sequence[Json], Stream, bool]:
    start = datetime.fromtimestamp(stream.since, tz=UTC)
    where = [Where(reading.changed, "GTE", [stamp(start)])]
    if stream.drain is not None:
        where.append(Where(reading.changed, "LT", [stamp(start + timedelta(seconds=1))]))
        where += [Where("Gsid", "GT", [stream.drain])] if stream.drain else []
    by = "Gsid" if stream.drain is not None else reading.changed
    rows = await tenant.read(reading.name, reading.fields, where, order=(by, "asc"), limit=PAGE)
    if stream.drain is not None:
        last_id = text(rows[-1].get("Gsid")) if len(rows) == PAGE else ""
        return rows, Stream(stream.since, last_id) if last_id else Stream(stream.since + 1), True
    seconds = [_second(row, reading) for row in rows]
    if len(rows) < PAGE:
        newest = max(seconds, default=0)
        at_rest = Stream(max(stream.since, newest - manifest.poll_overlap_s))
        return rows, at_rest, False
    last = seconds[-1]
    if last <= stream.since:
        return rows, Stream(stream.since, ""), True
    return rows, Stream(last), True


def _second(row: Json, reading: _Reading) -> int:
    return int(told.instant(row.get(reading.changed), field=reading.changed).timestamp())


def _readings(names: Names) -> dict[str, _Reading]:
    found = {
        "companies": _Reading(
            COMPANY, names.company_read, "ModifiedDate", lambda row: of_company(row, names)
        )
    }
    if names.milestone_object and names.milestone_field:
        found["milestones"] = _Reading(
            names.milestone_object,
            names.milestone_read,
            "LastModifiedDate",
            lambda row: of_activity(row, names),
        )
    return found


def of_company(row: Json, names: Names) -> list[dict[str, Any]]:
    """What a company's record tells: itself, its health and its renewal, as far as they are set."""
    identity, changed = row.get("Gsid"), row.get("ModifiedDate")
    currency = text(row.get(names.currency_field), 3) if names.currency_field else ""
    company = {
        "event": "company",
        "company_id": identity,
        "name": row.get("Name"),
        "parent_id": row.get(names.parent_field) if names.parent_field else None,
        "other_ids": {
            system: row[name] for system, name in names.others if row.get(name) not in (None, "")
        },
        "created_at": row.get("CreatedDate"),
        "changed_at": changed,
    }
    if currency:
        company["currency"] = currency
    bodies = [company]
    score = row.get(names.score_field) if names.score_field else None
    if score not in (None, ""):
        since = row.get(names.score_changed_field) if names.score_changed_field else None
        bodies.append(
            {
                "event": "health",
                "company_id": identity,
                "score": score,
                "changed_at": since if since not in (None, "") else changed,
            }
        )
    likelihood = row.get(names.likelihood_field) if names.likelihood_field else None
    renews, amount = row.get(names.renewal_field), row.get(names.arr_field)
    if None not in (likelihood, renews, amount):
        bodies.append(
            {
                "event": "renewal",
                "company_id": identity,
                "renews_on": told.day(renews, field=names.renewal_field).isoformat(),
                "amount": amount,
                "currency": currency or names.currency,
                "likelihood_percent": likelihood,
                "changed_at": changed,
            }
        )
    return bodies


def of_activity(row: Json, names: Names) -> list[dict[str, Any]]:
    """What an activity of the timeline tells, when it is a milestone of a company."""
    milestone, company = row.get(names.milestone_field), row.get("GsCompanyId")
    if not milestone or not company or (names.milestones and milestone not in names.milestones):
        return []
    return [
        {
            "event": "milestone",
            "milestone_id": row.get("Gsid"),
            "company_id": company,
            "milestone": milestone,
            "reached_at": row.get("ActivityDate"),
            "changed_at": row.get("LastModifiedDate"),
        }
    ]


def _start(manifest: Manifest) -> int:
    return int(now().timestamp()) - manifest.first_lookback_s


def _read(cursor: str, manifest: Manifest) -> dict[str, Stream]:
    """Raises PayloadUnreadable for a cursor that we did not write."""
    if not cursor:
        return {}
    try:
        return {
            str(key): Stream(int(since), None if drain is None else str(drain))
            for key, (since, drain) in json.loads(cursor).items()
        }
    except (ValueError, TypeError, AttributeError) as error:
        raise PayloadUnreadable("The poll's cursor cannot be read.") from error


def _write(streams: dict[str, Stream]) -> str:
    return strict_json.dumps({key: [at.since, at.drain] for key, at in streams.items()})
