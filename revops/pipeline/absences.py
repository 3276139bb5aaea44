"""
Records that should have followed others and never came: an invoice of a running subscription, a
payout of money that was taken. What is expected is that of threads (``lineage/expected.py``).

Nothing is expected of a system of which no record of the kind was ever followed so, nor of what
happened before the system was connected: its history need not be told.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

from exceptions import operations as cases
from exceptions.findings import Finding
from revops.lineage.expected import NEXT, Next
from revops.lineage.kinds import KINDS
from revops.pipeline.renewals import TERM
from revops.store import sql

KIND: Final = "record_missing"
_MOST: Final = 500
_LOOKS_BACK: Final = timedelta(days=365)

# What is not expected of every record in a state: a customer who was given time to pay is reminded
# by billing, and nothing is lost as long as they do not; what is settled needs no payment.
_ONLY: Final = {
    "invoice": "(record.due_on IS NULL OR record.due_on <= record.issued_on) "
    "AND record.total > record.applied + record.credited",
    "subscription": "(record.ends_on IS NULL OR record.ends_on > record.started_on)",
}
# The ordinary way on: that invoices are credited does not tell that a system knows of payments.
_USUAL: Final = {"invoice": ("payment",), "payment": ("payout",)}
_WORTH: Final = {"subscription": TERM}
_BLOCKED: Final = {
    "opportunity": "Bill what was sold",
    "contract": "Bill what was agreed",
    "subscription": "Bill the first term",
    "invoice": "Collect what is owed",
    "payment": "Find the money in the bank",
}


def look(*, today: date | None = None) -> int:
    """
    A case for each record that nothing has followed, of at most the last year; cases of those that
    something followed since, or that need nothing any more, are settled. How many are missing.
    """
    with sql.atomic():
        row = sql.one("SELECT now() AS now")
        assert row is not None
        at: datetime = row.now
        day = today or at.date()
        values: dict[str, Any] = {"after": day - _LOOKS_BACK, "own": KIND, "most": _MOST}
        for rule in NEXT:
            values[f"{rule.kind}_states"] = sorted(rule.states)
            values[f"{rule.kind}_to"] = list(rule.to)
            values[f"{rule.kind}_led"] = _led(rule)
            values[f"{rule.kind}_before"] = day - timedelta(days=rule.days + rule.patience)
        missing = sql.rows(_MISSING, values)
        cases.report_all(
            [_finding(one) for one in missing], kind=KIND, whole=len(missing) < _MOST,
            over="It came, or is not expected any more.", at=at,
        )  # fmt: skip
    return len(missing)


def _usual(rule: Next) -> tuple[str, ...]:
    return _USUAL.get(rule.kind, rule.to)


def _ways(rule: Next, kinds: tuple[str, ...], named: str) -> list[tuple[str, str]]:
    """
    SQL: the ways in which records led to one of ``kinds``, which ``named`` has as a parameter: rows
    with a condition, and the column of them that names the record.
    """
    own = [
        (f"{KINDS[to].table} next WHERE true", f"next.{column}")
        for to in kinds
        for parent, column in KINDS[to].parents
        if parent == rule.kind
    ]
    link = f"next.from_kind = '{rule.kind}' AND next.to_kind = ANY(%({named})s)"
    return [*own, (f"lineage_link next WHERE {link}", "next.from_id")]


def _led(rule: Next) -> list[int]:
    """Connections of which some record of the kind was followed as is usual."""
    table = KINDS[rule.kind].table
    ways = " UNION ".join(
        f"SELECT led.connection_id AS id FROM {table} led "  # noqa: S608  tables and columns of lineage's own list
        f"WHERE led.id IN (SELECT {id} FROM {rows}) GROUP BY 1"
        for rows, id in _ways(rule, _usual(rule), "kinds")
    )
    return [row.id for row in sql.rows(ways, {"kinds": list(_usual(rule))})]


def _since(rule: Next) -> str:
    kind = KINDS[rule.kind]
    return f"coalesce({kind.due_on}, {kind.dated})" if rule.since == "due_on" else kind.dated


def _of(rule: Next) -> str:
    kind, since = KINDS[rule.kind], _since(rule)
    # One by one, so that each is a join for all records, not a question for every one of them.
    alone = " AND ".join(
        f"NOT EXISTS (SELECT FROM {rows} AND {id} = record.id)"  # noqa: S608  tables and columns of lineage's own list
        for rows, id in _ways(rule, rule.to, f"{rule.kind}_to")
    )
    return f"""(
SELECT '{rule.kind}' AS kind, record.id, {kind.shown} AS name, {kind.currency} AS currency,
    {_WORTH.get(rule.kind, kind.amount)} AS amount, {since} AS since, record.legal_entity_id,
    record.customer_id, record.connection_id
FROM {kind.table} record JOIN connectors_connection told ON told.id = record.connection_id
    AND told.state = 'live'
WHERE {kind.state} = ANY(%({rule.kind}_states)s)
    AND {since} >= %(after)s AND {since} < %({rule.kind}_before)s
    AND {since} >= told.created_at::date
    AND ({kind.amount} IS NULL OR {kind.amount} <> 0) AND {_ONLY.get(rule.kind, "true")}
    AND {alone}
    AND record.connection_id = ANY(%({rule.kind}_led)s)
    AND NOT EXISTS (SELECT FROM exceptions_case held WHERE held.record_kind = '{rule.kind}'
        AND held.record_id = record.id AND NOT (held.state = 'resolved')
        AND NOT (held.kind = %(own)s))
ORDER BY since, record.id LIMIT %(most)s)"""  # noqa: S608  tables and columns of lineage's own list


_MISSING: Final = f"""
SELECT record.*, connection.slug, connection.label, customer.name AS customer,
    coalesce(period.code, '') AS period
FROM ({" UNION ALL ".join(_of(rule) for rule in NEXT)}) AS record
JOIN connectors_connection connection ON connection.id = record.connection_id
LEFT JOIN canonical_customer customer ON customer.id = record.customer_id
LEFT JOIN mappings_accountingperiod period ON period.legal_entity_id = record.legal_entity_id
    AND record.since BETWEEN period.starts AND period.ends
ORDER BY record.since, record.kind, record.id LIMIT %(most)s
"""  # noqa: S608  made of the texts above
_RULES: Final = {rule.kind: rule for rule in NEXT}


def _finding(row: Any) -> Finding:
    rule, label = _RULES[row.kind], KINDS[row.kind].label
    nexts = " or ".join(KINDS[to].label.lower() for to in _usual(rule))
    by = row.since + timedelta(days=rule.days)
    return Finding(
        kind=KIND,
        identity=f"{row.kind}:{row.id}",
        cause_parts=f"{row.slug}|{row.kind}",
        cause=f"{label} of {row.label} is followed by no {nexts}",
        what_happened=f"{rule.why[:1].upper()}{rule.why[1:]} It was expected by {by.isoformat()}.",
        legal_entity_id=row.legal_entity_id,
        # A sale is in no books yet: nobody's close waits for its papers.
        period_code="" if row.kind == "opportunity" else row.period,
        currency=row.currency or "",
        at_stake=row.amount,
        path=f"{row.label} → console · {KINDS[rule.to[0]].label.lower()}",
        customer_name=row.customer or "",
        subject_label=f"{label} {row.name}",
        blocked_steps=(_BLOCKED[row.kind],),
        facts=(("Since", row.since.isoformat()), ("Expected by", by.isoformat())),
        record_kind=row.kind,
        record_id=row.id,
        connection_slug=row.slug,
    )
