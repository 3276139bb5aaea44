"""What the events of a batch say of fields that several systems may speak of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from revops.canonical.operations.change import Telling
from revops.canonical.operations.ownership import SILENT
from revops.kernel import strict_json
from revops.store import sql

Key = tuple[str, int, str]
_DAWN = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Claim:
    """The newest of one connection about (record kind, record id, field); ``value`` is JSON."""

    value: str
    version: int
    rank: int
    since: datetime
    at: datetime
    event_id: int | None


class Claims:
    """
    Claims of one connection. ``before`` keeps what they were when the batch began.

    ``customers`` and ``contracts`` are the records whose owned fields have to be settled again;
    ``subscriptions`` those whose contract has.
    """

    def __init__(self, connection_id: int) -> None:
        self.before: dict[Key, Claim] = {}
        self.customers: set[int] = set()
        self.contracts: set[int] = set()
        self.subscriptions: set[int] = set()
        self._connection_id = connection_id
        self._known: dict[Key, Claim] = {}
        self._said: set[Key] = set()
        self._foreign: dict[tuple[str, str], Claim] = {}

    def load(self, kind: str, record_ids: Iterable[int]) -> None:
        """Read what this connection has said of these records."""
        wanted = list(record_ids)
        if not wanted:
            return
        for row in sql.rows(_OWN, (self._connection_id, kind, wanted)):
            self._known[kind, row.record_id, row.field] = Claim(
                strict_json.dumps(strict_json.loads(row.value)), row.version, row.rank, row.since,
                row.at, row.event_id,
            )  # fmt: skip

    def say(
        self, kind: str, record_id: int, field: str, value: str, told: Telling, rank: int
    ) -> bool:
        """Whether that was news. An older version only shows that it was said earlier, too."""
        at = told.at or _DAWN
        key = (kind, record_id, field)
        known = self._known.get(key)
        if known is None and value in SILENT:
            return False
        self.touch(record_id, kind)
        if known is None:
            self._keep(key, Claim(value, told.version, rank, at, at, told.event_id))
            return True
        since = min(known.since, at)
        if (told.version, at, rank, value) <= (known.version, known.at, known.rank, known.value):
            if since != known.since:
                self._keep(key, replace(known, since=since))
            return False
        if value == known.value:
            self._keep(key, replace(known, version=told.version, rank=rank, since=since, at=at))
            return False
        self._keep(key, Claim(value, told.version, rank, since, at, told.event_id))
        return True

    def heard(self, kind: str, record_id: int, told: Telling) -> None:
        """An older version of the record came: what was said of it was said earlier than known."""
        for key, known in list(self._known.items()):
            if key[:2] == (kind, record_id) and told.at is not None and told.at < known.since:
                self._keep(key, replace(known, since=told.at))
                self.touch(record_id, kind)

    def contract(self, record_id: int, field: str, value: str, told: Telling, rank: int) -> None:
        """What a contract's own system says of a field that billing speaks of, too."""
        text = value if field == "items" else strict_json.dumps(value)
        self.say("contract", record_id, field, text, told, rank)

    def touch(self, record_id: int, kind: str = "customer") -> None:
        """The owned fields of the record have to be settled again."""
        (self.customers if kind == "customer" else self.contracts).add(record_id)

    def news(self, kind: str, record_id: int, field: str) -> str:
        """``first``, ``changed`` or nothing, as ``ownership.Said`` has it."""
        key = (kind, record_id, field)
        if key not in self._said:
            return ""
        before = self.before.get(key)
        if before is None:
            return "first"
        return "" if before.value == self._known[key].value else "changed"

    def _keep(self, key: Key, claim: Claim) -> None:
        if key in self._known and key not in self._said:
            self.before[key] = self._known[key]
        self._known[key] = claim
        self._said.add(key)

    def foreign(self, kind: str, source_id: str, value: str, told: Telling) -> None:
        """A whole record that another system owns: kept as it was told, under no record of ours."""
        self._foreign[kind, source_id] = Claim(
            value, told.version, 0, told.at or _DAWN, told.at or _DAWN, told.event_id
        )

    def flush(self) -> None:
        _CLAIMS.insert(
            [
                (
                    kind, 0, "", self._connection_id, source_id, claim.value, claim.version, 0,
                    claim.since, claim.at, claim.event_id,
                )
                for (kind, source_id), claim in self._foreign.items()
            ] + [
                (
                    kind, record_id, field, self._connection_id, "", claim.value, claim.version,
                    claim.rank, claim.since, claim.at, claim.event_id,
                )
                for (kind, record_id, field) in self._said
                for claim in [self._known[kind, record_id, field]]
            ],
            _NEWEST,
        )  # fmt: skip


_OWN = """
SELECT record_id, field, value::text AS value, version, rank, since, at, event_id
FROM canonical_claim WHERE connection_id = %s AND record_kind = %s AND record_id = ANY(%s)
"""
_CLAIMS = sql.Columns(
    "canonical_claim",
    record_kind="text",
    record_id="bigint",
    field="text",
    connection_id="bigint",
    source_id="text",
    value="jsonb",
    version="bigint",
    rank="smallint",
    since="timestamptz",
    at="timestamptz",
    event_id="bigint",
)
_NEWEST = """
ON CONFLICT (record_kind, record_id, field, connection_id, source_id) DO UPDATE SET
    value = EXCLUDED.value, version = EXCLUDED.version, rank = EXCLUDED.rank,
    since = least(canonical_claim.since, EXCLUDED.since), at = EXCLUDED.at,
    event_id = EXCLUDED.event_id
WHERE (EXCLUDED.version, EXCLUDED.at) >= (canonical_claim.version, canonical_claim.at)
"""
