"""Runs of a batch of events, stored in the transaction that keeps the events themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from connectors import registry
from exceptions import operations as cases
from exceptions.findings import Finding
from revops.contracts.base import EventData
from revops.kernel import strict_json
from revops.kernel.clock import local_date
from revops.ledger.books import EntityBooks
from revops.pipeline.flows import checks, release, sold
from revops.pipeline.flows.base import Flow, Kind
from revops.pipeline.flows.capabilities import CAPABILITIES
from revops.pipeline.flows.catalogue import flow_of
from revops.pipeline.flows.order import arrived, ready
from revops.pipeline.flows.trouble import stopped
from revops.store import sql


@dataclass(frozen=True, slots=True)
class Told:
    """
    A business event that was just stored. ``changed``: it was told by the owner of what it tells,
    and our record is another one since; only then do others hear of it. ``posts``: it has journals
    that an ERP does not hold yet. ``source_id`` is the connection that told it, None for ourselves.
    ``ours``: we told it in that connection's name, so that it is no news to the system itself.
    """

    business_event_id: int
    data: EventData
    record_kind: str
    record_id: int
    legal_entity_id: int | None
    source_id: int | None
    correlation_id: str
    changed: bool = True
    posts: bool = False
    note: str = ""
    ours: bool = False


_RUNS: Final = sql.Columns(
    "pipeline_flowrun",
    id="bigint",
    business_event_id="bigint",
    flow="text",
    legal_entity_id="bigint",
    source_id="bigint",
    record_kind="text",
    record_id="bigint",
    subject_id="text",
    state="text",
    posting="bool",
    note="text",
    checks="jsonb",
    correlation_id="text",
    started_at="timestamptz",
    finished_at="timestamptz",
)
_STEPS: Final = sql.Columns(
    "pipeline_steprun",
    id="bigint",
    run_id="bigint",
    position="smallint",
    step="text",
    connection_id="bigint",
    state="text",
    note="text",
    record_key="text",
    undo_state="text",
    undo_note="text",
)
_NOBODY_TOLD: Final = "Nothing changed by it, so nobody is told."


def begin(
    told: Sequence[Told],
    books: Mapping[int, EntityBooks],
    *,
    at: datetime,
    came: Collection[str] = (),
) -> set[int]:
    """
    Store the runs of events and whatever they may send at once. Says which connections got
    commands. Call it once for each event, in the transaction that stores the event. ``came`` are
    the names of records that steps of earlier runs may have waited for: those go on too.
    """
    woken = arrived(came, at=at)
    followed = [
        (item, flow)
        for item in told
        if (flow := flow_of(item.data.contract)) is not None and flow.kept
    ]
    if not followed:
        return release.release(woken, at=at)
    targets = _targets(flow for item, flow in followed if item.changed)
    places = checks.places(
        [item.record_id for item, _ in followed if item.record_kind == "opportunity"]
    )
    runs: list[Sequence[Any]] = []
    steps: list[list[Any]] = []
    due: list[int] = []
    findings: list[Finding] = []
    run_ids = sql.new_ids("pipeline_flowrun", len(followed))
    for run_id, (item, flow) in zip(run_ids, followed, strict=True):
        entity = None if item.legal_entity_id is None else books.get(item.legal_entity_id)
        answers = {
            step.name: checks.answer(
                step.name,
                item.data,
                entity.legal_entity if entity else "",
                places.get(item.record_id, checks.Place()),
            )
            for step in flow.checks
            if item.changed
        }
        failed = {name: found.sentence for name, found in answers.items() if not found.passed}
        mine = _steps_of(run_id, item, flow, targets, entity, at)
        steps += mine
        if failed:
            findings.append(stopped(run_id, flow, item.data.subject_id, failed, item))
        if mine:
            due.append(run_id)
        open_ = item.posts or bool(mine) or bool(failed)
        runs.append((
            run_id, item.business_event_id, flow.event, item.legal_entity_id, item.source_id,
            item.record_kind, item.record_id, item.data.subject_id,
            "failed" if failed else "running" if open_ else "done", item.posts,
            item.note or ("" if item.changed or not flow.commands else _NOBODY_TOLD),
            strict_json.dumps([
                {"step": name, "passed": found.passed, "sentence": found.sentence}
                for name, found in answers.items()
            ]),
            item.correlation_id, at, None if open_ else at,
        ))  # fmt: skip
    _RUNS.insert(runs)
    ids = sql.new_ids("pipeline_steprun", len(steps))
    _STEPS.insert([(step_id, *values) for step_id, values in zip(ids, steps, strict=True)])
    sold.link_records(
        [item.record_id for item, _ in followed if item.record_kind == "subscription"], at=at
    )
    if findings:
        cases.report(findings, at=at)
    return release.release([*woken, *(ready(due) if due else ())], at=at)


def _steps_of(
    run_id: int,
    item: Told,
    flow: Flow,
    targets: Mapping[str, Sequence[int]],
    entity: EntityBooks | None,
    at: datetime,
) -> list[list[Any]]:
    """
    A row for each command and each connection that takes it, but never for who told of it, unless
    it answers them.
    """
    # A command belongs to somebody's books: what has none is told to nobody.
    if not item.changed or entity is None:
        return []
    found = []
    for position, step in enumerate(flow.steps):
        if step.kind is not Kind.COMMAND:
            continue
        capability = CAPABILITIES[step.capability]
        for connection_id in targets.get(step.capability, ()):
            told_it = connection_id == item.source_id
            if capability.answers != told_it and (capability.answers or not item.ours):
                continue
            if capability.role == "erp" and not _keeps(entity, connection_id, at):
                continue
            found.append([run_id, position, step.name, connection_id, "waiting", "", "", "", ""])
    return found


def _keeps(entity: EntityBooks, connection_id: int, at: datetime) -> bool:
    """Whether an ERP keeps these books today, where they are."""
    today = local_date(at, entity.zone)
    return any(target == connection_id for _, target in entity.routes_on(today))


def _targets(flows: Iterable[Flow]) -> dict[str, list[int]]:
    """For each capability that is wanted, the connections whose connector can do it."""
    wanted = {step.capability for flow in set(flows) for step in flow.commands}
    found: dict[str, list[int]] = defaultdict(list)
    if not wanted:
        return found
    takes = {
        slug: wanted.intersection(manifest.accepts)
        for slug, manifest in registry.all_manifests().items()
        if wanted.intersection(manifest.accepts)
    }
    if not takes:
        return found
    for row in sql.rows(
        "SELECT id, connector FROM connectors_connection WHERE connector = ANY(%s) "
        "AND state = 'live' ORDER BY id",
        (list(takes),),
    ):
        for capability in takes[row.connector]:
            found[capability].append(row.id)
    return found
