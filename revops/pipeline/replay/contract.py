"""
Rehearsing a change of a contract: the newest stored events of a type against what is proposed,
before it is in force. Nothing is written.

With a schema, what the events said is checked against it. Without one, the raw events are read
again by the connectors and contracts of this build: run that from the new build, before it serves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors import registry
from connectors.contract import Settings
from connectors.models import Connection
from revops.contracts.fitting import misfits, readable
from revops.events.models import BusinessEvent, InboundEvent
from revops.events.operations import Claimed
from revops.kernel import strict_json
from revops.pipeline.normalize import normalize
from revops.pipeline.sources import Source

LASTS: Final = (100, 500, 2_000)
_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Failure:
    """An event that would fail. ``problems`` are (field, sentence)."""

    inbound_id: int | None
    subject_id: str
    problems: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """
    ``looked_at`` events of ``contract``, the newest; ``skipped`` could not be looked at because
    their payload is gone. ``causes`` are (field, sentence) with how many fail so, most first;
    ``failures`` the newest of them.
    """

    contract: str
    looked_at: int
    skipped: int
    failed: int
    causes: Sequence[tuple[str, str, int]]
    failures: Sequence[Failure]

    @property
    def passed(self) -> int:
        return self.looked_at - self.failed


def rehearse(*, contract: str, last: int, schema: Mapping[str, Any] | None = None) -> Rehearsed:
    """
    The newest ``last`` events that became ``contract`` (``invoice.issued/1``).

    Raises fitting.SchemaUnreadable for a schema that cannot be checked.
    """
    if schema is not None:
        readable(schema)  # also what no event happens to use
    told = list(BusinessEvent.objects.filter(contract=contract).order_by("-id")[:last])
    checked = _against(schema, told) if schema is not None else _read_again(contract, told)
    failures = [
        Failure(one.inbound_id, one.subject_id, problems)
        for one, problems in checked if problems
    ]  # fmt: skip
    causes: Counter[tuple[str, str]] = Counter()
    for failure in failures:
        causes.update({(_anywhere(path), words) for path, words in failure.problems})
    return Rehearsed(
        contract=contract,
        looked_at=len(checked),
        skipped=len(told) - len(checked),
        failed=len(failures),
        causes=[(path, words, count) for (path, words), count in causes.most_common(_SHOWN)],
        failures=failures[:_SHOWN],
    )


def source_to_read(connection: Connection) -> Source:
    """The connection as understanding needs it: nothing is sent, so no secret is opened."""
    sealed = Settings(
        slug=connection.slug, base_url=connection.base_url,
        parameters=connection.parameters, zone=connection.zone,
    )  # fmt: skip
    connector = registry.of(connection.connector, sealed)
    return Source(
        id=connection.pk, slug=connection.slug, label=connection.label, account=connection.account,
        connector=connector, manifest=connector.manifest, settings=sealed, signing_secrets=(),
    )  # fmt: skip


def claimed(event: InboundEvent) -> Claimed:
    """The stored event as the line's reading takes it, under no lease."""
    return Claimed(
        id=event.pk, fence=event.fence, channel=event.channel, type=event.type,
        body=bytes(event.body), correlation_id=event.correlation_id, crash_count=0,
        was_parked=False, waits_for="", deadline_at=None, received_at=event.received_at,
    )  # fmt: skip


Checked = list[tuple[BusinessEvent, Sequence[tuple[str, str]]]]


def _against(schema: Mapping[str, Any], told: Sequence[BusinessEvent]) -> Checked:
    return [(one, misfits(schema, strict_json.loads(one.data))) for one in told]


def _read_again(contract: str, told: Sequence[BusinessEvent]) -> Checked:
    held = InboundEvent.objects.select_related("connection").in_bulk(
        [one.inbound_id for one in told if one.inbound_id is not None]
    )
    sources: dict[int, Source] = {}
    found: Checked = []
    for one in told:
        event = held.get(one.inbound_id or 0)
        if event is None or not bytes(event.body):
            continue
        source = sources.setdefault(event.connection_id, source_to_read(event.connection))
        found.append((one, _problems(contract, one, source, event)))
    return found


def _problems(
    contract: str, one: BusinessEvent, source: Source, event: InboundEvent
) -> Sequence[tuple[str, str]]:
    understood = normalize(source, claimed(event), zone_of=lambda data: None)
    if understood.problem:
        return understood.problem_facts or (("(whole)", understood.problem),)
    kind = contract.partition("/")[0]
    if understood.fetches or any(
        meaning.data.contract.partition("/")[0] == kind for meaning in understood.meanings
    ):
        return ()
    return (("(whole)", understood.ignored or f"It means no {kind} any more."),)


def _anywhere(path: str) -> str:
    """``lines[3].sku`` and ``lines[0].sku`` are one cause."""
    out = []
    for part in path.split("["):
        head, bracket, rest = part.partition("]")
        out.append(f"]{rest}" if bracket and head.isdigit() else part)
    return "[".join(out)
