"""
What a person can do about usage that could not be read, or that was told in two ways: remedies,
whose act the retry of their case records.

Raw records never change. What was read at last, or what takes a wrong record back, is a record of
its own, under an id that is made from the first one's: doing it again stores nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from django.db import transaction

from accounts.models import User
from exceptions import operations as cases
from exceptions.findings import fingerprint_of
from exceptions.models import Case
from exceptions.operations import CaseRefused
from revops.events.models import Channel
from revops.kernel import clock, correlation, strict_json
from revops.pipeline import sources, wake
from revops.pipeline.sources import Source
from revops.store import sql
from revops.usage.operations.intake import BATCH, Fate, in_batches, key_of, store
from revops.usage.rating import plain
from revops.usage.reading import LONGEST_ID, Raw, read_line

# Since the case of the same sort that was settled last: what was decided then stays decided.
_SINCE: Final = """
SELECT coalesce(max(resolved_at), 'epoch') AS at FROM exceptions_case
WHERE fingerprint = %s AND state = 'resolved'
"""
_REASONS: Final = """
SELECT DISTINCT refused.reason FROM usage_refused refused
JOIN usage_batch batch ON batch.id = refused.batch_id WHERE batch.connection_id = %s
"""
_REFUSED: Final = """
SELECT refused.id, refused.usage_id, refused.body FROM usage_refused refused
JOIN usage_batch batch ON batch.id = refused.batch_id
WHERE batch.connection_id = %s AND refused.reason = %s
    AND batch.received_at > %s ORDER BY refused.id DESC LIMIT %s
"""
_KNOWN: Final = "SELECT key FROM usage_recordkey WHERE key = ANY(%s::uuid[])"
_CONFLICTS: Final = """
SELECT conflict.record_id, conflict.usage_id, conflict.body, stream.source, stream.customer_ref,
    stream.subscription_ref, stream.meter, record.quantity, record.used_at
FROM usage_conflict conflict
JOIN usage_batch batch ON batch.id = conflict.batch_id
JOIN usage_record record ON record.id = conflict.record_id AND record.used_at = conflict.used_at
JOIN usage_stream stream ON stream.id = record.stream_id
WHERE batch.connection_id = %s AND conflict.received_at > %s
ORDER BY conflict.id LIMIT %s
"""


def read_again(case: Case, person: User) -> str:
    """
    Read what was refused once more, and store what can be read by now. Settled when every record
    was read, or has come again in a form that can be read.
    """
    source = _source(case)
    rows = _refused(case, source)
    found = [_read(row, source) for row in rows]
    good = [record for record in found if isinstance(record, Raw)]
    _store(source, good)
    still = [
        row for row, record in zip(rows, found, strict=True) if not isinstance(record, Raw)
    ]  # fmt: skip
    missing = _not_sent_again(source, still)
    if not missing:
        return _settled(case, f"{_count(len(rows))} can be read or came again.")
    named = next((row.usage_id for row in missing if row.usage_id), "")
    said = f"{_count(len(missing))} of {len(rows):,} still cannot be read"
    return f"{said}; the newest is “{named}”." if named else f"{said}, and none has an id."


def leave_out(case: Case, person: User) -> str:
    """They stay kept and are not charged: a person's decision."""
    return _settled(case, f"{person.name} decided that these records are not charged.")


def keep_first(case: Case, person: User) -> str:
    return _settled(case, f"{person.name} decided that the first records are right.")


def count_later(case: Case, person: User) -> str:
    """Take each first record back and count what came later under its id. Raises CaseRefused."""
    source = _source(case)
    pairs = _pairs(case, source)
    _store(source, [record for pair in pairs for record in pair.records()])
    return _settled(case, f"{_count(len(pairs))} count as they came later.")


@dataclass(frozen=True, slots=True)
class _Pair:
    """A record that counts, and what came later under its id."""

    first: Raw
    later: Raw

    def records(self) -> Iterator[Raw]:
        """What takes the first back, and the later one, each under an id of its own."""
        name = self.first.usage_id[: LONGEST_ID - 12]
        back = plain(-Decimal(self.first.quantity))
        yield self.first._replace(usage_id=f"{name}~back", quantity=back)
        yield self.later._replace(usage_id=f"{name}~later")


def _pairs(case: Case, source: Source) -> list[_Pair]:
    rows = sql.rows(_CONFLICTS, (source.id, _since(case), BATCH))
    held: dict[int, _Pair] = {}
    for row in rows:
        identity = f"{source.slug}:{row.source}"
        if fingerprint_of("usage_conflict", identity) != case.fingerprint:
            continue
        if row.record_id in held:
            raise CaseRefused(
                f"“{row.usage_id}” came in more than two forms. Send the difference under an id of "
                "its own, then keep the first ones."
            )
        first = Raw(
            row.source, row.usage_id, row.customer_ref, row.subscription_ref, row.meter,
            plain(row.quantity), row.used_at,
        )  # fmt: skip
        held[row.record_id] = _Pair(first, _later(row.body))
    if not held:
        raise CaseRefused("Nothing is kept beside the first records.")
    return list(held.values())


def _later(body: str) -> Raw:
    told: Any = strict_json.loads(body)
    at = datetime.fromisoformat(told["used_at"])
    return Raw(**told | {"used_at": at.astimezone(UTC)})


def _refused(case: Case, source: Source) -> Sequence[Any]:
    """Of the case's own reason; the newest ones."""
    for row in sql.rows(_REASONS, (source.id,)):
        identity = f"{source.slug}:{row.reason}"
        if fingerprint_of("usage_refused", identity) == case.fingerprint:
            found = sql.rows(_REFUSED, (source.id, row.reason, _since(case), BATCH))
            if found:
                return found
    raise CaseRefused("None of these records is kept any more.")


def _read(row: Any, source: Source) -> object:
    return read_line(row.body.encode(), source=source.slug, now=clock.now())


def _not_sent_again(source: Source, rows: Sequence[Any]) -> list[Any]:
    """Those whose id has not come in since: a record that was refused did not use its id up."""
    keys = {row.id: key_of(source.id, _named(row, source), row.usage_id) for row in rows}
    known = {row.key.hex for row in sql.rows(_KNOWN, (list(keys.values()),))} if keys else set()
    return [row for row in rows if not row.usage_id or keys[row.id] not in known]


def _named(row: Any, source: Source) -> str:
    try:
        told = strict_json.loads(row.body)
    except strict_json.JsonRefused:
        return source.slug
    found = told.get("source") if isinstance(told, dict) else None
    return found.strip() if isinstance(found, str) and found.strip() else source.slug


def _store(source: Source, records: Sequence[Raw]) -> None:
    """Raises CaseRefused when one of them is known by now with other content."""
    for batch in in_batches(records):
        result = store(
            batch, connection_id=source.id, channel=Channel.API,
            correlation_id=correlation.new_id(),
        )  # fmt: skip
        if result.count(Fate.CONFLICT):
            named = records[result.fates.index(Fate.CONFLICT)].usage_id
            raise CaseRefused(
                f"“{named}” counts already with other content. Send the difference under an id of "
                "its own."
            )
    if records:
        transaction.on_commit(wake.usage, robust=True)


def _since(case: Case) -> datetime:
    row = sql.one(_SINCE, (case.fingerprint,))
    assert row is not None
    at: datetime = row.at
    return at


def _source(case: Case) -> Source:
    return sources.by_slug(case.connection_slug)


def _settled(case: Case, text: str) -> str:
    cases.settle(fingerprints=[case.fingerprint], text=text, at=clock.now())
    return text


def _count(number: int) -> str:
    return f"{number:,} record{'' if number == 1 else 's'}"
