"""
The daily comparison: what we expect, what we believe is posted, and what the ERP really holds.

It catches what the protocol cannot: a posting made twice in the small hole that an ERP without
unique keys leaves, and what people change or delete there by hand. Nothing is corrected by itself.
What somebody booked there by hand in our place has no key of ours: it is known by its id.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog

from connectors.contract import CallFailed, SnapshotRow
from connectors.http import NotSent
from connectors.manifest import Capability
from exceptions import operations as cases
from exceptions.findings import Finding, fingerprint_of
from revops.kernel.keys import PREFIX
from revops.kernel.money import Money
from revops.pipeline import sources
from revops.pipeline.sources import Source
from revops.store import sql

log = structlog.get_logger(__name__)

KIND = "journal"


@dataclass(frozen=True, slots=True)
class Compared:
    """How many of each were found; ``agreed`` are posted by us and held once, as they should be."""

    agreed: int
    missing: int
    duplicate: int
    different: int
    foreign: int


_OURS = """
SELECT command.id, command.key, command.external_id, command.external_number, command.currency,
    command.amount, command.legal_entity_id, command.period_code, command.correlation_id,
    command.subject_id, command.code = 'by_hand' AS by_hand, entry.description,
    entry.accounting_date
FROM delivery_outboundcommand command
JOIN ledger_journalentry entry ON entry.id = command.subject_id
WHERE command.connection_id = %s AND command.state = 'posted' AND command.subject_kind = 'journal'
  AND entry.accounting_date BETWEEN %s AND %s
"""
_KNOWN = """
SELECT key FROM delivery_outboundcommand WHERE connection_id = %s AND key = ANY(%s)
"""


def compare(connection_id: int, *, start: str, end: str) -> Compared:
    """
    Compare the journals dated ``start`` … ``end`` (ISO days, inclusive). Differences become cases,
    and cases of differences that are gone are settled.

    Raises CallFailed or NotSent when the ERP's list cannot be had: no list is no evidence.
    """
    source = sources.by_id(connection_id)
    ours = {row.key: row for row in sql.rows(_OURS, (connection_id, start, end))}
    by_hand = {row.external_id: row.key for row in ours.values() if row.by_hand}
    held: dict[str, list[SnapshotRow]] = defaultdict(list)
    for row in _snapshot(source, start, end):
        if row.key.startswith(PREFIX):
            held[row.key].append(row)
        elif row.external_id in by_hand:
            held[by_hand[row.external_id]].append(row)
    unexpected = [key for key in held if key not in ours]
    # A posting that is still under way may be held already; it is not foreign.
    known = {row.key for row in sql.rows(_KNOWN, (connection_id, unexpected))}
    findings: list[Finding] = []
    settled: list[str] = []
    counts = dict.fromkeys(("agreed", "missing", "duplicate", "different", "foreign"), 0)
    for key, row in ours.items():
        kind = _kind(row, held.get(key, []))
        counts[kind or "agreed"] += 1
        for other in ("missing", "duplicate", "different"):
            if other != kind:
                settled.append(fingerprint_of(_KINDS[other], f"{source.id}:{key}"))
        if kind:
            findings.append(_finding(source, kind, key, row, held.get(key, [])))
    for key in unexpected:
        if key not in known:
            counts["foreign"] += 1
            findings.append(_foreign(source, key, held[key]))
    with sql.atomic():
        moment = sql.one("SELECT now() AS now")
        assert moment is not None
        cases.settle(
            fingerprints=settled, text=f"{source.label} and our books agree.", at=moment.now
        )
        cases.report(findings, at=moment.now)
    log.info("compare.done", connection=source.slug, **counts)
    return Compared(**counts)


def compare_open_periods() -> None:
    """Every ERP's open periods up to today; run daily. One ERP's silence stops no other."""
    for row in sql.rows(_OPEN):
        source = sources.by_id(row.connection_id)
        if not source.manifest.can(Capability.SNAPSHOTS):
            continue
        try:
            compare(row.connection_id, start=row.start.isoformat(), end=row.until.isoformat())
        except (CallFailed, NotSent) as failure:
            log.warning("compare.no_list", connection=source.slug, why=str(failure))


_OPEN = """
SELECT route.connection_id, min(period.starts) AS start, max(period.ends) AS until
FROM mappings_erproute route
JOIN mappings_accountingperiod period ON period.legal_entity_id = route.legal_entity_id
WHERE period.state = 'open' AND period.starts <= current_date
  AND period.ends >= current_date - interval '100 days'
GROUP BY route.connection_id
"""

_KINDS = {
    "missing": "missing_in_target",
    "duplicate": "duplicate_posting",
    "different": "changed_in_target",
    "foreign": "foreign_posting",
}


def _kind(row: Any, held: list[SnapshotRow]) -> str:
    posted = [item for item in held if item.state == "posted"]
    if not posted:
        return "missing"
    if len(posted) > 1:
        return "duplicate"
    same = (posted[0].amount, posted[0].dated) == (row.amount, row.accounting_date.isoformat())
    return "" if same and posted[0].external_id == row.external_id else "different"


def _finding(source: Source, kind: str, key: str, row: Any, held: list[SnapshotRow]) -> Finding:
    amount = Money(row.amount, row.currency)
    words = {
        "missing": (
            f"{source.label} no longer holds postings that were made",
            f"{row.description} over {amount} was posted and is not in {source.label} any more.",
        ),
        "duplicate": (
            f"{source.label} holds a posting more than once",
            f"{row.description} over {amount} is in {source.label} {len(held)} times.",
        ),
        "different": (
            f"Postings were changed in {source.label}",
            f"{row.description} over {amount} reads differently in {source.label} now.",
        ),
    }[kind]
    return Finding(
        kind=_KINDS[kind],
        identity=f"{source.id}:{key}",
        cause_parts=f"{source.slug}|{kind}",
        cause=words[0],
        what_happened=words[1],
        legal_entity_id=row.legal_entity_id,
        period_code=row.period_code,
        currency=row.currency,
        at_stake=row.amount,
        path=f"Console ↔ {source.label}",
        subject_label=row.description,
        blocked_steps=("Tie out the period",),
        facts=tuple(
            (f"In {source.label}", f"{item.external_id}, {item.dated}, {item.state}")
            for item in held
        ),
        command_id=row.id,
        record_kind="journal",
        record_id=row.subject_id,
        connection_slug=source.slug,
        correlation_id=row.correlation_id,
    )


def _foreign(source: Source, key: str, held: list[SnapshotRow]) -> Finding:
    first = held[0]
    return Finding(
        kind="foreign_posting",
        identity=f"{source.id}:{key}",
        cause_parts=source.slug,
        cause=f"{source.label} holds postings with our keys that we did not make",
        what_happened=(
            f"{source.label} holds {first.external_id} under a key of ours, and we know of no "
            "such posting."
        ),
        currency=first.currency,
        at_stake=first.amount,
        path=f"Console ↔ {source.label}",
        subject_label=key,
        blocked_steps=("Tie out the period",),
        connection_slug=source.slug,
    )


def _snapshot(source: Source, start: str, end: str) -> Iterable[SnapshotRow]:
    with asyncio.Runner() as runner:
        client = sources.client_of(source)
        runner.run(client.__aenter__())
        try:
            cursor = ""
            while True:
                rows, cursor = runner.run(
                    source.connector.snapshot(
                        client, source.settings, kind=KIND, start=start, end=end, cursor=cursor
                    )
                )
                yield from rows
                if not cursor:
                    return
        finally:
            runner.run(client.__aexit__(None, None, None))
