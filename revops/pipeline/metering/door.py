"""The door for raw usage: stored once, in batches, answered record by record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from connectors.contract import SignatureInvalid
from connectors.manifest import Capability
from connectors.models import Connection
from revops.events.models import Channel
from revops.kernel import clock
from revops.pipeline import problems, sources, wake
from revops.pipeline.metering import findings
from revops.pipeline.sources import Source
from revops.usage.operations.intake import Fate, Result, in_batches, store
from revops.usage.reading import Bad, Raw, read_all

# Problems that an answer names one by one; the rest are counted and kept.
NAMED: Final = 1_000

_CONFLICT: Final = (
    "This id came before with other content. The first one counts, and this one is kept beside it."
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the record at ``index`` (from 0) of what was sent."""

    index: int
    id: str
    status: Fate
    sentence: str


@dataclass(slots=True)
class Taken:
    """How many records were stored, known, in conflict or refused; the first problems by name."""

    counts: Counter[Fate] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def add(self, result: Result) -> None:
        start = self.total
        for place, (fate, record) in enumerate(zip(result.fates, result.records, strict=True)):
            if fate in (Fate.REFUSED, Fate.CONFLICT) and len(self.problems) < NAMED:
                why = record.reason if isinstance(record, Bad) else _CONFLICT
                self.problems.append(Problem(start + place, record.usage_id, fate, why))
        self.counts.update(result.fates)


def takes_usage(source: Source) -> bool:
    return source.manifest.can(Capability.USAGE)


def take(
    source: Source, records: Iterable[Raw | Bad], *, channel: Channel, correlation_id: str
) -> Taken:
    """
    Store a stream of records, a batch a transaction, never more than a batch in memory.

    Raises psycopg errors when it cannot be stored. Batches before that are kept, and sending all
    of it again is safe.
    """
    taken = Taken()
    for batch in in_batches(records):
        result = store(
            batch, connection_id=source.id, channel=channel, correlation_id=correlation_id
        )
        taken.add(result)
        found = findings.of_intake(source, result)
        if found:
            problems.report(found)
        if result.count(Fate.ACCEPTED):
            wake.usage()
    return taken


def receive(
    *, public_id: str, body: bytes, headers: Mapping[str, str], correlation_id: str
) -> Taken | None:
    """
    A signed call of a product, or None when this address is not one for usage. Header names are
    lower case.

    Raises SignatureInvalid, PayloadUnreadable for a body that holds no events at all, or psycopg
    errors.
    """
    try:
        source = sources.by_hook(public_id)
    except Connection.DoesNotExist:
        return None
    if not takes_usage(source):
        return None
    now = clock.now()
    if not source.signing_secrets:
        raise SignatureInvalid("No signing secret is configured.")
    source.connector.verify(body=body, headers=headers, secrets=source.signing_secrets, at=now)
    items = source.connector.usage(body, headers, source.settings)
    records = read_all(items, source=source.slug, now=now)
    return take(source, records, channel=Channel.WEBHOOK, correlation_id=correlation_id)
