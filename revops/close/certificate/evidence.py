"""
What a certificate says, from the tables of ``scope``: counts, sums and digests, the systems' own
lists, what was compared, and by which versions of the maps and rules.

Nothing of it depends on when it was read, so that the same books give the same evidence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from revops.close.certificate import scope
from revops.close.certificate.canonical import digest, digest_of_set
from revops.close.certificate.scope import ENTRY_LINE, EVENT_LINE, Period
from revops.reconciliation.models import Run, RunState, SignOff
from revops.reconciliation.queries import figures
from revops.store import rows, sql

_MOST_REASONS: Final = 60
# Line by line in the order of their bytes: a million of them are never one text.
_EVENTS: Final = f"""
SELECT known, fate, {EVENT_LINE} AS line FROM certified_event
ORDER BY known DESC, fate, ({EVENT_LINE}) COLLATE "C"
"""  # noqa: S608  literals of ours
_FROM_EVENTS: Final = "SELECT coalesce(sum(here), 0)::bigint AS entries FROM certified_event"
_REASONS: Final = f"""
SELECT reason, count(*) AS count FROM certified_event WHERE fate = '{scope.EXCLUDED}'
GROUP BY 1 ORDER BY 2 DESC, 1
"""  # noqa: S608  literals of ours
_CASES: Final = f"""
SELECT DISTINCT case_id AS id FROM certified_event
WHERE fate = '{scope.OPEN}' AND case_id IS NOT NULL
UNION SELECT case_id FROM certified_entry WHERE fate = '{scope.OPEN}' ORDER BY 1
"""  # noqa: S608  literals of ours
_SOURCES: Final = """
SELECT slug AS connection, fate, count(*) AS count FROM certified_event
GROUP BY 1, 2 ORDER BY 1, 2
"""
_ENTRIES: Final = """
SELECT fate, currency, count(*) AS count, sum(amount)::bigint AS amount
FROM certified_entry GROUP BY 1, 2 ORDER BY 1, 2
"""
_ALL_ENTRIES: Final = f"""
SELECT {ENTRY_LINE} AS line FROM certified_entry ORDER BY ({ENTRY_LINE}) COLLATE "C"
"""  # noqa: S608  literals of ours
_VERSIONS: Final = """
SELECT rule, mapping_version AS maps, count(*) AS count FROM certified_entry
GROUP BY 1, 2 ORDER BY 1, 2
"""
_LISTS: Final = """
SELECT connection.slug AS connection, held.kind, held.currency,
    CASE WHEN held.state IN ('void', 'draft') THEN held.state ELSE 'standing' END AS state,
    count(*) AS count,
    sum(held.amount)::bigint AS amount
FROM reconciliation_holding held JOIN connectors_connection connection
    ON connection.id = held.connection_id
WHERE held.legal_entity_id = %(entity)s AND held.dated BETWEEN %(starts)s AND %(ends)s
    AND held.gone_in_id IS NULL
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
# Our own records of the same days. That an invoice is paid later changes nothing of its period.
_RECORDS: Final = """
SELECT 'invoice' AS kind, currency,
    CASE WHEN state = 'void' THEN 'void' ELSE 'standing' END AS state, count(*) AS count,
    sum(total)::bigint AS amount
FROM canonical_invoice WHERE legal_entity_id = %(entity)s
    AND issued_on BETWEEN %(starts)s AND %(ends)s GROUP BY 2, 3
UNION ALL
SELECT 'payment', currency, CASE WHEN state = 'failed' THEN 'failed' ELSE 'standing' END,
    count(*), sum(amount)::bigint
FROM canonical_payment WHERE legal_entity_id = %(entity)s
    AND dated BETWEEN %(starts)s AND %(ends)s GROUP BY 2, 3
ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """``told`` is what is signed; ``lines`` what a person checks first."""

    period: Period
    told: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        return digest(self.told)

    def events(self, of: str) -> int:
        """How many events of a class, wherever they belong."""
        found = self.told["events"]["classes"]
        return sum(int(one["count"]) for one in found if one["fate"] == of)

    @property
    def unaccounted(self) -> int:
        return self.events(scope.UNACCOUNTED)

    @property
    def waiting(self) -> int:
        """What is still under way: events, and entries that their ERP has not confirmed."""
        entries = self.told["entries"]["classes"]
        return self.events(scope.WAITING) + sum(
            int(one["count"]) for one in entries if one["fate"] == scope.WAITING
        )

    @property
    def open(self) -> int:
        return len(self.told["open_cases"])


def read(period: Period) -> Evidence:
    """As the books are now, in one transaction. Sees all events, whoever asks."""
    with transaction.atomic(), rows.widened(), scope.laid_out(period):
        return Evidence(period, _told(period))


def _told(period: Period) -> dict[str, Any]:
    (told,) = sql.once(_FROM_EVENTS)
    entries = ordered(_ALL_ENTRIES).get((), Lines())
    classes = [
        {"known": known, "fate": fate, "count": lines.count, "sha256": lines.sha256}
        for (known, fate), lines in ordered(_EVENTS).items()
    ]
    given = period.params()
    return {
        "entity": period.entity,
        "period": {
            "code": period.code, "starts": period.starts.isoformat(),
            "ends": period.ends.isoformat(), "zone": period.zone,
        },
        "events": {
            "count": sum(int(one["count"]) for one in classes), "classes": classes,
            "sha256": digest_of_set(_line(one) for one in classes),
            "excluded": _reasons(), "sources": _plain(_SOURCES),
        },
        "entries": {
            "count": entries.count, "of_the_console": entries.count - told.entries,
            "sha256": entries.sha256, "classes": _plain(_ENTRIES),
        },
        "open_cases": [f"EXC-{row.id}" for row in sql.once(_CASES)],
        "versions": _plain(_VERSIONS),
        "lists": _plain(_LISTS, given),
        "records": _plain(_RECORDS, given),
        "compared": _compared(period),
    }  # fmt: skip


class Lines:
    """Lines as they come: how many, and the digest of them all (``canonical``)."""

    def __init__(self) -> None:
        self.count, self._hash = 0, hashlib.sha256()

    def add(self, line: str) -> None:
        self.count += 1
        self._hash.update(line.encode() + b"\n")

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


def ordered(statement: str) -> dict[tuple[Any, ...], Lines]:
    """
    The lines of a statement, its last column, by what comes before them. They are in the order of
    their bytes, and few of them are held at a time.
    """
    found: dict[tuple[Any, ...], Lines] = {}
    for lot in sql.stream(statement):
        for *of, line in lot:
            key = tuple(of)
            if key not in found:
                found[key] = Lines()
            found[key].add(line)
    return found


def _line(one: Mapping[str, Any]) -> str:
    """A class of events as a line of the set of all of them."""
    return f"{'known' if one['known'] else 'unknown'}\t{one['fate']}\t{one['sha256']}"


def _plain(statement: str, given: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    found = sql.rows(statement, dict(given)) if given else sql.once(statement)
    return [dict(row._asdict()) for row in found]


def _reasons() -> list[dict[str, Any]]:
    """The most frequent first; the rest as one, so that a certificate stays readable."""
    held = _plain(_REASONS)
    if len(held) <= _MOST_REASONS:
        return held
    rest = held[_MOST_REASONS:]
    count = sum(one["count"] for one in rest)
    return [*held[:_MOST_REASONS], {"reason": f"{len(rest)} other reasons", "count": count}]


def runs_of(period: Period) -> list[Run]:
    """The newest run of each pair that ended well, by its number."""
    found = Run.objects.filter(
        legal_entity_id=period.entity_id, period_code=period.code, state=RunState.DONE
    ).select_related("pair__left", "pair__right", "rules")
    newest = found.order_by("pair_id", "-id").distinct("pair_id")
    return sorted(newest, key=lambda run: run.number)


def _compared(period: Period) -> list[dict[str, Any]]:
    """What both sides held in the newest run of each pair, and what stands between them."""
    runs = runs_of(period)
    signed = SignOff.objects.filter(
        legal_entity_id=period.entity_id, period_code=period.code, suspended_at__isnull=True
    )
    names: dict[int, set[str]] = {}
    for one in signed:
        names.setdefault(one.pair_id, set()).add(one.role)
    return [_run(run, sorted(names.get(run.pair_id, ()))) for run in runs]


def _run(run: Run, names: list[str]) -> dict[str, Any]:
    told = figures.of(run)
    return {
        "check": run.pair.check_slug,
        "left": run.pair.left.slug if run.pair.left else "",
        "right": run.pair.right.slug if run.pair.right else "",
        "rules": run.rules.number,
        "signed": names,
        "currencies": [
            {
                "currency": one.currency,
                "left": {"count": one.left.count, "amount": one.left.amount},
                "right": {"count": one.right.count, "amount": one.right.amount},
                "difference": one.difference,
                "unclassified": one.unclassified,
                "breaks": {
                    str(kind): {"count": found.count, "net": found.net}
                    for kind, found in sorted(one.by_type.items())
                },
                "to_decide": one.decide.count,
            }
            for one in told.proofs
        ],
    }
